"""The shots in flight: in a lane while they are denoised, and then on their way to being pictures."""

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
    """A lane, whose it is, and when it last took part in a call."""

    lane: Lane
    render_job: RenderJob
    index: int
    last_call: int = 0

    @property
    def job(self) -> JobId:
        """Whose it is."""
        return self.render_job.job.id


class Lanes:
    """At most so many open lanes as `most` says, and what has left them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: list[OpenLane] = []
        self._developing: list[tuple[OpenLane, PendingPicture]] = []

    def __len__(self) -> int:
        return len(self._open)

    @property
    def free(self) -> int:
        """How many more can be opened."""
        return self._most - len(self._open)

    @property
    def held(self) -> Counter[JobId]:
        """How many lanes each job has."""
        return Counter(open_lane.job for open_lane in self._open)

    def open(self, lane: OpenLane) -> None:
        """Take in a lane."""
        self._open.append(lane)

    def next_batch(self) -> list[OpenLane]:
        """Return the lanes of the next UNet call."""
        views = [scheduling.LaneState(open_lane.lane.shape_key, open_lane.last_call) for open_lane in self._open]
        return [self._open[index] for index in scheduling.choose_batch(views, self._most)]

    @property
    def through(self) -> list[list[OpenLane]]:
        """The lanes with no step left, those of one shape together."""
        through = [open_lane for open_lane in self._open if open_lane.lane.steps_left == 0]
        shapes = dict.fromkeys(open_lane.lane.shape_key for open_lane in through)
        return [[open_lane for open_lane in through if open_lane.lane.shape_key == shape] for shape in shapes]

    def decode(self, group: Sequence[OpenLane], coming: Sequence[PendingPicture]) -> None:
        """Take lanes out: what they become is on its way."""
        self._open = [open_lane for open_lane in self._open if open_lane not in group]
        self._developing += zip(group, coming, strict=True)

    @property
    def decoding(self) -> Sequence[tuple[OpenLane, PendingPicture]]:
        """What is on its way, in the order in which it becomes ready."""
        return self._developing

    def take_ready(self) -> list[tuple[OpenLane, PendingPicture]]:
        """Take out what has arrived."""
        ready = list(itertools.takewhile(lambda one: one[1].ready, self._developing))
        del self._developing[: len(ready)]
        return ready

    def drop(self, job: JobId) -> None:
        """Give up all that is in flight for a job."""
        self._open = [open_lane for open_lane in self._open if open_lane.job != job]
        self._developing = [one for one in self._developing if one[0].job != job]
