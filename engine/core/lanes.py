"""The shots in flight: in a lane while they are denoised, then being decoded."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import msgspec

from engine.backend import Lane, PendingPicture
from engine.core import scheduling
from engine.core.render_job import RenderJob
from engine.protocol.messages import JobId


class OpenLane(msgspec.Struct, eq=False):
    """A lane, whose it is, and the number of the UNet call it last took part in."""

    lane: Lane
    render_job: RenderJob
    index: int
    last_call: int = 0

    @property
    def job(self) -> JobId:
        return self.render_job.job.id


class Lanes:
    """At most `capacity` open lanes, and the shots that have left them."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._open: list[OpenLane] = []
        self._decoding: list[tuple[OpenLane, PendingPicture]] = []
        self._calls, self._grants = itertools.count(1), itertools.count(1)

    def __len__(self) -> int:
        return len(self._open)

    def share(self, render_jobs: Sequence[RenderJob]) -> list[tuple[RenderJob, int]]:
        """Return the shots that get the free lanes, each with its job."""
        held = Counter(open_lane.job for open_lane in self._open)
        demands = [
            scheduling.LaneDemand(
                owner=render_job.job.owner,
                ready=render_job.graph.ready,
                held=held[render_job.id],
                calls_left=render_job.calls_left,
                served=render_job.served,
            )
            for render_job in render_jobs
        ]
        granted = scheduling.share_lanes(demands, self._capacity - len(self._open))
        return [(render_job, index) for render_job, shots in zip(render_jobs, granted, strict=True) for index in shots]

    def open(self, lanes: Sequence[OpenLane]) -> None:
        now = next(self._grants)
        for open_lane in lanes:
            open_lane.render_job.served = now
        self._open += lanes

    def next_batch(self) -> list[OpenLane]:
        """Return the lanes of the next UNet call, none if no lane is open."""
        states = [scheduling.LaneState(open_lane.lane.shape_key, open_lane.last_call) for open_lane in self._open]
        batch = [self._open[index] for index in scheduling.choose_batch(states, self._capacity)]
        call = next(self._calls)
        for open_lane in batch:
            open_lane.last_call = call
        return batch

    @property
    def denoised(self) -> list[list[OpenLane]]:
        """The lanes with no step left, grouped by shape."""
        denoised = [open_lane for open_lane in self._open if open_lane.lane.steps_left == 0]
        shapes = dict.fromkeys(open_lane.lane.shape_key for open_lane in denoised)
        return [[open_lane for open_lane in denoised if open_lane.lane.shape_key == shape] for shape in shapes]

    def start_decoding(self, group: Sequence[OpenLane], coming: Sequence[PendingPicture]) -> None:
        self._open = [open_lane for open_lane in self._open if open_lane not in group]
        self._decoding += zip(group, coming, strict=True)

    @property
    def decoding(self) -> Sequence[tuple[OpenLane, PendingPicture]]:
        """What is being decoded, in the order in which it becomes ready."""
        return self._decoding

    def take_ready(self) -> list[tuple[OpenLane, PendingPicture]]:
        ready = list(itertools.takewhile(lambda entry: entry[1].ready, self._decoding))
        del self._decoding[: len(ready)]
        return ready

    def drop(self, job: JobId) -> None:
        self._open = [open_lane for open_lane in self._open if open_lane.job != job]
        self._decoding = [entry for entry in self._decoding if entry[0].job != job]
