"""The engine on workloads: `engine.core.core` in this process, frames to disk and GIFs made as always."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.backend import Backend
from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.errors import EngineError
from engine.frames.frame_store import FrameStore
from engine.protocol.card import Card
from engine.protocol.messages import Done, Failed, Job, JobId, Preview, Progress
from engine.recipe.recipe import Giro, Morph, Recipe, Stage, Zoom, resolve
from engine.recipe.settings import BUILT_IN
from engine.recipe.stages import SEED_STAGES, spread_frames
from engine.storyboard.builder import build_storyboard
from engine.storyboard.storyboard import Storyboard
from studio.config.config import MIB

Arrivals = dict[JobId, dict[str, float]]
"""Seconds from the order of each job to its "first_frame", "preview" and "delivery"."""


@dataclass(frozen=True)
class Order:
    """A job, and how many seconds after the beginning it comes."""

    job: JobId
    recipe: Recipe
    after: float = 0.0


def journey(seed: int, frames: int) -> Giro:
    """Return a giro of one stage, without a loop: what a loop over a pipeline makes, too."""
    return Giro(seed=seed, stages=(Stage("a road by the sea, sunny day, Italy", frames),), loop=False)


def seed_giro(frames: int, *, loop: bool = False) -> Giro:
    """Return the giro of the blog post that this program comes from, stretched to so many frames."""
    return Giro(seed=1, stages=spread_frames(SEED_STAGES, frames), loop=loop)


def short_zoom(seed: int, frames: int) -> Zoom:
    """Return a short animation, as it is ordered while long ones run."""
    return Zoom(seed=seed, prompt="a narrow road through a medieval town", frames=frames)


def side_by_side(recipe: Giro) -> Giro:
    return msgspec.structs.replace(recipe, mode="parallel")


def board_of(recipe: Recipe, card: Card) -> Storyboard:
    return build_storyboard(*resolve(recipe, (BUILT_IN, card)))


def serve(
    backend: Backend,
    orders: Iterable[Order],
    config: EngineConfig,
    look: Callable[[], None] = lambda: None,
    *,
    one_by_one: bool = False,
) -> Arrivals:
    """Take orders as they come, each from a member of its own, and render them; `look` is called after each step.

    With `one_by_one` an order is only begun when the one before is delivered, as by most bots; EngineError: one failed.
    """
    arrivals: Arrivals = defaultdict(dict)
    left = sorted(orders, key=lambda order: order.after, reverse=True)
    ordered: dict[JobId, float] = {}

    def note(job: JobId, what: str) -> None:
        arrivals[job].setdefault(what, time.perf_counter() - ordered[job])

    with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
        core = Core(backend, FrameStore(Path(folder)), CoreConfig(engine=config))
        begun = time.perf_counter()
        try:
            while left or not core.idle:
                now = time.perf_counter() - begun
                while left and left[-1].after <= now and (core.idle or not one_by_one):
                    order = left.pop()
                    ordered[order.job] = begun + order.after
                    core.add(Job(id=order.job, recipe=order.recipe, owner=order.job, limit_bytes=10 * MIB))
                if core.idle:
                    time.sleep(0.005)
                for event in core.step():
                    match event:
                        case Progress(job=job, frames_done=frames) if frames:
                            note(job, "first_frame")
                        case Preview(job=job):
                            note(job, "preview")
                        case Done(job=job):
                            note(job, "delivery")
                        case Failed(message=message):
                            raise EngineError(message)
                look()
        finally:
            core.close()
    return arrivals


class Delivery(msgspec.Struct, frozen=True):
    """How long one job's owner waited, in seconds; `alone` on an idle engine, `stretch` how many times that."""

    way: str
    job: str
    first_frame: float
    preview: float
    delivery: float
    alone: float
    stretch: float


def mixed_orders(frames: int, gap: float) -> list[Order]:
    """Return a giro of `frames` frames, and short jobs that come `gap` seconds apart."""
    short = max(4, frames // 12)
    return [
        Order("giro", seed_giro(frames)),
        Order("zoom-1", short_zoom(1, short), gap),
        Order("morph", Morph(seed=2, source="skunk", target="puppy", frames=max(3, short // 2)), 2 * gap),
        Order("zoom-2", short_zoom(2, short), 3 * gap),
    ]


def measure_traffic(backend: Backend, frames: int, config: EngineConfig) -> list[Delivery]:
    """Serve the same orders both ways, and each job alone."""
    alone = {order.job: serve(backend, [order], config)[order.job]["delivery"] for order in mixed_orders(frames, 0.0)}
    # They come while the giro runs, whatever the machine's pace: the last one before two thirds of it are done.
    coming = mixed_orders(frames, alone["giro"] / 6)
    deliveries = []
    for way, one_by_one in (("Tappa", False), ("first come", True)):
        arrivals = serve(backend, coming, config, one_by_one=one_by_one)
        for job, seconds in alone.items():
            stretch = arrivals[job]["delivery"] / seconds
            deliveries.append(Delivery(way, job, **arrivals[job], alone=seconds, stretch=stretch))
    return deliveries
