"""A call gets all threads on a quiet machine, and fewer as long as others want its cores."""

from __future__ import annotations

import itertools

import pytest

from engine.diffusion.speed.threads import FIRST_PAUSE, LONGEST_PAUSE, AdaptiveThreads


class Machine:
    """A clock, and cores of which a call's thread gets a share; beyond `room` threads it gets less."""

    def __init__(self, most: int, room: int | None = None) -> None:
        self.now = self.own = 0.0
        self.room = most if room is None else room
        self.hiccups = 0
        self.used: list[int] = []
        self.threads = AdaptiveThreads(most, self.used.append, lambda: self.now, lambda: self.own)

    def call(self, seconds: float = 0.01, times: int = 1) -> list[int]:
        """Make some calls; return how many threads they got."""
        self.used.clear()
        for _ in range(times):
            with self.threads.watch():
                self.now += seconds
                crowded = self.used[-1] > self.room or len(self.used) <= self.hiccups
                self.own += seconds * (0.42 if crowded else 0.97)
        return list(self.used)

    def rest(self, seconds: float) -> None:
        self.now += seconds


def test_on_a_quiet_machine_every_call_gets_all() -> None:
    assert Machine(8).call(times=50) == [8] * 50


def test_one_call_that_was_kept_waiting_is_no_crowd() -> None:
    machine = Machine(8)
    machine.call()
    machine.hiccups = 1
    assert machine.call(times=20) == [8] * 20


def test_they_are_halved_until_there_is_room() -> None:
    machine = Machine(8, room=2)
    assert list(dict.fromkeys(machine.call(times=20))) == [8, 4, 2]
    assert machine.used.count(8) <= 4


def test_one_thread_is_the_least() -> None:
    assert Machine(2, room=0).call(times=20)[-10:] == [1] * 10


def test_as_soon_as_there_is_room_again_all_are_used_step_by_step() -> None:
    machine = Machine(8, room=1)
    machine.call(times=20)
    machine.room = 8
    machine.rest(LONGEST_PAUSE)
    assert machine.call(times=5) == [2, 4, 8, 8, 8]


def test_where_no_room_is_found_it_is_looked_for_ever_less_often() -> None:
    machine = Machine(2, room=1)
    used = machine.call(times=10_000)
    alone = [len(list(calls)) * 0.01 for count, calls in itertools.groupby(used) if count == 1]
    pauses = [round(seconds, 1) for seconds in alone[:-1]]
    assert pauses == sorted(pauses) and (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    assert used.count(2) < 100


def test_a_machine_with_room_is_tried_soon_after_the_next_crowd() -> None:
    machine = Machine(2, room=1)
    machine.call(times=5_000)
    machine.room = 2
    machine.rest(LONGEST_PAUSE)
    assert machine.call(times=20) == [2] * 20
    machine.room = 1
    used = machine.call(times=200)
    assert len([count for count, _ in itertools.groupby(used) if count == 2]) > 1, "the pause is short again"


def test_an_error_in_a_call_says_nothing_about_the_machine() -> None:
    machine = Machine(2)
    with pytest.raises(ZeroDivisionError), machine.threads.watch():
        machine.now += 1
        raise ZeroDivisionError
    assert machine.call() == [2]
