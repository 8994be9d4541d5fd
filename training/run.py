"""The whole training in one command: python -m training.run --folder data --minutes 25 --device cuda

Every stage that has finished leaves a mark in the folder and is not done again; the stage that was cut off goes on
from its checkpoint. So the command can be repeated until it says that the model is packed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from training import loop
from training.draw import SHARD


@dataclass(frozen=True)
class Scale:
    """How much of everything suits a kind of machine.

    Attributes:
        shards: of pictures for the autoencoder and the judge.
        learnt: further shards, for the denoiser.
        worn: how many of those are also made worn.
        autoencoder: batches of the autoencoder, in those of a CPU core.
        batch: pictures a step of the denoiser; and its learning rate.
    """

    shards: int
    learnt: int
    worn: int
    autoencoder: int
    autoencoder_rate: float
    batch: int
    rate: float
    judge: int
    judged: int
    frames: int


REHEARSAL = Scale(1, 1, 1, 1, 2e-4, 4, 6e-4, 8, judged=16, frames=6)
CPU = Scale(16, 64, 16, 1, 2e-4, 16, 6e-4, 32, judged=300, frames=50)
GPU = Scale(32, 280, 96, 32, 6e-4, 1024, 1.2e-3, 512, judged=1_000, frames=300)


@dataclass(frozen=True)
class Stage:
    """One command of README.md. One that runs `beside` the others is waited for by the first that `needs` it."""

    name: str
    module: str
    arguments: tuple[str, ...]
    beside: bool = False
    needs: str = ""


def stages(folder: Path, device: str, minutes: float, scale: Scale, start: Path | None = None) -> list[Stage]:
    """All stages in order, from nothing or from the packed model `start`.

    The trained `minutes` are shared out: 30 % autoencoder, 60 % denoiser, 10 % the rest.
    """
    pictures, latents, settled = str(folder / "pictures"), str(folder / "latents"), str(folder / "autoencoder-final")
    learnt, taught = str(folder / "learnt"), str(folder / "denoiser-apart" / "export")
    decoder, model, judge = str(folder / "decoder" / "export"), str(folder / "model"), str(folder / "judge")
    cores = os.cpu_count() or 1

    def trained(name: str, share: float, *extra: str) -> tuple[str, ...]:
        length = f"{share * minutes:.3f}"
        return ("--folder", str(folder / name), "--device", device, "--minutes", length, *extra)

    size = ("--scale", str(scale.autoencoder), "--learning-rate", str(scale.autoencoder_rate), "--whole", "0.5")
    learned = ("--latents", latents, "--autoencoder", settled, "--batch-size", str(scale.batch))
    rate = ("--learning-rate", str(scale.rate))
    shown = ("--pictures", pictures)
    old_code = () if start is None else ("--start", str(start / "vae"))
    old_model = () if start is None else ("--start", str(start))
    return [
        Stage("draw", "draw", ("--folder", pictures, "--count", str(scale.shards * SHARD))),
        Stage(
            "draw-more",
            "draw",
            (
                *("--folder", learnt, "--first", str(scale.shards), "--count", str(scale.learnt * SHARD)),
                *("--workers", str(max(1, cores - 2))),
            ),
            beside=device != "cpu",
        ),
        Stage(
            "autoencoder",
            "autoencoder",
            (*shown, *size, *old_code, *trained("autoencoder", 0.30, "--cooldown", "--latent-noise", "0.05")),
        ),
        Stage(
            "settle",
            "whiten",
            (
                *("--autoencoder", str(folder / "autoencoder" / "export"), *shown, "--out", settled),
                *(() if start is None else ("--evenness", "0")),
            ),
        ),
        Stage(
            "latents",
            "latents",
            (
                *("--autoencoder", settled, "--pictures", learnt, "--folder", latents),
                *("--worn", str(scale.worn), "--device", device),
            ),
            needs="draw-more",
        ),
        Stage("denoiser", "denoiser", (*learned, *rate, *old_model, *trained("denoiser", 0.15))),
        Stage(
            "contrasts",
            "contrasts",
            (
                *("--latents", latents, "--autoencoder", settled, "--batch-size", str(max(2, scale.batch // 2))),
                *("--start", str(folder / "denoiser" / "export"), *trained("contrasts", 0.02)),
            ),
        ),
        Stage(
            "denoiser-apart",
            "denoiser",
            (*learned, *rate, "--start", str(folder / "contrasts" / "export"), *trained("denoiser-apart", 0.18)),
        ),
        Stage(
            "denoiser-guided",
            "denoiser",
            (
                *(*learned, *rate, "--start", taught, "--teacher", taught),
                *trained("denoiser-guided", 0.25, "--guided", "0.5", "--cooldown"),
            ),
        ),
        Stage(
            "judge",
            "classifier",
            (*shown, "--batch-size", str(scale.judge), *trained("judge", 0.04, "--cooldown")),
        ),
        Stage(
            "decoder",
            "autoencoder",
            (
                *shown,
                *size,
                *trained("decoder", 0.06, "--cooldown"),
                *("--start", settled, "--decoder-only", "--latent-noise", "0.1"),
            ),
        ),
        Stage(
            "pack",
            "pack",
            ("--model", str(folder / "denoiser-guided" / "export"), "--autoencoder", decoder, "--out", model, "--told"),
        ),
        Stage(
            "evaluate",
            "evaluate",
            (
                *("--model", model, "--classifier", judge, "--out", str(folder / "report")),
                *("--count", str(scale.judged), "--device", device),
            ),
        ),
        Stage(
            "endurance",
            "endurance",
            ("--model", model, "--classifier", judge, "--frames", str(scale.frames), "--device", device),
        ),
        Stage("strips", "strips", ("--model", model, "--out", str(folder / "strips.png"), "--device", device)),
    ]


def perform(todo: list[Stage], marks: Path) -> None:
    """Run the stages that have no mark yet, in order; CalledProcessError if one fails."""
    beside: dict[str, subprocess.Popen[bytes]] = {}
    for stage in todo:
        mark = marks / stage.name
        if mark.exists():
            continue
        if stage.needs in beside:
            _finish(beside.pop(stage.needs), marks / stage.needs)
        command = [sys.executable, "-m", f"training.{stage.module}", *stage.arguments]
        print(f"{stage.name}: {' '.join(command[1:])}", flush=True)
        if stage.beside:
            beside[stage.name] = subprocess.Popen(["nice", "-n", "10", *command])
        else:
            subprocess.run(command, check=True)
            mark.touch()
    for name, process in beside.items():
        _finish(process, marks / name)


def _finish(process: subprocess.Popen[bytes], mark: Path) -> None:
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, process.args)
    mark.touch()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--device", default=loop.default_device())
    parser.add_argument("--minutes", type=float, default=240.0, help="trained minutes in all")
    parser.add_argument("--start", type=Path, help="a packed model to go on from, such as models/embedded")
    parser.add_argument("--rehearse", action="store_true", help="next to nothing of everything: does it all run?")
    arguments = parser.parse_args()
    scale = REHEARSAL if arguments.rehearse else CPU if arguments.device == "cpu" else GPU
    marks: Path = arguments.folder / "done"
    marks.mkdir(parents=True, exist_ok=True)
    perform(stages(arguments.folder, arguments.device, arguments.minutes, scale, arguments.start), marks)
    print(f"The model is packed in {arguments.folder / 'model'}; see report/report.md and strips.png.")


if __name__ == "__main__":
    main()
