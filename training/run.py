"""The whole training in one command: python -m training.run --folder data --minutes 25 --device cuda

Every stage that has finished leaves a mark in the folder and is not done again; the stage that was cut off goes on
from its checkpoint. So the command can be repeated until it says that the model is packed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from training import loop


@dataclass(frozen=True)
class Scale:
    """How much of everything suits a kind of machine."""

    pictures: int
    latents: int
    autoencoder_scale: int
    batch_size: int
    judged: int
    frames: int


REHEARSAL = Scale(pictures=1, latents=1, autoencoder_scale=1, batch_size=4, judged=16, frames=6)  # a shard of each
CPU = Scale(pictures=8_192, latents=32_768, autoencoder_scale=1, batch_size=16, judged=300, frames=50)
GPU = Scale(pictures=32_768, latents=200_000, autoencoder_scale=16, batch_size=512, judged=1_000, frames=300)


@dataclass(frozen=True)
class Stage:
    """One command of README.md."""

    name: str
    module: str
    arguments: tuple[str, ...]


def stages(folder: Path, device: str, minutes: float, scale: Scale) -> list[Stage]:
    """All stages in order. The trained `minutes` are shared out: 35 % autoencoder, 55 % denoiser, 10 % the rest."""
    pictures, latents, settled = str(folder / "pictures"), str(folder / "latents"), str(folder / "autoencoder-final")
    decoder, model, judge = str(folder / "decoder" / "export"), str(folder / "model"), str(folder / "judge")

    def trained(name: str, share: float, *extra: str) -> tuple[str, ...]:
        length = f"{share * minutes:.2f}"
        return ("--folder", str(folder / name), "--device", device, "--minutes", length, *extra)

    size = ("--scale", str(scale.autoencoder_scale))
    batch = ("--batch-size", str(scale.batch_size))
    learned = ("--latents", latents, "--autoencoder", settled, *batch)
    shown = ("--pictures", pictures)
    return [
        Stage("draw", "draw", ("--folder", pictures, "--count", str(scale.pictures))),
        Stage("autoencoder", "autoencoder", (*shown, *size, *trained("autoencoder", 0.25))),
        Stage(
            "autoencoder-cooldown",
            "autoencoder",
            (*shown, *size, *trained("autoencoder", 0.10, "--cooldown", "--learning-rate", "4e-4")),
        ),
        Stage(
            "settle",
            "whiten",
            ("--autoencoder", str(folder / "autoencoder" / "export"), *shown, "--out", settled),
        ),
        Stage(
            "latents",
            "latents",
            ("--autoencoder", settled, "--folder", latents, "--count", str(scale.latents), "--device", device),
        ),
        Stage("denoiser", "denoiser", (*learned, *trained("denoiser", 0.40))),
        Stage("denoiser-cooldown", "denoiser", (*learned, *trained("denoiser", 0.15, "--cooldown"))),
        Stage(
            "decoder",
            "autoencoder",
            (
                *shown,
                *size,
                *trained("decoder", 0.07, "--cooldown"),
                *("--start", settled, "--decoder-only", "--latent-noise", "0.1"),
            ),
        ),
        Stage("judge", "classifier", (*shown, *trained("judge", 0.03, "--cooldown"))),
        Stage(
            "pack",
            "pack",
            ("--model", str(folder / "denoiser" / "export"), "--autoencoder", decoder, "--out", model),
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--device", default=loop.default_device())
    parser.add_argument("--minutes", type=float, default=240.0, help="trained minutes in all")
    parser.add_argument("--rehearse", action="store_true", help="next to nothing of everything: does it all run?")
    arguments = parser.parse_args()
    scale = REHEARSAL if arguments.rehearse else CPU if arguments.device == "cpu" else GPU
    marks: Path = arguments.folder / "done"
    marks.mkdir(parents=True, exist_ok=True)
    for stage in stages(arguments.folder, arguments.device, arguments.minutes, scale):
        mark = marks / stage.name
        if mark.exists():
            continue
        print(f"{stage.name}: python -m training.{stage.module} {' '.join(stage.arguments)}", flush=True)
        subprocess.run([sys.executable, "-m", f"training.{stage.module}", *stage.arguments], check=True)
        mark.touch()
    print(f"The model is packed in {arguments.folder / 'model'}; see report/report.md and strips.png.")


if __name__ == "__main__":
    main()
