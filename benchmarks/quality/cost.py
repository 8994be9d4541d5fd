"""Seconds a frame of each method, taken in turns, so that a slow spell of the machine meets them all."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.quality.film import Method
from benchmarks.quality.subject import Subject
from benchmarks.report import table
from engine.frames.frame_store import JobFrames

MOST: Final = 1.10  # what our frames may take, in the seed's
SETTLING: Final = 2  # frames of each that do not count: the first comes from noise, and the process warms up


def cost_table(subject: Subject, methods: Sequence[Method]) -> str:
    """Render `subject` with every method, a frame of each in turn; return a table of what a frame takes.

    Medians of seconds by the clock and of the CPU, in which the thread that writes files counts as well, and of their
    ratios to the first method's in the same round. Its frames should take as many UNet calls by any method.
    """
    with tempfile.TemporaryDirectory() as parent:
        turns = [method.render(subject, JobFrames(Path(parent) / method.name)) for method in methods]
        rounds = np.array([[_time_frame(turn) for turn in turns] for _ in range(subject.frames)][SETTLING:])
    medians, ratios = np.median(rounds, axis=0), np.median(rounds / rounds[:, :1], axis=0)
    rows = []
    for method, (wall, cpu), (ratio, cpu_ratio) in zip(methods, medians, ratios, strict=True):
        mark = " ✗" if method.title.startswith("ours") and ratio > MOST else ""
        rows.append([method.title, f"{wall:.2f}", f"×{ratio:.2f}{mark}", f"{cpu:.2f}", f"×{cpu_ratio:.2f}"])
    of_seeds = f"to the seed's, at most {MOST:.2f} wanted"
    return table(["", "seconds a frame", of_seeds, "CPU seconds a frame", "ratio of these"], rows)


def _time_frame(turn: Iterator[int]) -> tuple[float, float]:
    """Return how long one more frame takes, by the clock and of the CPU, in all threads of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    next(turn, None)
    return time.perf_counter() - wall, time.process_time() - cpu
