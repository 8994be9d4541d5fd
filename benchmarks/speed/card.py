"""How fast a graphics card renders: python -m benchmarks.speed.card [--seconds 190] [--json FILE]

Random weights in Stable Diffusion v1-4's shape at 512², 8 steps of 20 a feedback frame, full VAE, GIFs of 10 MiB. The
most important figures come first, and each is written down as soon as it is there, so that a machine lent for minutes
suffices. In turns (A, B, A, B), in one process:

    operations   what the card's own matrix products would take for the model's floating point operations
    bare         the model's forwards, and nothing around them
    loop         diffusers' pipelines in a loop, channels last; then with UNet and VAE compiled and recorded by torch
    N jobs       the engine, with so many animations at once
    giro         the seed's 275 frames, its stages side by side, to the finished GIF
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
import psutil
import torch

from benchmarks.report import milliseconds, read_options
from benchmarks.speed.floor import Counts, Floor, count_flops, peak_flops
from benchmarks.speed.loop import PipelineLoop
from benchmarks.speed.meter import CardClock
from benchmarks.speed.ours import Order, board_of, journey, seed_giro, serve, side_by_side
from benchmarks.speed.subject import Subject, random_subject
from engine.config import EngineConfig, ModelConfig
from engine.diffusion.model import DiffusionModel
from engine.diffusion.speed.acceleration import Acceleration
from engine.environment import shorten_thread_turns
from engine.recipe.recipe import Giro
from studio.config.config import MIB

ROWS: Final = (2, 16, 32)  # of a UNet call: guided lanes take two each
JOBS: Final = 8

Figures = dict[str, float]
Step = tuple[str, Callable[[], Figures]]


class Card:
    """The figures of one card; those of animations are medians of all runs so far."""

    def __init__(self, subject: Subject, options: argparse.Namespace) -> None:
        self._subject = subject
        self._frames: int = options.frames
        self._giro = side_by_side(seed_giro(options.giro))
        self._clock = CardClock() if subject.parts.device.type == "cuda" else None
        self._board = board_of(journey(0, self._frames), subject.card)
        self._floors = {rows: Floor(subject, self._board.width, rows) for rows in ROWS}
        self._flops = 0
        self._at_most = 1e11  # where there is no card to ask
        self._runs: dict[str, list[Figures]] = defaultdict(list)
        # Made when they are first asked for, and kept: each compiles or records its calls once.
        device, watch = subject.parts.device, self._clock.watch if self._clock else contextlib.nullcontext
        make = partial(DiffusionModel, subject.name, subject.card, subject.parts, None)
        self._backend = functools.cache(lambda how: make(Acceleration(device, how), watch))
        is_compiled = {"graphs": False, "compile": self._clock is not None}
        self._loop = functools.cache(lambda how: PipelineLoop(subject, compiled=is_compiled[how]))

    def steps(self) -> Iterator[Step]:
        """Yield what is measured, the most important first."""
        yield "operations", self.operations
        for rows, floor in self._floors.items():
            yield f"bare UNet, {rows} rows", partial(self.bare, floor.unet)
        yield "bare encode", partial(self.bare, self._floors[2].encode)
        yield "bare decode", partial(self.bare, self._floors[2].decode)
        for how in ("graphs", "compile"):
            yield f"ready for {JOBS} jobs, {how}", partial(self.get_ready, how)
            for _ in range(2):
                yield f"loop, {how}", partial(self.loop, how)
                yield f"{JOBS} jobs, {how}", partial(self.jobs, how, JOBS)
            yield f"giro of {self._giro.frames}, {how}", partial(self.giro, how)
        for count in (1, 16, 4, 2):
            yield f"{count} jobs, compile", partial(self.jobs, "compile", count)

    def operations(self) -> Figures:
        """Count the model's operations, and measure how many the card does in a second."""
        one = self._floors[2].flops()
        self._flops = one.times(Counts.of(self._board))
        if self._clock:
            self._at_most = peak_flops(self._subject.parts.device, self._subject.parts.dtype)
        return {
            "tflops_a_second": self._at_most / 1e12,
            "guided_call_gflop": one.unet / 1e9,
            "encode_gflop": one.encodes / 1e9,
            "decode_gflop": one.decodes / 1e9,
            "feedback_frame_ms": 1000 * one.times(Counts(8, 1, 1)) / self._at_most,
            "mean_frame_ms": 1000 * self._flops / self._at_most / self._frames,
        }

    def bare(self, forward: Callable[[], None]) -> Figures:
        def finish() -> None:
            forward()
            synchronize()

        with torch.inference_mode():
            taken = median(milliseconds(finish, repeat=5, warm_ups=1))
        return {"ms": taken, "share_of_peak": 1000 * count_flops(forward) / taken / self._at_most}

    def get_ready(self, how: str) -> Figures:
        """Let the engine compile and record its calls; then render short animations by either side."""
        synchronize()
        begun = time.perf_counter()
        self._backend(how).warm_up(JOBS)
        synchronize()
        seconds = time.perf_counter() - begun
        seconds += self._serve(how, [journey(number, 2) for number in range(JOBS)], JOBS)["seconds"]
        self._loop(how).render(board_of(journey(0, 3), self._subject.card))
        return {"seconds": seconds}

    def loop(self, how: str) -> Figures:
        (taken,) = milliseconds(lambda: self._loop(how).render(self._board), repeat=1, warm_ups=0)
        return self._note(f"loop, {how}", {"seconds": taken / 1000}, self._frames)

    def jobs(self, how: str, count: int) -> Figures:
        run = self._serve(how, [journey(number, self._frames) for number in range(count)], count)
        figures = self._note(f"{count} jobs, {how}", run, count * self._frames)
        if loops := self._runs[f"loop, {how}"]:
            loop = median(run["seconds"] for run in loops) / self._frames
            figures["times_the_loop"] = loop * figures["frames_a_second"]
        return figures

    def giro(self, how: str) -> Figures:
        board = board_of(self._giro, self._subject.card)
        run = self._serve(how, [self._giro], JOBS)
        return {**run, "rendered_frames": len(board.shots), "unet_calls": board.unet_calls}

    def _note(self, name: str, run: Figures, frames: int) -> Figures:
        """Return the medians of a way's runs, this one included."""
        runs = self._runs[name]
        runs.append(run)
        middle = {key: median(one[key] for one in runs) for key in run}
        seconds = middle["seconds"]
        share = self._flops / self._frames * frames / seconds / self._at_most
        of_frame = {"frames_a_second": frames / seconds, "ms_a_frame": 1000 * seconds / frames}
        return {**middle, **of_frame, "share_of_floor": share, "runs": len(runs)}

    def _serve(self, how: str, recipes: list[Giro], lanes: int) -> Figures:
        if self._clock:
            self._clock.take()
            torch.cuda.reset_peak_memory_stats()
        orders = [Order(f"job{number}", recipe) for number, recipe in enumerate(recipes)]
        config = EngineConfig(lanes=lanes, jobs_at_once=lanes, preview_seconds=3)
        begun = time.perf_counter()
        arrivals = serve(self._backend(how), orders, config)
        synchronize()
        seconds = time.perf_counter() - begun
        return {
            "seconds": seconds,
            "outside": 1 - self._clock.take() / seconds if self._clock else 1.0,
            "first_preview": min(one["preview"] for one in arrivals.values()),
            "peak_mib": torch.cuda.max_memory_allocated() / MIB if self._clock else 0.0,
        }


def synchronize() -> None:
    """Wait for the card, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def measure(card: Card, seconds: float, file: Path | None) -> None:
    """Take all figures, as long as there is time, and write each down at once; go on after one that failed."""
    begun = psutil.Process().create_time()  # imports count as well
    taken: dict[str, Figures | str] = {}
    for name, take in card.steps():
        if time.time() - begun > seconds:
            return
        try:
            taken[name] = figures = take()
            shown = "  ".join(f"{key} {value:.4g}" for key, value in figures.items())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is written down
            traceback.print_exc()
            taken[name] = shown = f"failed: {error or type(error).__name__}"
        print(f"[{time.time() - begun:6.1f} s] {name}: {shown}", flush=True)
        if file:
            file.write_bytes(msgspec.json.format(msgspec.json.encode(taken)))


def main() -> None:
    model = {"shape": "sd14", "device": "cuda", "dtype": "auto"}
    options = read_options(__doc__, seconds=600.0, **model, frames=12, giro=275, json="")
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    shorten_thread_turns()
    subject = random_subject(options.shape, ModelConfig(device=options.device, dtype=options.dtype), 0)
    name = torch.cuda.get_device_name() if subject.parts.device.type == "cuda" else "CPU"
    print(f"{name}, torch {torch.__version__}, {subject.parts.dtype}")
    measure(Card(subject, options), options.seconds, Path(options.json) if options.json else None)


if __name__ == "__main__":
    main()
