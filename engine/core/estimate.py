"""When jobs will be finished: a measured rate, and the queue simulated ahead."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.protocol.messages import JobId, Standing


class RemainingWork(msgspec.Struct, frozen=True):
    job: JobId
    calls_left: int


class RateMeter:
    """Measures a rate as an exponentially decaying mean; None until something has been measured."""

    def __init__(self, halflife_seconds: float = 20.0) -> None:
        self._halflife = halflife_seconds
        self._seconds = 0.0
        self._steps = 0.0

    def measure(self, seconds: float, steps: float) -> None:
        keep = 0.5 ** (seconds / self._halflife)
        self._seconds = self._seconds * keep + seconds
        self._steps = self._steps * keep + steps

    @property
    def seconds_per_step(self) -> float | None:
        return self._seconds / self._steps if self._steps > 0 else None

    @property
    def per_second(self) -> float | None:
        return self._steps / self._seconds if self._steps > 0 else None


def estimate_standings(
    running: Sequence[RemainingWork],
    waiting: Sequence[RemainingWork],
    slots: int,
    seconds_per_step: float | None,
    held: Sequence[RemainingWork] = (),
) -> tuple[Standing, ...]:
    """Return where every job stands.

    Args:
        running: jobs being rendered, all at the same rate.
        waiting: jobs in the order in which they will be admitted.
        slots: how many jobs are rendered side by side.
        seconds_per_step: the rate of one running job; None gives positions without times.
        held: paused jobs, which come last, without times.
    """

    def seconds(steps: int) -> float | None:
        return None if seconds_per_step is None else steps * seconds_per_step

    finish = sorted(work.calls_left for work in running)
    standings = [Standing(work.job, 0, seconds(work.calls_left)) for work in running]
    for position, work in enumerate(waiting, 1):
        begins = finish.pop(0) if len(finish) >= slots else 0
        ends = begins + work.calls_left
        standings.append(Standing(work.job, position, seconds(ends)))
        finish = sorted([*finish, ends])
    after = len(waiting) + 1
    standings += [Standing(work.job, after + place, None, held=True) for place, work in enumerate(held)]
    return tuple(standings)
