"""Choosing work: which jobs run, whose shots get lanes, which lanes share the next UNet call.

Pure functions over plain data. No tensor, no clock and no model comes in here, so every rule can be tested by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

import msgspec

from engine.messages import JobId


class Ticket(msgspec.Struct, frozen=True):
    """A job in line, as far as choosing needs to know it."""

    job: JobId
    owner: str


class LaneView(msgspec.Struct, frozen=True):
    """A shot in flight, as far as choosing needs to know it.

    Attributes:
        shape_key: lanes with equal keys may share a UNet call.
        last_call: number of the UNet call it last took part in; lower has waited longer.
    """

    shape_key: Hashable
    last_call: int


def line_up(waiting: Sequence[Ticket], running: Iterable[Ticket]) -> list[Ticket]:
    """Return `waiting` in the order in which they will be admitted.

    Owners take turns: a member with fewer jobs running or already ahead in the line goes first, and among equals the
    earlier job does. With n owners in line a job that is its owner's k-th unfinished one is at most n·k-th.
    """
    ahead = Counter(ticket.owner for ticket in running)
    turns: list[tuple[int, int, Ticket]] = []
    for arrival, ticket in enumerate(waiting):
        turns.append((ahead[ticket.owner], arrival, ticket))
        ahead[ticket.owner] += 1
    return [ticket for _, _, ticket in sorted(turns, key=lambda turn: turn[:2])]


def share_lanes(ready: Sequence[Sequence[int]], open_lanes: Sequence[int], free: int) -> list[list[int]]:
    """Share `free` lanes among jobs, one at a time, always to the job that has the fewest.

    Args:
        ready: for each job, the indices of its shots that could start now, in order.
        open_lanes: for each job, how many lanes it holds already.
        free: how many lanes there are to give.

    Returns:
        for each job, the shots to start.
    """
    held = list(open_lanes)
    granted: list[list[int]] = [[] for _ in ready]
    while free > 0:
        hungry = [job for job, shots in enumerate(ready) if len(granted[job]) < len(shots)]
        if not hungry:
            break
        job = min(hungry, key=lambda candidate: (held[candidate], candidate))
        granted[job].append(ready[job][len(granted[job])])
        held[job] += 1
        free -= 1
    return granted


def choose_batch(lanes: Sequence[LaneView], width: int) -> list[int]:
    """Choose the lanes of the next UNet call: the one that has waited longest, and up to width - 1 others like it.

    Every call serves the lane that has waited longest, so a lane never waits for more calls than there are other
    lanes.
    """
    if not lanes:
        return []
    by_wait = sorted(range(len(lanes)), key=lambda index: lanes[index].last_call)
    shape_key = lanes[by_wait[0]].shape_key
    return [index for index in by_wait if lanes[index].shape_key == shape_key][:width]
