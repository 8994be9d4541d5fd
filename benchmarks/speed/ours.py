"""The engine on the same workloads: `engine.core.core` in this process, frames to disk and GIFs made as always."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.backend import Backend
from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.errors import EngineError
from engine.frames.frame_store import FrameStore
from engine.protocol.messages import Done, Failed, Job, JobId, Preview, Progress
from engine.recipe.recipe import Recipe
from studio.config.config import MIB

LIMIT: Final = 10 * MIB  # the upload limit of a server without boosts


@dataclass(frozen=True)
class Order:
    """A job, and how many seconds after the beginning it comes."""

    job: JobId
    recipe: Recipe
    after: float = 0.0


@dataclass
class Arrivals:
    """When something reached the member, in seconds since each job was ordered."""

    first_frame: dict[JobId, float] = field(default_factory=dict)
    preview: dict[JobId, float] = field(default_factory=dict)
    delivery: dict[JobId, float] = field(default_factory=dict)


def serve(
    backend: Backend,
    orders: Iterable[Order],
    config: EngineConfig,
    look: Callable[[], None] = lambda: None,
    *,
    one_by_one: bool = False,
) -> Arrivals:
    """Take orders as they come, each from a member of its own, and render them; `look` is called after each step.

    Args:
        one_by_one: begin an order only when the one before is delivered, as most bots do.

    Raises:
        EngineError: a job failed.
    """
    arrivals = Arrivals()
    left = sorted(orders, key=lambda order: order.after, reverse=True)
    ordered: dict[JobId, float] = {}
    with tempfile.TemporaryDirectory(prefix="tappa-") as folder:
        core = Core(backend, FrameStore(Path(folder)), CoreConfig(engine=config))
        begun = time.perf_counter()
        try:
            while left or not core.idle:
                now = time.perf_counter() - begun
                while left and left[-1].after <= now and (core.idle or not one_by_one):
                    order = left.pop()
                    ordered[order.job] = begun + order.after
                    core.add(Job(id=order.job, recipe=order.recipe, owner=order.job, limit_bytes=LIMIT))
                if core.idle:
                    time.sleep(0.005)
                for event in core.step():
                    now = time.perf_counter()
                    match event:
                        case Progress(job=job, frames_done=frames) if frames:
                            arrivals.first_frame.setdefault(job, now - ordered[job])
                        case Preview(job=job):
                            arrivals.preview.setdefault(job, now - ordered[job])
                        case Done(job=job):
                            arrivals.delivery[job] = now - ordered[job]
                        case Failed(message=message):
                            raise EngineError(message)
                look()
        finally:
            core.close()
    return arrivals
