"""When jobs will be finished: a pace that is measured, and a queue that is played through in advance."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.protocol.messages import JobId, Standing


class RemainingWork(msgspec.Struct, frozen=True):
    """A job and the denoising steps it has still to go."""

    job: JobId
    calls_left: int


class RateMeter:
    """How long one of something takes, such as a denoising step; recent ones count most."""

    def __init__(self, halflife_seconds: float = 20.0) -> None:
        self._halflife = halflife_seconds
        self._seconds = 0.0
        self._steps = 0.0

    def measure(self, seconds: float, steps: float) -> None:
        """Take in that `steps` were done in `seconds`."""
        keep = 0.5 ** (seconds / self._halflife)
        self._seconds = self._seconds * keep + seconds
        self._steps = self._steps * keep + steps

    @property
    def seconds_per_step(self) -> float | None:
        """The pace, or None until something has been measured."""
        return self._seconds / self._steps if self._steps > 0 else None

    @property
    def per_second(self) -> float | None:
        """How many of them a second, or None until something has been measured."""
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
        running: jobs being rendered, all at the same pace.
        waiting: jobs in the order in which they will be admitted.
        slots: how many jobs are rendered side by side.
        seconds_per_step: the pace of one running job; None gives positions without times.
        held: jobs that wait until somebody lets them go on; they come last, and nobody knows when.
    """
    finish = sorted(outlook.calls_left for outlook in running)
    places = [Standing(outlook.job, 0, _seconds(outlook.calls_left, seconds_per_step)) for outlook in running]
    for position, outlook in enumerate(waiting, 1):
        begins = finish.pop(0) if len(finish) >= slots else 0
        ends = begins + outlook.calls_left
        places.append(Standing(outlook.job, position, _seconds(ends, seconds_per_step)))
        finish = sorted([*finish, ends])
    after = len(waiting) + 1
    places += [Standing(outlook.job, after + place, None, held=True) for place, outlook in enumerate(held)]
    return tuple(places)


def _seconds(steps: int, seconds_per_step: float | None) -> float | None:
    return None if seconds_per_step is None else steps * seconds_per_step
