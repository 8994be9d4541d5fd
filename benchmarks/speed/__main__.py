"""How fast the engine renders: python -m benchmarks.speed [--quick] [--device auto] [--model M | --shape sd14]

Ways of making the same animations, measured in turns (A, B, …, A, B, …); medians:

    floor       bare UNet forwards, encodes and decodes of the same shapes and counts, one frame at a time and eight
    loop        diffusers' own pipelines in a loop, one animation after another, as their documentation has it
    N jobs      the engine, with so many animations at once
    in turn     the engine, the largest number of animations one after another
    chain       the seed's giro, in which each stage grows out of the one before
    parallel    the same, its stages side by side

The loop and the engine have a process each (`benchmarks.speed.apart`). Then mixed traffic beside first come, first
served; growth: cost and memory of longer animations; and the seed's giro whole. On a graphics card the floating point
operations say what would be possible at most. --shape takes random weights, so nothing needs to be downloaded; "tiny"
is for the long animations, where only what grows is of interest.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import diffusers
import msgspec
import torch

from benchmarks.speed import apart
from benchmarks.speed.apart import Apart, Which
from benchmarks.speed.meter import MIB, Cost
from benchmarks.speed.subject import SHAPES
from benchmarks.speed.table import markdown
from benchmarks.speed.traffic import Delivery
from benchmarks.speed.workload import journey, seed_giro, side_by_side
from engine.config import EngineConfig, ModelConfig
from engine.environment import limit_thread_spinning
from engine.recipe.recipe import Recipe

PARTS: Final = ("ways", "traffic", "growth", "seed")
WIDE: Final = 8
"""Frames that share a call of the wide floor."""
SEED_FRAMES: Final = 275


class Row(msgspec.Struct, frozen=True):
    """One way of rendering: medians over the repeats.

    Attributes:
        cpu_seconds_a_frame: of the whole process, with everything that is written.
        outside: the share of the driving thread's time that was not spent in the model.
    """

    way: str
    frames: int
    seconds: float
    frames_a_second: float
    seconds_a_frame: float
    cpu_seconds_a_frame: float
    outside: float
    peak_mib: float


class Bench:
    """Both sides, and what is measured of them."""

    def __init__(self, which: Which) -> None:
        self._which = which
        self._ours = Apart(limit_thread_spinning({}))
        self._theirs = Apart({})

    def close(self) -> None:
        """End both processes."""
        self._ours.close()
        self._theirs.close()

    def describe(self) -> str:
        """Say what is measured, and how busy the machine is."""
        ours = self._ours.run(apart.describe_ours, self._which)
        theirs = self._theirs.run(apart.describe_theirs, self._which)
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
        return (
            f"{ours} (the loop: {theirs}), load average {load}; Python {platform.python_version()}, "
            f"torch {torch.__version__}, diffusers {diffusers.__version__}\n"
        )

    def ways(self, options: argparse.Namespace) -> list[Row]:
        """Measure every way of rendering in turns."""
        which, most = self._which, max(options.jobs)
        single = self._ours.run(apart.storyboard_of, which, journey(0, options.frames))
        giro = seed_giro(options.giro)

        def jobs(count: int, at_once: int) -> Cost:
            return self._engine([journey(number, options.frames) for number in range(count)], at_once)

        table: dict[str, tuple[int, Callable[[], Cost]]] = {
            "floor": (options.frames, lambda: self._ours.run(apart.floor, which, single, 1)),
            f"floor, {WIDE} frames a call": (
                options.frames,
                lambda: self._ours.run(apart.floor, which, single, WIDE),
            ),
            "loop": (options.frames, lambda: self._theirs.run(apart.loop, which, [single])),
            **{f"{count} jobs": (count * options.frames, partial(jobs, count, count)) for count in options.jobs},
            f"{most} jobs in turn": (most * options.frames, lambda: jobs(most, 1)),
            "chain": (options.giro, lambda: self._engine([giro], WIDE)),
            "parallel": (options.giro, lambda: self._engine([side_by_side(giro)], WIDE)),
        }
        first = self._ours.run(apart.storyboard_of, which, journey(0, 2))  # the first calls set things up
        self._ours.run(apart.floor, which, first, 1)
        self._theirs.run(apart.loop, which, [first])
        costs: dict[str, list[Cost]] = {way: [] for way in table}
        for _ in range(options.repeat):
            for way, (_, run) in table.items():
                costs[way].append(run())
        rows = [_row(way, frames, costs[way]) for way, (frames, _) in table.items()]
        if (at_most := self._ours.run(apart.operations, which, single)) is not None:
            rows.insert(0, _row("operations", options.frames, [at_most]))
        return rows

    def traffic(self, frames: int) -> list[Delivery]:
        """Measure mixed traffic."""
        return self._ours.run(apart.traffic, self._which, frames, EngineConfig())

    def growth(self, lengths: list[int], jobs: list[int], repeat: int) -> list[Row]:
        """Measure ever longer animations in turns, and ever more of the shortest."""
        lanes = EngineConfig().lanes
        self._engine([journey(0, lengths[0])], lanes)  # memory that is taken once and kept
        costs: dict[int, list[Cost]] = {frames: [] for frames in lengths}
        for _ in range(repeat):
            for frames in lengths:
                costs[frames].append(self._engine([journey(0, frames)], lanes))
        rows = [_row(f"{frames} frames", frames, costs[frames]) for frames in lengths]
        for count in jobs:
            cost = self._engine([journey(number, lengths[0]) for number in range(count)], count)
            rows.append(_row(f"{count} jobs of {lengths[0]}", count * lengths[0], [cost]))
        return rows

    def seed(self) -> list[Row]:
        """Render the seed's giro whole, as it is ordered and with its stages side by side."""
        giro, lanes = seed_giro(SEED_FRAMES, loop=True), EngineConfig().lanes
        return [
            _row(way, SEED_FRAMES, [self._engine([recipe], lanes)])
            for way, recipe in (("the seed's giro", giro), ("the same, stages in parallel", side_by_side(giro)))
        ]

    def _engine(self, recipes: list[Recipe], at_once: int) -> Cost:
        config = EngineConfig(lanes=at_once, jobs_at_once=at_once)
        return self._ours.run(apart.engine, self._which, recipes, config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--shape", choices=SHAPES, help="random weights in this shape instead of a model")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto", choices=("auto", "float32", "float16", "bfloat16"))
    parser.add_argument("--threads", type=int, default=0, help="of both sides; 0: as many as are fastest for each")
    parser.add_argument("--frames", type=int, default=16, help="of each animation")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--giro", type=int, default=42, help="frames of the seed's giro among the ways")
    parser.add_argument("--long", type=int, default=SEED_FRAMES, help="frames of the giro in mixed traffic")
    parser.add_argument("--growth", type=int, nargs="+", default=[100, 300, 1000], help="frames of longer animations")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--quick", action="store_true", help="short animations, few jobs, once")
    parser.add_argument("--json", type=Path, help="write all figures to this file, too")
    options = parser.parse_args()
    if options.quick:
        options.frames, options.jobs, options.giro, options.growth, options.repeat = 4, [1, 2], 14, [20, 40], 1
        options.long = 84
    config = ModelConfig(source=options.model, device=options.device, dtype=options.dtype)
    bench = Bench(Which(config, options.shape, options.threads))
    try:
        measure(bench, options)
    finally:
        bench.close()


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measure what was asked for, and print each table as soon as it is there."""
    results: dict[str, Any] = {"machine": bench.describe()}
    print(results["machine"], flush=True)
    parts: dict[str, Callable[[], list[Any]]] = {
        "ways": lambda: bench.ways(options),
        "traffic": lambda: bench.traffic(options.long),
        "growth": lambda: bench.growth(options.growth, options.jobs, options.repeat),
        "seed": bench.seed,
    }
    for part in PARTS:
        if part in options.only:
            results[part] = parts[part]()
            print(markdown(results[part]), flush=True)
            if options.json:
                options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))


def _row(way: str, frames: int, costs: list[Cost]) -> Row:
    seconds = median(cost.seconds for cost in costs)
    return Row(
        way=way,
        frames=frames,
        seconds=seconds,
        frames_a_second=frames / seconds,
        seconds_a_frame=seconds / frames,
        cpu_seconds_a_frame=median(cost.cpu_seconds for cost in costs) / frames,
        outside=median(cost.outside for cost in costs),
        peak_mib=median(cost.peak for cost in costs) / MIB,
    )


if __name__ == "__main__":
    main()
