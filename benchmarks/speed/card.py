"""How fast a graphics card renders: python -m benchmarks.speed.card [--seconds 190] [--json FILE]

Random weights in Stable Diffusion v1-4's shape at 512², 8 steps of 20 a feedback frame, full VAE, GIFs of 10 MiB. The
most important figures come first, and each is written down as soon as it is there, so that a machine lent for minutes
suffices. In turns (A, B, A, B), in one process:

    operations   what the card's own matrix products would take for the model's floating point operations
    bare         the model's forwards, and nothing around them
    loop         diffusers' pipelines in a loop, channels last; then with compiled and recorded calls as well
    N jobs       the engine, with so many animations at once
    giro         the seed's 275 frames, its stages side by side, to the finished GIF
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
import psutil
import torch

from benchmarks.report import milliseconds
from benchmarks.speed.floor import Counts, Floor, peak_flops
from benchmarks.speed.loop import PipelineLoop
from benchmarks.speed.meter import CardClock
from benchmarks.speed.ours import Order, serve
from benchmarks.speed.subject import SHAPES, Subject, random_subject
from benchmarks.speed.workload import board_of, journey, seed_giro, side_by_side
from engine.config import EngineConfig, ModelConfig
from engine.diffusion.model import DiffusionModel
from engine.diffusion.speed.acceleration import Acceleration
from engine.environment import take_short_turns
from studio.config.config import MIB

ROWS: Final = (2, 16, 32)
"""Rows of a UNet call: guided lanes take two each."""
JOBS: Final = 8


class Notes:
    """Figures, written down as they come, and the time that is left."""

    def __init__(self, seconds: float, file: Path | None) -> None:
        self._begun = psutil.Process().create_time()  # imports count as well
        self._seconds = seconds
        self._file = file
        self._figures: dict[str, Any] = {}

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._begun + self._seconds - time.time()

    def note(self, name: str, **figures: float | str) -> None:
        """Write some figures down."""
        self._figures[name] = figures
        shown = (
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items()
        )
        print(f"[{self._seconds - self.left:6.1f} s] {name}: {'  '.join(shown)}", flush=True)
        if self._file:
            self._file.write_bytes(msgspec.json.format(msgspec.json.encode(self._figures)))

    def try_to(self, name: str, work: Callable[[], None], needed: float = 0.0) -> bool:
        """Go on after work that failed, for the others are worth as much as before; return whether it was done.

        Args:
            needed: seconds; where fewer are left, it is not begun.
        """
        if self.left < needed:
            return False
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is written down
            traceback.print_exc()
            self.note(f"{name} failed", reason=str(error)[:300] or type(error).__name__)
            return False
        return True


def synchronize() -> None:
    """Wait for the card, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Card:
    """The figures of one card."""

    def __init__(self, subject: Subject, notes: Notes, options: argparse.Namespace) -> None:
        self._subject = subject
        self._notes = notes
        self._frames: int = options.frames
        self._giro_frames: int = options.giro
        self._clock = CardClock() if subject.parts.device.type == "cuda" else None
        self._board = board_of(journey(0, self._frames), subject.card)
        self._flops = 0
        self._at_most = 1e11  # where there is no card to ask
        self._loop_seconds: dict[str, float] = {}  # a frame's

    def operations(self) -> None:
        """Count the model's operations, and measure how many the card does in a second."""
        one = Floor(self._subject, self._board.width, rows=2).flops()
        self._flops = one.times(Counts.of(self._board))
        if self._clock:
            self._at_most = peak_flops(self._subject.parts.device, self._subject.parts.dtype)
        self._notes.note(
            "operations",
            tflops_a_second=self._at_most / 1e12,
            guided_call_gflop=one.unet / 1e9,
            encode_gflop=one.encodes / 1e9,
            decode_gflop=one.decodes / 1e9,
            feedback_frame_ms=1000 * one.times(Counts(8, 1, 1)) / self._at_most,
            mean_frame_ms=1000 * self._flops / self._at_most / self._frames,
        )

    def bare(self) -> None:
        """Time bare forwards."""
        floors = {rows: Floor(self._subject, self._board.width, rows) for rows in ROWS}
        for rows, floor in floors.items():
            self._note_bare(f"bare UNet, {rows} rows", floor.unet, floor.flops().unet)
        one = floors[ROWS[0]]
        self._note_bare("bare encode", one.encode, one.flops().encodes)
        self._note_bare("bare decode", one.decode, one.flops().decodes)

    def _note_bare(self, name: str, forward: Callable[[], None], flops: int) -> None:
        def finish() -> None:
            forward()
            synchronize()

        with torch.inference_mode():
            taken = median(milliseconds(finish, repeat=5, warm_ups=1))
        self._notes.note(name, ms=taken, share_of_peak=1000 * flops / taken / self._at_most)

    def backend(self, how: str) -> DiffusionModel:
        """Return the model as the engine has it, its calls made fast as `Acceleration` says."""
        parts = self._subject.parts
        watch = self._clock.watch if self._clock else contextlib.nullcontext
        acceleration = Acceleration(parts.device, how)
        return DiffusionModel(self._subject.name, self._subject.card, parts, None, acceleration, watch)

    def turns(self, how: str, backend: DiffusionModel, loop: PipelineLoop) -> None:
        """Measure the loop and the engine in turns."""
        ready = _seconds(lambda: backend.warm_up(JOBS)) + self._served(backend, _orders(JOBS, 2), JOBS)["seconds"]
        self._notes.note(f"ready for {JOBS} jobs", seconds=ready)
        loop.render(board_of(journey(0, 3), self._subject.card))
        ours, theirs = [], []
        for turn in range(2):
            theirs.append(_seconds(lambda: loop.render(self._board)))
            frame = self._loop_seconds[how] = median(theirs) / self._frames
            share = self._flops / self._frames / frame / self._at_most
            figures = {"frames_a_second": 1 / frame, "ms_a_frame": 1000 * frame, "share_of_floor": share}
            self._notes.note(f"loop, {how}", **figures, runs=float(len(theirs)))
            ours.append(self._served(backend, _orders(JOBS, self._frames), JOBS))
            self._note_jobs(how, JOBS, ours)
            if self._notes.left < 2 * (ours[0]["seconds"] + theirs[0]):
                self._notes.note(f"stopped after {turn + 1} turns", how=how)
                return

    def jobs(self, how: str, backend: DiffusionModel, count: int) -> None:
        """Render so many animations at once."""
        self._note_jobs(how, count, [self._served(backend, _orders(count, self._frames), count)])

    def _note_jobs(self, how: str, jobs: int, runs: list[dict[str, float]]) -> None:
        seconds, frames = median(run["seconds"] for run in runs), jobs * self._frames
        self._notes.note(
            f"{jobs} jobs, {how}",
            frames_a_second=frames / seconds,
            ms_a_frame=1000 * seconds / frames,
            share_of_floor=jobs * self._flops / seconds / self._at_most,
            times_the_loop=self._loop_seconds.get(how, 0.0) * frames / seconds,
            outside=median(run["outside"] for run in runs),
            peak_mib=max(run["peak_mib"] for run in runs),
            runs=float(len(runs)),
        )

    def giro(self, how: str, backend: DiffusionModel) -> None:
        """Render the seed's giro with its stages side by side."""
        recipe = side_by_side(seed_giro(self._giro_frames))
        board = board_of(recipe, self._subject.card)
        run = self._served(backend, [Order("giro", recipe)], JOBS)
        self._notes.note(
            f"giro of {self._giro_frames}, {how}", rendered_frames=len(board.shots), unet_calls=board.unet_calls, **run
        )

    def _served(self, backend: DiffusionModel, orders: list[Order], lanes: int) -> dict[str, float]:
        """Serve orders; return the seconds, the share outside the model's calls, memory, and the first preview's."""
        if self._clock:
            self._clock.take()
            torch.cuda.reset_peak_memory_stats()
        config = EngineConfig(lanes=lanes, jobs_at_once=lanes, preview_seconds=3)
        begun = time.perf_counter()
        arrivals = serve(backend, orders, config)
        synchronize()
        seconds = time.perf_counter() - begun
        return {
            "seconds": seconds,
            "outside": 1 - self._clock.take()[0] / seconds if self._clock else 1.0,
            "first_preview": min(arrivals.preview.values(), default=0.0),
            "peak_mib": torch.cuda.max_memory_allocated() / MIB if self._clock else 0.0,
        }


def _orders(jobs: int, frames: int) -> list[Order]:
    return [Order(f"job{number}", journey(number, frames)) for number in range(jobs)]


def _seconds(work: Callable[[], object]) -> float:
    synchronize()
    begun = time.perf_counter()
    work()
    synchronize()
    return time.perf_counter() - begun


def measure(card: Card, subject: Subject, notes: Notes) -> None:
    """Take all figures, as long as there is time."""
    notes.try_to("operations", card.operations)
    notes.try_to("bare", card.bare)
    best, how = card.backend("graphs"), "graphs"
    notes.try_to("turns", partial(card.turns, how, best, PipelineLoop(subject)))
    notes.try_to("giro", partial(card.giro, how, best))
    if notes.left > 40:
        compiled, loop = card.backend("compile"), PipelineLoop(subject)
        loop.accelerate(compiled.calls, Acceleration(subject.parts.device, "graphs"))
        if notes.try_to("compiled", partial(card.turns, "compile", compiled, loop)):
            best, how = compiled, "compile"
    notes.try_to("giro", partial(card.giro, how, best), needed=20)
    for jobs in (1, 16, 4, 2):
        notes.try_to(f"{jobs} jobs", partial(card.jobs, how, best, jobs), needed=15)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="time for everything")
    parser.add_argument("--shape", choices=SHAPES, default="sd14")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--frames", type=int, default=12, help="of each animation")
    parser.add_argument("--giro", type=int, default=275, help="frames of the seed's giro")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    take_short_turns()
    notes = Notes(options.seconds, options.json)
    subject = random_subject(options.shape, ModelConfig(device=options.device, dtype=options.dtype), 0)
    name = torch.cuda.get_device_name() if subject.parts.device.type == "cuda" else "CPU"
    numbers = str(subject.parts.dtype)
    notes.note("machine", card=name, torch=torch.__version__, dtype=numbers, cores=os.cpu_count() or 0)
    measure(Card(subject, notes, options), subject, notes)


if __name__ == "__main__":
    main()
