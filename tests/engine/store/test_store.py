"""The store: what it keeps over a restart, and that of two changes that race exactly one happens."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import time

import msgspec
import pytest

from engine.errors import StorageError
from engine.store import Store
from engine.store.migrations import MIGRATIONS
from engine.store.records import JobRecord
from tests.fakes.engine import plan_of, report_of
from tests.fakes.orders import ADA, BOB, MIB, MORPH, SERVER, answer

DAY = 24 * 60 * 60


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "data")
    await store.open()
    yield store
    await store.close()


def job(name: str = "a", **changes) -> JobRecord:
    record = JobRecord(
        id=name, recipe=MORPH, member=ADA, answer=answer(), limit_bytes=10 * MIB, created=1000.0 + ord(name[0])
    )
    return msgspec.structs.replace(record, **changes)


async def test_a_job_comes_back_as_it_was_stored(store):
    record = job(plan=plan_of(MORPH))
    await store.add(record)
    assert await store.get("a") == record


async def test_nothing_is_known_of_a_job_that_was_never_added(store):
    assert await store.get("a") is None


async def test_jobs_and_gifs_outlive_the_process(tmp_path):
    first = Store(tmp_path)
    await first.open()
    record = job()
    await first.add(record)
    await first.renders.save("a", b"GIF89a")
    await first.close()
    second = Store(tmp_path)
    await second.open()
    assert await second.unsettled() == [record]
    assert await second.renders.load("a") == b"GIF89a"
    await second.close()


async def test_the_life_of_a_delivered_job(store):
    await store.add(job())
    plan, report = plan_of(MORPH), report_of(MORPH)
    assert (await store.planned("a", plan)).plan == plan
    assert (await store.running("a")).state == "running"
    done = await store.done("a", report)
    assert (done.state, done.report, done.settled) == ("done", report, False)
    delivered = await store.delivered("a")
    assert (delivered.state, delivered.settled) == ("delivered", True)
    assert await store.unsettled() == []


async def test_a_failed_job_stays_open_to_its_owner_until_they_are_told(store):
    await store.add(job())
    failed = await store.failed("a", "No such word.")
    assert (failed.state, failed.error, failed.is_open) == ("failed", "No such word.", False)
    assert await store.unsettled() == [failed]
    await store.settled("a")
    assert await store.unsettled() == []


async def test_of_done_and_cancelled_only_the_first_happens(store):
    await store.add(job())
    outcomes = await asyncio.gather(store.cancelled("a"), store.done("a", report_of(MORPH)))
    assert [outcome.state for outcome in outcomes if outcome] == [(await store.get("a")).state]


@pytest.mark.parametrize("late", ["running", "planned", "done", "failed", "cancelled", "smaller", "settled"])
async def test_what_comes_after_the_delivery_changes_nothing(store, late):
    await store.add(job())
    await store.done("a", report_of(MORPH))
    before = await store.delivered("a")
    arguments = {
        "planned": (plan_of(MORPH),), "done": (report_of(MORPH),), "failed": ("Too late.",), "smaller": (1000,)
    }.get(late, ())  # fmt: skip
    assert await getattr(store, late)("a", *arguments) is None
    assert await store.get("a") == before


async def test_a_job_that_is_too_large_goes_back_to_the_engine_with_its_new_limit(store):
    await store.add(job())
    await store.done("a", report_of(MORPH))
    smaller = await store.smaller("a", 1000)
    assert (smaller.state, smaller.limit_bytes) == ("running", 1000)
    assert (await store.done("a", report_of(MORPH))).state == "done"


async def test_the_answer_can_move_whatever_the_state(store):
    await store.add(job())
    await store.failed("a", "No.")
    elsewhere = answer(message="901")
    assert (await store.moved("a", elsewhere)).answer == elsewhere


async def test_open_jobs_are_counted_by_member_and_by_server(store):
    await store.add(job("a"))
    await store.add(job("b", member=BOB))
    await store.add(job("c", answer=answer(server=None)))
    await store.add(job("d"))
    await store.cancelled("d")
    assert await store.count_open(member=ADA.id) == 2
    assert await store.count_open(server=SERVER) == 2


async def test_a_members_latest_jobs_come_newest_first(store):
    for name in "abc":
        await store.add(job(name))
    await store.add(job("d", member=BOB))
    assert [record.id for record in await store.recent(ADA.id, "morph", 2)] == ["c", "b"]
    assert await store.recent(ADA.id, "zoom", 2) == []


async def test_old_settled_jobs_and_gifs_are_pruned_and_unsettled_ones_kept(store, tmp_path):
    old, new = time.time() - 40 * DAY, time.time()
    for name, created in {"a": old, "b": old, "c": new}.items():
        await store.add(job(name, created=created))
        await store.renders.save(name, b"GIF89a")
        os.utime(tmp_path / "data" / "renders" / f"{name}.gif", (created, created))
    for name in "ac":
        await store.cancelled(name)
        await store.settled(name)
    await store.prune(30)
    assert await store.get("a") is None
    assert await store.get("b") is not None
    assert await store.get("c") is not None
    assert await store.renders.load("c") == b"GIF89a"
    with pytest.raises(StorageError):
        await store.renders.load("a")


async def test_a_saved_gif_leaves_no_partial_file(store, tmp_path):
    await store.renders.save("a", b"first")
    await store.renders.save("a", b"second")
    assert [path.name for path in (tmp_path / "data" / "renders").iterdir()] == ["a.gif"]
    assert await store.renders.load("a") == b"second"


async def test_the_digest_of_the_commands_is_remembered_by_target(store):
    await store.remember_synced("everywhere", "1")
    await store.remember_synced("everywhere", "2")
    await store.remember_synced("555", "3")
    assert await store.synced() == {"everywhere": "2", "555": "3"}


async def test_each_migration_is_applied_once(tmp_path):
    for _ in range(2):
        store = Store(tmp_path)
        await store.open()
        await store.close()
    with sqlite3.connect(tmp_path / "tappa.db") as database:
        names = [row[0] for row in database.execute("SELECT name FROM migrations ORDER BY rowid")]
    database.close()
    assert names == [name for name, _ in MIGRATIONS]


async def test_the_database_holds_tokens_and_is_the_owners_alone(store, tmp_path):
    assert stat.S_IMODE((tmp_path / "data" / "tappa.db").stat().st_mode) == 0o600


async def test_a_data_directory_that_is_a_file_is_a_storage_error(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match=r"data.*cannot be used"):
        await Store(tmp_path / "data").open()


async def test_a_database_that_is_none_is_a_storage_error(tmp_path):
    (tmp_path / "tappa.db").write_bytes(b"not a database at all, and long enough to be read as one" * 100)
    store = Store(tmp_path)
    with pytest.raises(StorageError, match=r"tappa\.db: cannot be used"):
        await store.open()
    await store.close()


async def test_a_closed_store_says_so(store):
    await store.close()
    with pytest.raises(StorageError, match="not open"):
        await store.get("a")
