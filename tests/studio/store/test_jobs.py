"""The store: what it keeps over a restart, and that of two changes that race exactly one happens."""

from __future__ import annotations

import asyncio
import os
import stat
import time

import msgspec
import pytest

from engine.errors import StorageError
from engine.sentence import Sentence
from studio.store import Render, Store
from studio.store.records import JobRecord
from tests.fakes.engine import plan_of, report_of
from tests.fakes.orders import ADA, BOB, MIB, MORPH, SERVER, answer
from tests.fakes.shares import share

DAY = 24 * 60 * 60


def job(name: str = "a", **changes) -> JobRecord:
    record = JobRecord(
        id=name, recipe=MORPH, member=ADA, answer=answer(), limit_bytes=10 * MIB, created=1000.0 + ord(name[0])
    )
    return msgspec.structs.replace(record, **changes)


async def test_a_job_comes_back_as_it_was_stored(store):
    record = job(plan=plan_of(MORPH))
    await store.jobs.add(record)
    assert await store.jobs.get("a") == record


async def test_nothing_is_known_of_a_job_that_was_never_added(store):
    assert await store.jobs.get("a") is None


async def test_jobs_and_gifs_outlive_the_process(tmp_path):
    first = Store(tmp_path)
    await first.open()
    record = job()
    await first.jobs.add(record)
    await first.renders.save("a", Render(b"GIF89a", ".gif"))
    await first.close()
    second = Store(tmp_path)
    await second.open()
    assert await second.jobs.list_unsettled() == [record]
    assert (await second.renders.load("a")).data == b"GIF89a"
    await second.close()


async def test_the_life_of_a_delivered_job(store):
    await store.jobs.add(job())
    plan, report = plan_of(MORPH), report_of(MORPH)
    assert (await store.jobs.mark_planned("a", plan, ())).plan == plan
    assert (await store.jobs.mark_running("a")).state == "running"
    done = await store.jobs.mark_done("a", report)
    assert (done.state, done.report, done.is_settled) == ("done", report, False)
    delivered = await store.jobs.mark_delivered("a")
    assert (delivered.state, delivered.is_settled) == ("delivered", True)
    assert await store.jobs.list_unsettled() == []


async def test_a_failed_job_stays_open_to_its_owner_until_they_are_told(store):
    await store.jobs.add(job())
    failed = await store.jobs.mark_failed("a", Sentence("No such word."))
    assert (failed.state, str(failed.error), failed.is_open) == ("failed", "No such word.", False)
    assert await store.jobs.list_unsettled() == [failed]
    await store.jobs.mark_settled("a")
    assert await store.jobs.list_unsettled() == []


async def test_of_done_and_cancelled_only_the_first_happens(store):
    await store.jobs.add(job())
    outcomes = await asyncio.gather(store.jobs.mark_cancelled("a"), store.jobs.mark_done("a", report_of(MORPH)))
    assert [outcome.state for outcome in outcomes if outcome] == [(await store.jobs.get("a")).state]


@pytest.mark.parametrize(
    ("late", "arguments"),
    [
        ("mark_running", ()),
        ("mark_planned", (plan_of(MORPH), ())),
        ("mark_done", (report_of(MORPH),)),
        ("mark_failed", ("Too late.",)),
        ("mark_cancelled", ()),
        ("reopen", (1000,)),
        ("mark_settled", ()),
    ],
)
async def test_what_comes_after_the_delivery_changes_nothing(store, late, arguments):
    await store.jobs.add(job())
    await store.jobs.mark_done("a", report_of(MORPH))
    before = await store.jobs.mark_delivered("a")
    assert await getattr(store.jobs, late)("a", *arguments) is None
    assert await store.jobs.get("a") == before


async def test_a_job_that_is_too_large_goes_back_to_the_engine_with_its_new_limit(store):
    await store.jobs.add(job())
    await store.jobs.mark_done("a", report_of(MORPH))
    smaller = await store.jobs.reopen("a", 1000)
    assert (smaller.state, smaller.limit_bytes) == ("running", 1000)
    assert (await store.jobs.mark_done("a", report_of(MORPH))).state == "done"


async def test_the_answer_can_move_whatever_the_state(store):
    await store.jobs.add(job())
    await store.jobs.mark_failed("a", Sentence("No."))
    elsewhere = answer(message="901")
    assert (await store.jobs.move_answer("a", elsewhere)).answer == elsewhere


async def test_open_jobs_are_counted_by_member_and_by_server(store):
    await store.jobs.add(job("a"))
    await store.jobs.add(job("b", member=BOB))
    await store.jobs.add(job("c", answer=answer(server=None)))
    await store.jobs.add(job("d"))
    await store.jobs.mark_cancelled("d")
    assert await store.jobs.count_open(member=ADA.id) == 2
    assert await store.jobs.count_open(server=SERVER) == 2


async def test_a_members_latest_jobs_come_newest_first(store):
    for name in "abc":
        await store.jobs.add(job(name))
    await store.jobs.add(job("d", member=BOB))
    assert [record.id for record in await store.jobs.list_recent(ADA.id, "morph", 2)] == ["c", "b"]
    assert await store.jobs.list_recent(ADA.id, "zoom", 2) == []


async def test_old_settled_jobs_and_gifs_are_pruned_and_unsettled_ones_kept(store, tmp_path):
    old, new = time.time() - 40 * DAY, time.time()
    for name, created in {"a": old, "b": old, "c": new}.items():
        await store.jobs.add(job(name, created=created))
        await store.renders.save(name, Render(b"GIF89a", ".gif"))
        os.utime(tmp_path / "data" / "renders" / f"{name}.gif", (created, created))
    for name in "ac":
        await store.jobs.mark_cancelled(name)
        await store.jobs.mark_settled(name)
    await store.sweep(await store.prune(30))
    assert await store.jobs.get("a") is None
    for name in "bc":
        assert await store.jobs.get(name) is not None
        assert (await store.renders.load(name)).data == b"GIF89a"
    with pytest.raises(StorageError):
        await store.renders.load("a")


async def test_a_server_may_keep_them_for_fewer_days_with_all_their_files(store, tmp_path):
    """What was shared stays as long as the share, and what is elsewhere as long as everything does."""
    for number, server in enumerate((SERVER, SERVER, "777", None)):
        await store.jobs.add(job(str(number), answer=answer(server=server), created=time.time() - 5 * DAY))
        await store.renders.save(str(number), Render(b"GIF89a", ".gif"))
        await store.renders.save_tries(str(number), b"PNG")
        await store.jobs.mark_cancelled(str(number))
        await store.jobs.mark_settled(str(number))
    await store.shares.add(share(id="1", server=SERVER))
    forgotten = await store.prune(30, own_days={SERVER: 4})
    assert forgotten == ["0"]
    await store.sweep(forgotten)
    assert [await store.jobs.get(str(number)) is not None for number in range(4)] == [False, True, True, True]
    left = {path.name for path in (tmp_path / "data" / "renders").iterdir()}
    assert left == {f"{number}{ending}" for number in "123" for ending in (".gif", ".tries.png")}


async def test_all_may_be_kept_for_fewer_days_and_on_a_server_for_more(store, tmp_path):
    for name, server in {"a": SERVER, "b": "777", "c": None}.items():
        created = time.time() - 5 * DAY
        await store.jobs.add(job(name, answer=answer(server=server), created=created))
        await store.renders.save(name, Render(b"GIF89a", ".gif"))
        os.utime(tmp_path / "data" / "renders" / f"{name}.gif", (created, created))
        await store.jobs.mark_cancelled(name)
        await store.jobs.mark_settled(name)
    forgotten = await store.prune(30, unshared_days=4, own_days={SERVER: 20})
    assert sorted(forgotten) == ["b", "c"]
    await store.sweep(forgotten)
    assert [path.stem for path in (tmp_path / "data" / "renders").iterdir()] == ["a"]


async def test_no_statement_reads_every_job(store, plans):
    for name in "abcd":
        await store.jobs.add(job(name))
    await store.jobs.get("a")
    await store.jobs.list_unsettled()
    await store.jobs.count_open(member=ADA.id)
    await store.jobs.count_open(server=SERVER)
    for kind in ("morph", None):
        await store.jobs.list_recent(ADA.id, kind, 9)
    await store.jobs.list_finished(ADA.id, 9)
    await store.jobs.list_in_channel("700", SERVER, 9)
    await store.jobs.mark_planned("a", plan_of(MORPH), ())
    await store.jobs.mark_running("a")
    await store.jobs.mark_done("a", report_of(MORPH))
    await store.jobs.reopen("a", 1000)
    await store.jobs.mark_done("a", report_of(MORPH))
    await store.jobs.reopen("a")
    await store.jobs.mark_done("a", report_of(MORPH))
    await store.jobs.move_answer("a", answer())
    await store.jobs.mark_delivered("a")
    await store.jobs.mark_failed("b", Sentence("No."))
    await store.jobs.mark_settled("b")
    await store.jobs.mark_refused("c", Sentence("No."))
    await store.jobs.mark_cancelled("d")
    await store.jobs.filter_unknown(["a"])
    await store.jobs.prune(time.time(), {SERVER: time.time()})
    assert len(plans.of) > 20
    assert plans.whole_tables == []
    (pruning,) = (steps for sql, steps in plans.of.items() if "DELETE" in sql)
    assert "MATERIALIZE own" in pruning, "the limits of all servers are read anew for each job"


class TestSweeping:
    """What lies among the renders and belongs to nothing is thrown away, whatever else is wrong there."""

    @pytest.fixture
    def renders(self, store, tmp_path):
        return tmp_path / "data" / "renders"

    async def test_a_file_of_neither_a_job_nor_a_share_goes_after_an_hour(self, store, renders):
        await store.jobs.add(job("a"))
        await store.shares.add(share(id="b"))
        for name in ("a.gif", "b.gif", "c.gif", "c.tries.png", "d.partial", "fresh.gif"):
            (renders / name).write_bytes(b"GIF89a")
            written = time.time() - (3500 if name == "fresh.gif" else 3700)
            os.utime(renders / name, (written, written))
        await store.sweep([])
        assert {path.name for path in renders.iterdir()} == {"a.gif", "b.gif", "fresh.gif"}

    async def test_a_file_that_vanishes_meanwhile_stops_nothing(self, store, renders):
        """A link that leads nowhere is listed and yet not there, like one that is renamed at this moment."""
        for name in ("a", "z"):
            (renders / f"{name}.gif").write_bytes(b"GIF89a")
            os.utime(renders / f"{name}.gif", (1000, 1000))
        (renders / "m.gif").symlink_to("nowhere")
        await store.sweep([])
        assert [path.name for path in renders.iterdir()] == ["m.gif"]

    async def test_what_was_forgotten_goes_at_once_and_one_that_cannot_keeps_no_other(self, store, renders):
        for name in ("a", "z"):
            (renders / f"{name}.gif").write_bytes(b"GIF89a")
        (renders / "m.gif").mkdir()
        with pytest.raises(StorageError, match="a file cannot be removed"):
            await store.sweep(["a", "m", "z"])
        assert [path.name for path in renders.iterdir()] == ["m.gif"]


async def test_a_saved_gif_leaves_no_partial_file(store, tmp_path):
    await store.renders.save("a", Render(b"first", ".gif"))
    await store.renders.save("a", Render(b"second", ".gif"))
    assert [path.name for path in (tmp_path / "data" / "renders").iterdir()] == ["a.gif"]
    assert (await store.renders.load("a")).data == b"second"


async def test_a_gif_whose_saving_is_called_off_half_way_is_saved_all_the_same(store):
    saving = asyncio.create_task(store.renders.save("a", Render(b"GIF89a", ".gif")))
    await asyncio.sleep(0)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert (await store.renders.load("a")).data == b"GIF89a"


async def test_the_digest_of_the_commands_is_remembered_by_target(store):
    await store.commands.save_digest("everywhere", "1")
    await store.commands.save_digest("everywhere", "2")
    await store.commands.save_digest("555", "3")
    assert await store.commands.load_digests() == {"everywhere": "2", "555": "3"}


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
        await store.jobs.get("a")


async def test_what_was_changed_of_an_order_is_remembered(store):
    notes = (Sentence("At most {limit} frames are allowed here.", {"limit": 3}),)
    await store.jobs.add(job(notes=notes))
    assert (await store.jobs.get("a")).notes == notes
