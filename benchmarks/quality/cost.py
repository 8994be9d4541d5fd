"""Seconds a frame of each method, taken in turns, so that a slow spell of the machine meets them all; and of a giro's
stages one after another and side by side.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from benchmarks.quality.film import Method
from benchmarks.quality.subject import Subject
from benchmarks.speed.ours import Order, serve
from benchmarks.speed.workload import seed_giro, side_by_side
from engine.backend import Backend
from engine.config import EngineConfig
from engine.frames.frame_store import JobFrames

MOST: Final = 1.10
"""What our frames may take, in the seed's."""
LANES: Final = 8
"""As many as a giro of seven stages can use."""
SETTLING: Final = 2
"""Frames of each that are not counted: the first comes from noise, and the process warms up."""


class Cost(msgspec.Struct, frozen=True):
    """One method's frames: medians of seconds by the clock and of the CPU, and of their ratios to the baseline's in the
    same round. By the clock is what somebody waits, and what a busy machine spoils; of the CPU is also what the thread
    that writes files takes meanwhile.
    """

    title: str
    seconds: float
    cpu_seconds: float
    ratio: float
    cpu_ratio: float


def costs(subject: Subject, methods: Sequence[Method], baseline: int) -> list[Cost]:
    """Render `subject` with every method, a frame of each in turn; into a folder that is thrown away.

    Args:
        subject: one whose frames take the same number of UNet calls whatever the method, such as a zoom.
        baseline: which of the methods the others are compared with.
    """
    with tempfile.TemporaryDirectory() as parent:
        turns = [method.render(subject, JobFrames(Path(parent) / method.name)) for method in methods]
        rounds = [[_timed(turn) for turn in turns] for _ in range(subject.frames)][SETTLING:]
    found = []
    for place, method in enumerate(methods):
        wall, cpu = zip(*(row[place] for row in rounds), strict=True)
        ratios = (median(row[place][clock] / row[baseline][clock] for row in rounds) for clock in (0, 1))
        found.append(Cost(method.title, median(wall), median(cpu), *ratios))
    return found


def _timed(turn: Iterator[int]) -> tuple[float, float]:
    """Return how long one more frame takes, by the clock and of the CPU, in all threads of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    next(turn, None)
    return time.perf_counter() - wall, time.process_time() - cpu


def modes(backend: Backend, frames: int) -> list[Cost]:
    """Render the seed's giro whole with its stages in a chain, then side by side, LANES frames to a call at most."""
    chain = seed_giro(frames)
    timed = []
    for recipe in (chain, side_by_side(chain)):
        wall, cpu = time.perf_counter(), time.process_time()
        serve(backend, [Order("giro", recipe)], EngineConfig(lanes=LANES))
        timed.append(((time.perf_counter() - wall) / frames, (time.process_time() - cpu) / frames))
    titles = ("stages in a chain", f"stages side by side, {LANES} lanes")
    return [
        Cost(title, wall, cpu, wall / timed[0][0], cpu / timed[0][1])
        for title, (wall, cpu) in zip(titles, timed, strict=True)
    ]


def cost_table(found: Sequence[Cost], baseline: str = "to the seed's, at most 1.10 wanted") -> str:
    """Return a Markdown table; `baseline` says what ratios are to."""
    lines = [f"|  | seconds a frame | {baseline} | CPU seconds a frame | ratio of these |", "|---|---|---|---|---|"]
    for cost in found:
        mark = " ✗" if cost.title.startswith("ours") and cost.ratio > MOST else ""
        wall, cpu = f"{cost.seconds:.2f} | ×{cost.ratio:.2f}{mark}", f"{cost.cpu_seconds:.2f} | ×{cost.cpu_ratio:.2f}"
        lines.append(f"| {cost.title} | {wall} | {cpu} |")
    return "\n".join(lines)
