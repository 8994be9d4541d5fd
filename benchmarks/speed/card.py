"""How fast a graphics card renders: python -m benchmarks.speed.card [--seconds 190] [--json FILE]

Random weights in Stable Diffusion v1-4's shape at 512², 8 steps of 20 a feedback frame, full VAE, GIFs of 10 MiB. The
most important figures come first, and each is written down as soon as it is there, so that a machine lent for minutes
suffices. In turns (A, B, A, B), in one process:

    operations   what the card's own matrix products would take for the model's floating point operations
    bare         the model's forwards, and nothing around them
    loop         diffusers' pipelines in a loop, channels last; then with compiled and recorded calls as well
    N jobs       the engine, with so many animations at once
    giro         the seed's 275 frames, its stages side by side, to the finished GIF

`--prepare` only compiles, so that a second process need not wait for it: what was compiled is kept on disk by torch.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
import psutil
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed.floor import Counts, peak_flops
from benchmarks.speed.loop import PipelineLoop
from benchmarks.speed.meter import MIB
from benchmarks.speed.ours import Order, serve
from benchmarks.speed.subject import Subject, random_subject
from benchmarks.speed.workload import board_of, journey, seed_giro, side_by_side
from engine.config import EngineConfig, ModelConfig
from engine.diffusion.model import DiffusionModel
from engine.diffusion.speed.acceleration import Acceleration
from engine.environment import shorten_thread_turns

ROWS: Final = (2, 16, 32)
"""Rows of a UNet call: guided lanes take two each."""


class Notes:
    """Figures, written down as they come, and the time that is left."""

    def __init__(self, seconds: float, file: Path | None) -> None:
        since_start = time.time() - psutil.Process().create_time()  # imports count as well
        self._begun = time.monotonic() - since_start
        self._seconds = seconds
        self._file = file
        self.figures: dict[str, Any] = {}

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._seconds - (time.monotonic() - self._begun)

    def note(self, name: str, **figures: float | str) -> None:
        """Write some figures down."""
        self.figures[name] = figures
        shown = "  ".join(f"{key} {_short(value)}" for key, value in figures.items())
        print(f"[{time.monotonic() - self._begun:6.1f} s] {name}: {shown}", flush=True)
        if self._file:
            self._file.write_bytes(msgspec.json.format(msgspec.json.encode(self.figures)))

    @contextlib.contextmanager
    def section(self, name: str) -> Iterator[None]:
        """Go on after a section that failed: the others are worth as much as before."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is written down
            traceback.print_exc()
            self.note(f"{name} failed", reason=str(error)[:300] or type(error).__name__)


class Watch:
    """Adds up what a card computes inside a model's calls, without waiting for it."""

    def __init__(self) -> None:
        self._events: list[tuple[Any, Any]] = []

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        begun: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        ended: Any = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        begun.record()
        yield
        ended.record()
        self._events.append((begun, ended))

    def take(self) -> float:
        """Return the seconds since the last time."""
        synchronize()
        events, self._events = self._events, []
        return sum(float(begun.elapsed_time(ended)) for begun, ended in events) / 1000


def _short(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def synchronize() -> None:
    """Wait for the card, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Card:
    """The figures of one card."""

    def __init__(self, subject: Subject, notes: Notes, options: argparse.Namespace) -> None:
        self.subject = subject
        self.notes = notes
        self.frames: int = options.frames
        self.giro_frames: int = options.giro
        self.on_card = subject.parts.device.type == "cuda"
        self.board = board_of(journey(0, self.frames), subject.card)
        self.counts = Counts.of(self.board)
        self.watch = Watch() if self.on_card else contextlib.nullcontext
        self.flops = 0
        self.at_most = 0.0
        self.loop_seconds: dict[str, float] = {}

    def backend(self, how: str) -> DiffusionModel:
        subject = self.subject
        acceleration = Acceleration(subject.parts.device, how)
        return DiffusionModel(subject.name, subject.card, subject.parts, None, acceleration, self.watch)

    # ---- what is possible ----

    def operations(self) -> None:
        """Count the model's operations, and measure how many the card does in a second."""
        parts, device = self.subject.parts, self.subject.parts.device
        unet, encode, decode = (self._counted(call) for call in self._calls(2))
        self.flops = unet * self.counts.unet + encode * self.counts.encodes + decode * self.counts.decodes
        self.at_most = peak_flops(device, parts.dtype) if self.on_card else 1e11
        self.notes.note(
            "operations",
            tflops_a_second=self.at_most / 1e12,
            guided_call_gflop=unet / 1e9,
            encode_gflop=encode / 1e9,
            decode_gflop=decode / 1e9,
            feedback_frame_ms=1000 * (8 * unet + encode + decode) / self.at_most,
            mean_frame_ms=1000 * self.flops / self.at_most / self.frames,
        )

    def bare(self) -> None:
        """Time bare forwards."""
        for rows in ROWS:
            unet, encode, decode = self._calls(rows)
            seconds = self._seconds(unet)
            flops = self._counted(unet)
            self.notes.note(f"bare UNet, {rows} rows", ms=1000 * seconds, share_of_peak=flops / seconds / self.at_most)
        for name, call in (("encode", encode), ("decode", decode)):
            seconds = self._seconds(call)
            share = self._counted(call) / seconds / self.at_most
            self.notes.note(f"bare {name}", ms=1000 * seconds, share_of_peak=share)

    def _calls(self, rows: int) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
        parts = self.subject.parts
        make: dict[str, Any] = {"device": parts.device, "dtype": parts.dtype}
        side = self.board.width >> (len(parts.vae.config.block_out_channels) - 1)
        latents = torch.randn(rows, 4, side, side, **make)
        states = torch.randn(rows, 77, parts.unet.config.cross_attention_dim, **make)
        image = torch.randn(1, 3, self.board.width, self.board.width, **make)
        times = torch.full((rows,), 500.0, device=parts.device)
        return (
            lambda: parts.unet(latents, times, encoder_hidden_states=states, return_dict=False),
            lambda: parts.vae.encode(image),
            lambda: parts.vae.decode(latents[:1]),
        )

    def _counted(self, call: Callable[[], Any]) -> int:
        with torch.inference_mode(), FlopCounterMode(display=False) as counter:
            call()
        return int(counter.get_total_flops())

    def _seconds(self, call: Callable[[], Any], repeats: int = 5) -> float:
        taken = []
        with torch.inference_mode():
            for _ in range(repeats + 1):
                synchronize()
                begun = time.perf_counter()
                call()
                synchronize()
                taken.append(time.perf_counter() - begun)
        return median(taken[1:])

    # ---- whole animations ----

    def turns(self, how: str, backend: DiffusionModel, loop: PipelineLoop, jobs: int = 8) -> None:
        """Measure the loop and the engine in turns."""
        self._warmed_up(backend, jobs)
        loop.render(board_of(journey(0, 3), self.subject.card))
        ours, theirs = [], []
        for turn in range(2):
            theirs.append(self.timed(lambda: loop.render(self.board)))
            self.note_loop(f"loop, {how}", theirs)
            ours.append(self.engine(backend, jobs, self.frames))
            self.note_jobs(how, jobs, ours, median(theirs) / self.frames)
            if self.notes.left < 2 * (ours[0]["seconds"] + theirs[0]):
                self.notes.note(f"stopped after {turn + 1} turns", how=how)
                return

    def note_loop(self, name: str, seconds: list[float]) -> None:
        frame = median(seconds) / self.frames
        self.loop_seconds[name] = frame
        share = self.flops / self.frames / frame / self.at_most
        self.notes.note(
            name, frames_a_second=1 / frame, ms_a_frame=1000 * frame, share_of_floor=share, runs=float(len(seconds))
        )

    def note_jobs(self, how: str, jobs: int, runs: list[dict[str, float]], loop: float) -> None:
        seconds = median(run["seconds"] for run in runs)
        frames = jobs * self.frames
        self.notes.note(
            f"{jobs} jobs, {how}",
            frames_a_second=frames / seconds,
            ms_a_frame=1000 * seconds / frames,
            share_of_floor=jobs * self.flops / seconds / self.at_most,
            times_the_loop=loop * frames / seconds if loop else 0.0,
            outside=median(run["outside"] for run in runs),
            peak_mib=max(run["peak_mib"] for run in runs),
            runs=float(len(runs)),
        )

    def engine(self, backend: DiffusionModel, jobs: int, frames: int) -> dict[str, float]:
        """Render so many animations at once; return seconds, share outside the model's calls, and memory."""
        orders = [Order(f"job{number}", journey(number, frames)) for number in range(jobs)]
        return self._served(backend, orders, jobs)

    def giro(self, how: str, backend: DiffusionModel) -> None:
        """Render the seed's giro with its stages side by side."""
        recipe = side_by_side(seed_giro(self.giro_frames))
        board = board_of(recipe, self.subject.card)
        run = self._served(backend, [Order("giro", recipe)], 8)
        self.notes.note(
            f"giro of {self.giro_frames}, {how}",
            seconds=run["seconds"],
            rendered_frames=len(board.shots),
            unet_calls=board.unet_calls,
            outside=run["outside"],
            first_preview=run["preview"],
            peak_mib=run["peak_mib"],
        )

    def _served(self, backend: DiffusionModel, orders: list[Order], lanes: int) -> dict[str, float]:
        if isinstance(self.watch, Watch):
            self.watch.take()
            torch.cuda.reset_peak_memory_stats()
        arrivals: list[Any] = []
        config = EngineConfig(lanes=lanes, jobs_at_once=lanes, preview_seconds=3)
        seconds = self.timed(lambda: arrivals.append(serve(backend, orders, config)))
        inside = self.watch.take() if isinstance(self.watch, Watch) else 0.0
        return {
            "seconds": seconds,
            "outside": 1 - inside / seconds,
            "peak_mib": torch.cuda.max_memory_allocated() / MIB if self.on_card else 0.0,
            "preview": min(arrivals[0].preview.values(), default=0.0),
        }

    def timed(self, work: Callable[[], Any]) -> float:
        synchronize()
        begun = time.perf_counter()
        work()
        synchronize()
        return time.perf_counter() - begun

    def _warmed_up(self, backend: DiffusionModel, jobs: int) -> None:
        seconds = self.timed(lambda: backend.warm_up(jobs))
        seconds += self.engine(backend, jobs, 2)["seconds"]
        self.notes.note(f"ready for {jobs} jobs", seconds=seconds)


def measure(card: Card, prepared: Path | None) -> None:
    """Take all figures, as long as there is time."""
    notes = card.notes
    with notes.section("operations"):
        card.operations()
    with notes.section("bare"):
        card.bare()
    plain = card.backend("graphs")
    with notes.section("turns"):
        card.turns("graphs", plain, PipelineLoop(card.subject))
    with notes.section("giro"):
        card.giro("graphs", plain)
    best, how = plain, "graphs"
    if wait_for(prepared, notes):
        with notes.section("compiled"):
            compiled = card.backend("compile")
            loop = PipelineLoop(card.subject)
            loop.accelerate(compiled.calls, Acceleration(card.subject.parts.device, "graphs"))
            card.turns("compile", compiled, loop)
            best, how = compiled, "compile"
    if notes.left > 20:
        with notes.section("giro"):
            card.giro(how, best)
    for jobs in (1, 16, 4, 2):
        if notes.left > 15:
            with notes.section(f"{jobs} jobs"):
                loop_seconds = card.loop_seconds.get(f"loop, {how}", 0.0)
                card.note_jobs(how, jobs, [card.engine(best, jobs, card.frames)], loop_seconds)
    if notes.left > 25:
        with notes.section("search"):
            torch.backends.cudnn.benchmark = True
            begun = time.perf_counter()
            card.bare()
            notes.note("the same with a search for convolutions", seconds=time.perf_counter() - begun)


def wait_for(prepared: Path | None, notes: Notes) -> bool:
    """Wait until another process has compiled everything; return whether it is worth going on with that."""
    while prepared is not None and not prepared.exists() and notes.left > 60:
        time.sleep(0.5)
    is_prepared = prepared is None or prepared.exists()
    notes.note("ready to compile", seconds_left=notes.left, prepared=str(is_prepared))
    return is_prepared and notes.left > 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="time for everything")
    parser.add_argument("--shape", default="sd14")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--frames", type=int, default=12, help="of each animation")
    parser.add_argument("--giro", type=int, default=275, help="frames of the seed's giro")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--prepare", type=Path, help="only compile, and then write this file")
    parser.add_argument("--prepared", type=Path, help="wait for this file before anything is compiled")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    shorten_thread_turns()
    notes = Notes(options.seconds, options.json)
    subject = random_subject(options.shape, ModelConfig(device=options.device, dtype=options.dtype), 0)
    card = Card(subject, notes, options)
    name = torch.cuda.get_device_name() if card.on_card else "CPU"
    notes.note(
        "machine",
        card=name,
        torch=str(torch.__version__),
        dtype=str(subject.parts.dtype),
        cores=float(os.cpu_count() or 0),
    )
    if options.prepare:
        backend = card.backend("compile")
        notes.note("prepared", seconds=card.timed(lambda: backend.warm_up(8)))
        options.prepare.touch()
        return
    measure(card, options.prepared)


if __name__ == "__main__":
    main()
