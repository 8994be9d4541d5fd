"""Runs: one at a time in each server, and one for all requests made meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from cogs.gallery.coalescer import Coalescer


class Walk:
    """Runs that end when they are told to."""

    def __init__(self):
        self.begun: list[str] = []
        self.end = asyncio.Event()

    async def __call__(self, server: str) -> None:
        self.begun.append(server)
        await self.end.wait()


@pytest.fixture
def walk():
    return Walk()


@pytest.fixture
async def rounds(walk):
    rounds = Coalescer(walk)
    yield rounds
    await rounds.close()


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


async def test_all_who_ask_during_one_are_answered_by_the_next(rounds, walk):
    rounds.request("1")
    await settle()
    for _ in range(5):
        rounds.request("1")
    await settle()
    assert walk.begun == ["1"]
    walk.end.set()
    await settle()
    assert walk.begun == ["1", "1"]


async def test_servers_do_not_wait_for_each_other(rounds, walk):
    for server in ("1", "2"):
        rounds.request(server)
    await settle()
    assert walk.begun == ["1", "2"]


async def test_whoever_asks_at_the_very_end_of_one_is_not_overlooked(walk):
    async def go(server: str) -> None:
        await walk(server)
        if len(walk.begun) == 1:
            asyncio.get_running_loop().call_soon(rounds.request, server)

    rounds = Coalescer(go)
    walk.end.set()
    rounds.request("1")
    await settle()
    assert walk.begun == ["1", "1"]


async def test_one_that_breaks_off_is_logged_and_the_next_is_made(caplog):
    begun = []

    async def go(server: str) -> None:
        begun.append(server)
        raise RuntimeError("a stone in the way")

    rounds = Coalescer(go)
    for _ in range(2):
        rounds.request("1")
        await settle()
    assert begun == ["1", "1"]
    assert caplog.text.count("failed") == 2


async def test_at_its_close_it_stops(rounds, walk):
    rounds.request("1")
    await settle()
    rounds.request("1")
    await rounds.close()
    walk.end.set()
    rounds.request("2")
    await settle()
    assert walk.begun == ["1"]
