"""Choosing work: which jobs run, whose shots get lanes, which lanes share the next UNet call.

Pure functions over plain data. No tensor, no clock and no model comes in here, so every rule can be tested by itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import msgspec

from engine.protocol.messages import JobId

PATIENCE = 4
"""So many times a job is overtaken because of priority before its own rises by one."""
SHORT = 4
"""A job is short beside others if each of them has still this many times as much to do."""


class QueuedJob(msgspec.Struct, frozen=True):
    """A job in line, as far as choosing needs to know it.

    Attributes:
        priority: as it was given to the job.
        overtaken: how many jobs have been let in before it because their priority was higher at that time.
    """

    job: JobId
    owner: str
    priority: int = 0
    overtaken: int = 0

    @property
    def rank(self) -> int:
        """Its priority, raised by what it has put up with."""
        return self.priority + self.overtaken // PATIENCE


class LaneDemand(msgspec.Struct, frozen=True):
    """A job that runs, as far as sharing lanes needs to know it.

    Attributes:
        ready: indices of its shots that could start now, in order.
        held: how many lanes it has.
        calls_left: denoising steps it has still to go.
        served: when it last got a lane, as a number that grows; lower has waited longer.
    """

    owner: str
    ready: Sequence[int]
    held: int = 0
    calls_left: int = 0
    served: int = 0


class LaneState(msgspec.Struct, frozen=True):
    """A shot in flight, as far as choosing needs to know it.

    Attributes:
        shape_key: lanes with equal keys may share a UNet call.
        last_call: number of the UNet call it last took part in; lower has waited longer.
    """

    shape_key: Hashable
    last_call: int


def line_up(waiting: Sequence[QueuedJob], running: Iterable[QueuedJob]) -> list[QueuedJob]:
    """Return `waiting` in the order in which they will be admitted.

    Higher rank goes first. Among jobs of one rank owners take turns: a member with fewer jobs running or already ahead
    in the line goes first, and among equals the earlier job does. With n owners in line, all of one rank, a job that is
    its owner's k-th unfinished one is at most n·k-th.

    Nobody starves: a job whose priority is d below the highest there is can be overtaken for priority's sake at most
    d·PATIENCE times, however many jobs of higher priority keep coming; from then on it takes turns with them.
    """
    ahead = Counter(ticket.owner for ticket in running)
    turns: list[tuple[int, int, int, QueuedJob]] = []
    for arrival, ticket in sorted(enumerate(waiting), key=lambda place: -place[1].rank):
        turns.append((-ticket.rank, ahead[ticket.owner], arrival, ticket))
        ahead[ticket.owner] += 1
    return [ticket for *_, ticket in sorted(turns, key=lambda turn: turn[:3])]


def overtaken_by(admitted: QueuedJob, waiting: Iterable[QueuedJob]) -> list[JobId]:
    """Return the jobs that `admitted` was let in before because of its rank alone."""
    return [ticket.job for ticket in waiting if ticket.rank < admitted.rank]


def fits_between(calls_left: int, running: Iterable[int], slots: int) -> bool:
    """Whether a waiting job may come in although all slots are taken: it is short beside those who have them.

    So a short job does not wait until a long one is done. It takes no slot, so it costs whoever waits for one no more
    than its share of the lanes; and there are never more of them than slots.

    Args:
        calls_left: denoising steps that the job has still to go.
        running: the same of every job that runs; those with most to do have the slots.
    """
    longest = sorted(running, reverse=True)
    return slots <= len(longest) < 2 * slots and SHORT * calls_left <= longest[slots - 1]


def share_lanes(jobs: Sequence[LaneDemand], free: int) -> list[list[int]]:
    """Share `free` lanes among jobs, one at a time.

    Each goes to the member who has fewest, among that one's jobs to the one that has fewest, and among equals to the
    one that has waited longest. So among n jobs of m members, one with a shot that can start gets a lane within n·m
    grants.

    A job holds no more lanes than any shorter one that could use some, but always one: as lanes of one call cost each
    other time, a job of one lane beside another keeps half of the device, however many lanes the other could fill.

    Returns:
        for each job, the shots to start.
    """
    held = [job.held for job in jobs]
    granted: list[list[int]] = [[] for _ in jobs]
    while free > 0:
        owned: Counter[str] = Counter()
        for job, lanes in zip(jobs, held, strict=True):
            owned[job.owner] += lanes
        hungry = [
            place
            for place, job in enumerate(jobs)
            if len(granted[place]) < len(job.ready) and held[place] < _most_lanes(place, jobs, held)
        ]
        if not hungry:
            break
        place = min(
            hungry,
            key=lambda place: (owned[jobs[place].owner], held[place], bool(granted[place]), jobs[place].served, place),
        )
        granted[place].append(jobs[place].ready[len(granted[place])])
        held[place] += 1
        free -= 1
    return granted


def _most_lanes(place: int, jobs: Sequence[LaneDemand], held: Sequence[int]) -> float:
    """Return how many lanes a job may hold for the sake of shorter ones."""
    shorter = [
        max(1, lanes)
        for job, lanes in zip(jobs, held, strict=True)
        if job.calls_left < jobs[place].calls_left and (lanes or job.ready)
    ]
    return min(shorter, default=math.inf)


def choose_batch(lanes: Sequence[LaneState], width: int) -> list[int]:
    """Choose the lanes of the next UNet call: the one that has waited longest, and up to width - 1 others like it.

    Every call serves the lane that has waited longest, so a lane never waits for more calls than there are other
    lanes.
    """
    if not lanes:
        return []
    by_wait = sorted(range(len(lanes)), key=lambda index: lanes[index].last_call)
    shape_key = lanes[by_wait[0]].shape_key
    return [index for index in by_wait if lanes[index].shape_key == shape_key][:width]
