"""Mixed traffic: a long giro, and short animations that come while it runs; beside first come, first served."""

from __future__ import annotations

import msgspec

from benchmarks.speed.ours import Arrivals, Order, serve
from benchmarks.speed.workload import seed_giro, short_zoom
from engine.backend import Backend
from engine.config import EngineConfig
from engine.recipe.recipe import Morph


class Delivery(msgspec.Struct, frozen=True):
    """How long one job's owner waited, in seconds; `alone` on an idle engine, `stretch` how many times that."""

    way: str
    job: str
    first_frame: float
    preview: float
    delivery: float
    alone: float
    stretch: float

    @classmethod
    def of(cls, way: str, job: str, arrivals: Arrivals, alone: float) -> Delivery:
        """Return what came of one job."""
        delivery = arrivals.delivery[job]
        return cls(way, job, arrivals.first_frame[job], arrivals.preview[job], delivery, alone, delivery / alone)


def orders(frames: int, gap: float) -> list[Order]:
    """Return a giro of `frames` frames, and short jobs that come `gap` seconds apart."""
    short = max(4, frames // 12)
    return [
        Order("giro", seed_giro(frames)),
        Order("zoom-1", short_zoom(1, short), gap),
        Order("morph", Morph(seed=2, source="skunk", target="puppy", frames=max(3, short // 2)), 2 * gap),
        Order("zoom-2", short_zoom(2, short), 3 * gap),
    ]


def measure(backend: Backend, frames: int, config: EngineConfig) -> list[Delivery]:
    """Serve the same orders both ways, and each job alone."""
    alone = {order.job: serve(backend, [order], config).delivery[order.job] for order in orders(frames, 0.0)}
    # They come while the giro runs, whatever the machine's pace: the last one before two thirds of it are done.
    coming = orders(frames, alone["giro"] / 6)
    deliveries = []
    for way, one_by_one in (("Tappa", False), ("first come", True)):
        arrivals = serve(backend, coming, config, one_by_one=one_by_one)
        deliveries += [Delivery.of(way, order.job, arrivals, alone[order.job]) for order in coming]
    return deliveries
