"""A device that runs out of memory gets less at a time, as far as that is needed."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.speed.portions import Portions


class Device:
    """Has room for so many cells, and for fewer while something is kept there to be faster."""

    def __init__(self, room: int, kept: int = 0) -> None:
        self.room, self.kept = room, kept
        self.calls: list[int] = []
        self.portions = Portions(self.release)

    def release(self) -> None:
        self.kept = 0

    def each(self, count: int, size: int = 1, filled: int = 1) -> list[int]:
        def work(items):
            most = self.portions.limit(size)
            rows = max(len(items), filled if most is None else min(filled, most))
            self.calls.append(rows)
            if rows * size > self.room - self.kept:
                raise torch.OutOfMemoryError("full")
            return [item * 10 for item in items]

        return self.portions.process(list(range(count)), work, size, filled)


def test_a_device_that_is_full_gets_less_at_a_time():
    device = Device(room=3)
    assert device.each(8) == [item * 10 for item in range(8)]
    assert device.calls == [8, 4, 2, 2, 2, 2]
    device.calls.clear()
    assert device.each(3) == [0, 10, 20]
    assert device.calls == [2, 1], "it was learnt"


def test_what_is_too_much_of_large_pictures_is_not_too_much_of_small_ones():
    device = Device(room=8)
    device.each(8, size=4)
    device.calls.clear()
    device.each(8)
    assert device.calls == [8]


def test_what_is_too_much_of_small_pictures_is_too_much_of_large_ones_as_well():
    device = Device(room=4)
    device.each(8)
    device.calls.clear()
    device.each(4, size=2)
    assert device.calls == [4, 2, 2]
    device.calls.clear()
    assert len(device.each(8, size=4)) == 8
    assert device.calls[0] == 2, "no more is tried than there was room for of smaller ones"


def test_what_is_kept_to_be_faster_goes_before_a_job_does():
    device = Device(room=1, kept=1)
    assert device.each(1) == [0]
    assert device.calls == [1, 1]


def test_a_call_that_is_filled_up_is_filled_less():
    device = Device(room=2)
    assert device.each(1, filled=8) == [0]
    assert device.calls == [8, 4, 2]


def test_a_device_that_has_no_room_for_one_says_so():
    with pytest.raises(torch.OutOfMemoryError):
        Device(room=0).each(2)
