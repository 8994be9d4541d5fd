"""`python -m engine gallery export`, on the data directory of a bot that may be running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from engine.__main__ import main
from engine.errors import StorageError
from studio.store import Render, Share, Store
from studio.web.source import DATABASE, read_shares
from tests.studio.web.shares import gif, share


async def keep(store: Store, *shares: Share) -> None:
    for one in shares:
        await store.renders.save(one.id, Render(gif(), ".gif"))
        assert await store.shares.add(one)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store with two shares of one server."""
    store = Store(tmp_path / "data")
    await store.open()
    try:
        await keep(store, share("one", at=1), share("two", at=2))
        yield store
    finally:
        await store.close()


async def test_shares_are_read_beside_a_running_bot(store: Store, tmp_path: Path) -> None:
    assert [one.id for one in await read_shares(tmp_path / "data", None)] == ["two", "one"]
    await keep(store, share("three", at=3))
    assert [one.id for one in await read_shares(tmp_path / "data", "555")] == ["three", "two", "one"]
    assert await read_shares(tmp_path / "data", "556") == []
    await store.close()
    assert len(await read_shares(tmp_path / "data", None)) == 3


async def test_servers_are_not_mixed(store: Store, tmp_path: Path) -> None:
    await keep(store, msgspec.structs.replace(share("other", at=3), server="777"))
    with pytest.raises(StorageError, match="several servers have shared renders: 555, 777; say which"):
        await read_shares(tmp_path / "data", None)
    assert [one.id for one in await read_shares(tmp_path / "data", "777")] == ["other"]


async def test_a_database_of_another_version_is_not_touched(store: Store, tmp_path: Path) -> None:
    await store._database.rows("INSERT INTO migrations VALUES ('from the future', 0)")
    with pytest.raises(StorageError, match="another version"):
        await read_shares(tmp_path / "data", None)


def test_without_a_database_there_is_one_sentence_and_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").mkdir()
    assert main(["gallery", "export", str(tmp_path / "web"), "--data", str(tmp_path / "data")]) == 2
    assert f"{DATABASE}: there is no such file" in capsys.readouterr().err
    assert list((tmp_path / "data").iterdir()) == [] and not (tmp_path / "web").exists()


async def test_from_the_command_line(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    await keep(store, share("three", at=3, nsfw=True, adults_only=True))
    await store.close()
    (tmp_path / "data/renders/one.gif").unlink()
    code = await asyncio.to_thread(
        main, ["gallery", "export", str(tmp_path / "web"), "--data", str(tmp_path / "data"), "--title", "Roads"]
    )
    assert code == 0
    told = capsys.readouterr().out
    assert "one: its picture is gone" in caplog.text
    assert "index.html: 1 shared renders, 1 for adults left out; " in told and "0 unchanged, 0 removed" in told
    assert "<title>Roads</title>" in (tmp_path / "web/index.html").read_text()
