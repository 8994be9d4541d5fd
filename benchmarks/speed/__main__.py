"""How fast the engine renders: python -m benchmarks.speed [--quick] [--device auto] [--model M | --shape sd14]

Ways of making the same animations, measured in turns (A, B, …, A, B, …); medians:

    floor       bare UNet forwards, encodes and decodes of the same shapes and counts, one frame at a time and eight
    loop        diffusers' own pipelines in a loop, one animation after another, as their documentation has it
    N jobs      the engine, with so many animations at once
    in turn     the engine, the largest number of animations one after another
    chain       the seed's giro, in which each stage grows out of the one before
    parallel    the same, its stages side by side

The loop and the engine have a process each (`benchmarks.speed.sides`). Then mixed traffic beside first come, first
served; growth: cost and memory of longer animations; and the seed's giro whole. On a graphics card the floating point
operations say what would be possible at most. --shape takes random weights: "tiny" for what grows with long animations.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import diffusers
import msgspec
import torch

from benchmarks.report import load_average, record_table
from benchmarks.speed.meter import Cost
from benchmarks.speed.ours import Delivery, journey, seed_giro, side_by_side
from benchmarks.speed.sides import Apart, EngineSide, LoopSide, Which
from benchmarks.speed.subject import SHAPES
from engine.config import EngineConfig, ModelConfig
from engine.environment import limit_thread_spinning
from engine.recipe.recipe import Recipe
from studio.config.config import MIB

WIDE: Final = 8  # frames that share a call of the wide floor
SEED_FRAMES: Final = 275

Way = tuple[int, Callable[[], Cost]]
"""How many frames a way of rendering makes, and what makes them."""


class Row(msgspec.Struct, frozen=True):
    """One way of rendering, medians over the repeats; `outside` is the share of time not spent in the model."""

    way: str
    frames: int
    seconds: float
    frames_a_second: float
    seconds_a_frame: float
    cpu_seconds_a_frame: float
    outside: float
    peak_mib: float

    @classmethod
    def of(cls, way: str, frames: int, costs: list[Cost]) -> Row:
        seconds, cpu = median(cost.seconds for cost in costs), median(cost.cpu_seconds for cost in costs)
        outside, peak = median(cost.outside for cost in costs), median(cost.peak for cost in costs)
        return cls(way, frames, seconds, frames / seconds, seconds / frames, cpu / frames, outside, peak / MIB)


class Bench:
    """Both sides, and what is measured of them."""

    def __init__(self, options: argparse.Namespace) -> None:
        config = ModelConfig(source=options.model, device=options.device, dtype=options.dtype)
        which = Which(config, options.shape, options.threads)
        self._options = options
        self._ours = Apart(EngineSide, which, limit_thread_spinning({}))
        self._theirs = Apart(LoopSide, which, {})

    def close(self) -> None:
        self._ours.close()
        self._theirs.close()

    def describe(self) -> str:
        return (
            f"{self._ours.run(EngineSide.describe)} (the loop: {self._theirs.run(LoopSide.describe)}), load average "
            f"{load_average()}; Python {platform.python_version()}, torch {torch.__version__}, "
            f"diffusers {diffusers.__version__}\n"
        )

    def ways(self) -> list[Row]:
        jobs, frames, giro = self._options.jobs, self._options.frames, seed_giro(self._options.giro)
        first, single = (self._ours.run(EngineSide.board, journey(0, length)) for length in (2, frames))
        floor = partial(self._ours.run, EngineSide.bare)
        loop = partial(self._theirs.run, LoopSide.render)
        floor(first, 1)  # the first calls set things up
        loop(first)
        rows = _take_turns(
            {
                "floor": (frames, partial(floor, single, 1)),
                f"floor, {WIDE} frames a call": (frames, partial(floor, single, WIDE)),
                "loop": (frames, partial(loop, single)),
                **{f"{count} jobs": self._jobs(count, frames, count) for count in jobs},
                f"{max(jobs)} jobs in turn": self._jobs(max(jobs), frames, 1),
                "chain": self._engine([giro], WIDE),
                "parallel": self._engine([side_by_side(giro)], WIDE),
            },
            self._options.repeat,
        )
        if (at_most := self._ours.run(EngineSide.operations, single)) is not None:
            rows.insert(0, Row.of("operations", frames, [at_most]))
        return rows

    def traffic(self) -> list[Delivery]:
        return self._ours.run(EngineSide.traffic, self._options.long, EngineConfig())

    def growth(self) -> list[Row]:
        """Measure ever longer animations in turns, and ever more of the shortest."""
        lengths, lanes = self._options.growth, EngineConfig().lanes
        shortest = lengths[0]
        _, warm_up = self._jobs(1, shortest, lanes)
        warm_up()  # memory that is taken once and kept
        longer = {f"{frames} frames": self._jobs(1, frames, lanes) for frames in lengths}
        more = {f"{count} jobs of {shortest}": self._jobs(count, shortest, count) for count in self._options.jobs}
        return _take_turns(longer, self._options.repeat) + _take_turns(more, 1)

    def seed(self) -> list[Row]:
        """Render the seed's giro whole, as it is ordered and with its stages side by side."""
        giro, lanes = seed_giro(SEED_FRAMES, loop=True), EngineConfig().lanes
        parallel = self._engine([side_by_side(giro)], lanes)
        ways = {"the seed's giro": self._engine([giro], lanes), "the same, stages in parallel": parallel}
        return _take_turns(ways, 1)

    def _jobs(self, count: int, frames: int, at_once: int) -> Way:
        return self._engine([journey(number, frames) for number in range(count)], at_once)

    def _engine(self, recipes: list[Recipe], at_once: int) -> Way:
        config = EngineConfig(lanes=at_once, jobs_at_once=at_once)
        frames = sum(recipe.frames for recipe in recipes)
        return frames, partial(self._ours.run, EngineSide.render, recipes, config)


PARTS: Final = {part.__name__: part for part in (Bench.ways, Bench.traffic, Bench.growth, Bench.seed)}


def _take_turns(ways: Mapping[str, Way], repeat: int) -> list[Row]:
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    for _ in range(repeat):
        for way, (_, run) in ways.items():
            costs[way].append(run())
    return [Row.of(way, frames, costs[way]) for way, (frames, _) in ways.items()]


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measure what was asked for, and print each table as soon as it is there."""
    results: dict[str, Any] = {"machine": bench.describe()}
    print(results["machine"], flush=True)
    for part in (part for part in PARTS if part in options.only):
        results[part] = PARTS[part](bench)
        print(record_table(results[part]) + "\n", flush=True)
        if options.json:
            options.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--model", default="embedded")
    add("--shape", choices=SHAPES, help="random weights in this shape instead of a model")
    add("--device", default="auto")
    add("--dtype", default="auto", choices=("auto", "float32", "float16", "bfloat16"))
    add("--threads", type=int, default=0, help="of both sides; 0: as many as are fastest for each")
    add("--frames", type=int, default=16, help="of each animation")
    add("--jobs", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    add("--giro", type=int, default=42, help="frames of the seed's giro among the ways")
    add("--long", type=int, default=SEED_FRAMES, help="frames of the giro in mixed traffic")
    add("--growth", type=int, nargs="+", default=[100, 300, 1000], help="frames of longer animations")
    add("--repeat", type=int, default=2)
    add("--only", choices=PARTS, nargs="+", default=PARTS)
    add("--quick", action="store_true", help="short animations, few jobs, once")
    add("--json", type=Path, help="write all figures to this file, too")
    options = parser.parse_args()
    if options.quick:
        options.frames, options.jobs, options.giro, options.growth, options.repeat = 4, [1, 2], 14, [20, 40], 1
        options.long = 84
    with contextlib.closing(Bench(options)) as bench:
        measure(bench, options)


if __name__ == "__main__":
    main()
