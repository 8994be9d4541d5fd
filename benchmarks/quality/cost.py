"""Seconds a frame of each method, taken in turns, so that a slow spell of the machine meets them all."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.quality.film import Method
from benchmarks.quality.subject import Subject
from benchmarks.report import table
from engine.frames.frame_store import JobFrames

MOST: Final = 1.10  # what our frames may take, in the seed's
SETTLING: Final = 2  # turns that do not count: the first frame comes from noise, and the process warms up


def cost_table(subject: Subject, methods: Sequence[Method]) -> str:
    """Render `subject` with every method, a frame or a few of each in turn; return a table of what a frame takes.
    The subject's frames should take as many UNet calls by any method."""
    with tempfile.TemporaryDirectory() as parent:
        films = [method.render(subject, JobFrames(Path(parent) / method.name)) for method in methods]
        turns = zip_longest(*(_time_turns(film, subject.frames) for film in films), fillvalue=(0, 0.0, 0.0))
        frames, *seconds = np.array(list(turns))[SETTLING:].sum(axis=0).T
        list(chain(*films))  # nothing is being written when the folder goes
    costs = np.array(seconds) / frames
    rows = []
    for method, (wall, cpu), (ratio, cpu_ratio) in zip(methods, costs.T, (costs / costs[:, :1]).T, strict=True):
        mark = " ✗" if method.title.startswith("ours") and ratio > MOST else ""
        rows.append([method.title, f"{wall:.2f}", f"×{ratio:.2f}{mark}", f"{cpu:.2f}", f"×{cpu_ratio:.2f}"])
    of_seeds = f"to the seed's, at most {MOST:.2f} wanted"
    return table(["", "seconds a frame", of_seeds, "CPU seconds a frame", "ratio of these"], rows)


def _time_turns(film: Iterator[int], frames: int) -> Iterator[tuple[int, float, float]]:
    """Yield how many frames were added in a turn, and its seconds by the clock and of the CPU, in all threads."""
    done = 0
    while done < frames:
        wall, cpu = time.perf_counter(), time.process_time()
        added = next(film) - done
        yield added, time.perf_counter() - wall, time.process_time() - cpu
        done += added
