"""Choosing work: which jobs run, whose shots get lanes, which lanes share the next UNet call.

Pure functions over plain data: no tensor, clock or model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import msgspec

from engine.protocol.messages import JobId

PATIENCE = 4
"""Number of times a waiting job may be overtaken before its priority rises by one."""
SHORT = 4
"""A job is short beside others that each have this many times its steps left."""


class QueuedJob(msgspec.Struct, frozen=True):
    """A waiting job; `overtaken` counts the jobs that were admitted before it because their rank was higher."""

    job: JobId
    owner: str
    priority: int = 0
    overtaken: int = 0

    @property
    def rank(self) -> int:
        """The priority, raised by one for every PATIENCE times it was overtaken."""
        return self.priority + self.overtaken // PATIENCE


class LaneDemand(msgspec.Struct, frozen=True):
    """How many lanes a running job could use.

    Attributes:
        ready: indices of its shots that could start now, in order.
        held: how many lanes it has.
        calls_left: denoising steps still to go.
        served: number of the grant by which it last got a lane; lower has waited longer.
    """

    owner: str
    ready: Sequence[int]
    held: int = 0
    calls_left: int = 0
    served: int = 0


class LaneState(msgspec.Struct, frozen=True):
    """A shot in flight; `last_call` numbers the UNet call it last took part in, so lower has waited longer."""

    shape_key: Hashable
    last_call: int


def order_queue(waiting: Sequence[QueuedJob], running: Iterable[QueuedJob]) -> list[QueuedJob]:
    """Return `waiting` in the order in which they will be admitted.

    Higher rank goes first. Within a rank owners take turns: the member with fewer jobs running or already ahead in the
    queue goes first, and among equals the earlier job. With n owners waiting at one rank, an owner's k-th job is
    admitted n·k-th at the latest.

    Nobody starves: a job whose priority is d below the highest can be overtaken because of priority at most d·PATIENCE
    times, however many jobs of higher priority keep coming; from then on it takes turns with them.
    """
    ahead = Counter(queued.owner for queued in running)
    turns: list[tuple[int, int, int, QueuedJob]] = []
    for arrival, queued in sorted(enumerate(waiting), key=lambda place: -place[1].rank):
        turns.append((-queued.rank, ahead[queued.owner], arrival, queued))
        ahead[queued.owner] += 1
    return [queued for *_, queued in sorted(turns, key=lambda turn: turn[:3])]


def find_overtaken(admitted: QueuedJob, waiting: Iterable[QueuedJob]) -> list[JobId]:
    return [queued.job for queued in waiting if queued.rank < admitted.rank]


def fits_between(calls_left: int, running: Iterable[int], slots: int) -> bool:
    """Whether a waiting job may be admitted although all slots are taken, because it is short beside the running ones.

    Such a guest takes no slot, so whoever waits for one loses only its share of the lanes; there are never more guests
    than slots.

    Args:
        calls_left: denoising steps that the job has left.
        running: the same for every running job; those with most left have the slots.
    """
    longest = sorted(running, reverse=True)
    return slots <= len(longest) < 2 * slots and SHORT * calls_left <= longest[slots - 1]


def share_lanes(jobs: Sequence[LaneDemand], free: int) -> list[list[int]]:
    """Share `free` lanes among jobs, one at a time; return the shots to start, for each job.

    Each goes to the member who has fewest, among their jobs to the one that has fewest, and among equals to the one
    that has waited longest. So among n jobs of m members, one with a shot that can start gets a lane within n·m grants.

    A job holds no more lanes than any shorter one that could use some, but always one: lanes of one call cost each
    other time, so a job of one lane keeps half of the device however many lanes another could fill.
    """
    held = [job.held for job in jobs]
    granted: list[list[int]] = [[] for _ in jobs]
    while free > 0:
        owned: Counter[str] = Counter()
        for job, lanes in zip(jobs, held, strict=True):
            owned[job.owner] += lanes
        eligible = [
            place
            for place, job in enumerate(jobs)
            if len(granted[place]) < len(job.ready) and held[place] < _most_lanes(place, jobs, held)
        ]
        if not eligible:
            break
        place = min(
            eligible,
            key=lambda place: (owned[jobs[place].owner], held[place], bool(granted[place]), jobs[place].served, place),
        )
        granted[place].append(jobs[place].ready[len(granted[place])])
        held[place] += 1
        free -= 1
    return granted


def _most_lanes(place: int, jobs: Sequence[LaneDemand], held: Sequence[int]) -> float:
    """Return how many lanes a job may hold: as many as the shorter job with fewest."""
    shorter = [
        max(1, lanes)
        for job, lanes in zip(jobs, held, strict=True)
        if job.calls_left < jobs[place].calls_left and (lanes or job.ready)
    ]
    return min(shorter, default=math.inf)


def choose_batch(lanes: Sequence[LaneState], width: int) -> list[int]:
    """Choose the lanes of the next UNet call: the one that has waited longest, and up to width - 1 of its shape.

    So a lane never waits for more calls than there are other lanes.
    """
    if not lanes:
        return []
    by_wait = sorted(range(len(lanes)), key=lambda index: lanes[index].last_call)
    shape_key = lanes[by_wait[0]].shape_key
    return [index for index in by_wait if lanes[index].shape_key == shape_key][:width]
