"""What the bot remembers between two events is bounded, however much happens in a year."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from cogs.gallery import announcer, channel_access
from cogs.gallery.announcer import Announcer, Occasion
from cogs.gallery.channel_access import SEE, ChannelAccess
from engine.errors import StorageError
from engine.sentence import Sentence


class Clock:
    """A monotonic clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        for module in (announcer, channel_access):
            monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now, time=time.time))


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def everywhere():
    """Return a bot that may do everything everywhere, as far as it can tell."""
    return SimpleNamespace(get_guild=lambda _: SimpleNamespace(me=None))


def test_a_channel_is_left_alone_for_ten_minutes_and_then_forgotten(clock, monkeypatch):
    monkeypatch.setattr(channel_access, "find_known_channel", lambda *_: None)
    access = ChannelAccess(everywhere())
    access.note_refusal("1")
    clock.now += 599
    assert not access.allows("5", "1", SEE)
    clock.now += 2
    assert access.allows("5", "1", SEE)
    assert len(access._refused) == 0


def test_refusals_are_bounded(monkeypatch):
    monkeypatch.setattr(channel_access, "_MOST_REFUSALS", 10)
    access = ChannelAccess(everywhere())
    for channel in range(100):
        access.note_refusal(str(channel))
    assert len(access._refused) == 10


async def failing():
    raise StorageError("The disk is full.")


def occasion(number: int) -> Occasion:
    return Occasion(purpose="digest", subject=f"week {number}", server="5", channel="1")


class Board:
    """Announcements that cannot be read; it counts who has tried."""

    def __init__(self) -> None:
        self.asked = 0

    async def find(self, *_):
        self.asked += 1
        raise StorageError("The disk is full.")


class TestPauses:
    @pytest.fixture
    def board(self):
        return Board()

    @pytest.fixture
    def speaker(self, board):
        return Announcer(SimpleNamespace(studio=SimpleNamespace(announcements=board)), lambda _: None)

    async def test_they_double_while_it_is_tried_and_are_forgotten_when_it_is_not(self, clock, board, speaker):
        await speaker.post(occasion(1), failing)
        clock.now += 121
        await speaker.post(occasion(1), failing)
        clock.now += 121
        await speaker.post(occasion(1), failing)
        assert board.asked == 2, "the second pause is twice as long"
        clock.now += announcer._REMEMBERED
        assert len(speaker._pauses) == 0
        await speaker.post(occasion(1), failing)
        clock.now += 121
        await speaker.post(occasion(1), failing)
        assert board.asked == 4

    async def test_they_are_bounded(self, monkeypatch, board):
        monkeypatch.setattr(announcer, "_MOST_REMEMBERED", 10)
        speaker = Announcer(SimpleNamespace(studio=SimpleNamespace(announcements=board)), lambda _: None)
        for week in range(100):
            await speaker.post(occasion(week), failing)
        assert len(speaker._pauses) == 10


async def test_what_admins_were_told_is_bounded(monkeypatch):
    async def silent(*_):
        pass

    monkeypatch.setattr(announcer, "_MOST_REMEMBERED", 10)
    monkeypatch.setattr(announcer, "log_trouble", silent)
    speaker = Announcer(SimpleNamespace(config=None), lambda _: None)
    for server in range(100):
        about = Occasion(purpose="digest", subject="week", server=str(server), channel="1")
        await speaker._warn(about, Sentence("It is not possible."))
    assert len(speaker._warnings) == 10
