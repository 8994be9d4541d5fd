"""Seconds a frame of each method, taken in turns, so that a slow spell of the machine meets them all."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from benchmarks.quality.film import Method
from benchmarks.quality.subject import Subject
from benchmarks.report import table
from engine.frames.frame_store import JobFrames

MOST: Final = 1.10
"""What our frames may take, in the seed's."""
SETTLING: Final = 2
"""Frames of each that are not counted: the first comes from noise, and the process warms up."""


class Cost(msgspec.Struct, frozen=True):
    """One method's frames: median seconds by the clock and of the CPU, and their ratios to the baseline's in each round.

    By the clock is what somebody waits; of the CPU is also what the thread that writes files takes meanwhile.
    """

    title: str
    seconds: float
    cpu_seconds: float
    ratio: float
    cpu_ratio: float


def costs(subject: Subject, methods: Sequence[Method]) -> list[Cost]:
    """Render `subject` with every method, a frame of each in turn; the first method is the baseline.

    Its frames should take the same number of UNet calls whatever the method, as a zoom's do.
    """
    with tempfile.TemporaryDirectory() as parent:
        turns = [method.render(subject, JobFrames(Path(parent) / method.name)) for method in methods]
        rounds = np.array([[_time_frame(turn) for turn in turns] for _ in range(subject.frames)][SETTLING:])
    middle, ratios = np.median(rounds, axis=0).tolist(), np.median(rounds / rounds[:, :1], axis=0).tolist()
    return [Cost(method.title, *middle[place], *ratios[place]) for place, method in enumerate(methods)]


def _time_frame(turn: Iterator[int]) -> tuple[float, float]:
    """Return how long one more frame takes, by the clock and of the CPU, in all threads of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    next(turn, None)
    return time.perf_counter() - wall, time.process_time() - cpu


def cost_table(found: Sequence[Cost]) -> str:
    """Return a Markdown table."""
    rows = []
    for cost in found:
        mark = " ✗" if cost.title.startswith("ours") and cost.ratio > MOST else ""
        by_clock = [f"{cost.seconds:.2f}", f"×{cost.ratio:.2f}{mark}"]
        rows.append([cost.title, *by_clock, f"{cost.cpu_seconds:.2f}", f"×{cost.cpu_ratio:.2f}"])
    of_seeds = f"to the seed's, at most {MOST:.2f} wanted"
    return table(["", "seconds a frame", of_seeds, "CPU seconds a frame", "ratio of these"], rows)
