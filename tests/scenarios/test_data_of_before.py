"""A data directory that version 0.1 left behind, with jobs under way, as the files of the repository then wrote it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tarfile
import time
from pathlib import Path

import msgspec
import pytest

from cogs.orders.request import RenderRequest
from cogs.orders.stages_form import read_draft
from engine.client.client import EngineClient
from engine.recipe.recipe import Focus, Zoom
from studio.config.config_file import ConfigFile
from studio.gallery.gallery import Viewer
from studio.store import Member, Store
from studio.studio import Studio
from tests.scenarios.conftest import SMALL, frames_in

DATA = Path(__file__).parents[1] / "data" / "data-of-0.1.tar.gz"
WRITTEN = 1796136551
"""When that bot was killed, in seconds since the epoch."""
ADA, BRUNO = "1577335688330739713", "1577335688330739714"
DELIVERED, ZOOM, MORPH = "9d8c6fa62b6addbd", "7f274fcb46d46299", "2261805cfc9daa97"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The directory as if it had been written just now, so that nothing of it is too old to be kept."""
    folder = tmp_path / "data"
    with tarfile.open(DATA) as archive:
        archive.extractall(folder, filter="data")
    database, later = sqlite3.connect(folder / "tappa.db"), time.time() - WRITTEN
    for table, column in (("jobs", "created"), ("jobs", "finished"), ("shares", "shared"), ("forms", "kept")):
        database.execute(f"UPDATE {table} SET {column} = {column} + ?", (later,))
    database.commit()
    database.close()
    return folder


async def test_what_members_had_is_theirs_still_and_unfinished_jobs_go_on_from_their_frames(data: Path) -> None:
    config = data / "config.toml"
    config.write_text(SMALL)
    configuration = ConfigFile.read(config)
    engine = EngineClient(configuration.current.engine_setup, data / "spool")
    studio = Studio(configuration, engine, Store(data))
    await studio.open()
    try:
        assert {record.id for record in studio.list_unsettled()} == {ZOOM, MORPH}
        delivered = await studio.history.record(DELIVERED)
        assert delivered.state == "delivered"
        assert isinstance(delivered.recipe, Zoom)
        assert frames_in((await studio.renders.load(DELIVERED)).data) == 3
        assert [preset.name for preset in await studio.profiles.presets(ADA)] == ["seaside"]
        viewer = Viewer(member=Member(id=BRUNO, name="Bruno"), server=delivered.answer.server or "")
        page = await studio.gallery.page(viewer, "new", "", 0)
        assert page.share is not None
        assert (page.share.id, page.share.votes) == (DELIVERED, 1)
        found = {job: await _frames_found(studio, job) for job in (ZOOM, MORPH)}
        assert found[ZOOM] == 7
        for job, frames in ((ZOOM, 40), (MORPH, 4)):
            await _wait_done(studio, job)
            assert frames_in((await studio.renders.load(job)).data) == frames
    finally:
        await studio.close()


async def _frames_found(studio: Studio, job: str) -> int:
    async with asyncio.timeout(120):
        async for snapshot in studio.watch(job, 0.05):
            if snapshot.progress is not None or not snapshot.record.is_open:
                return snapshot.frames_found
    raise AssertionError("the job is not followed")


async def _wait_done(studio: Studio, job: str) -> None:
    async with asyncio.timeout(120):
        async for snapshot in studio.watch(job, 0.05):
            if not snapshot.record.is_open:
                assert snapshot.record.state == "done", snapshot.record.error
                return


def test_the_survey_of_a_morph_under_way_is_kept(data: Path) -> None:
    kept = sorted(path.name for path in (data / "spool" / MORPH).glob("1*.png"))
    assert kept[0] == "10000.png"
    assert json.loads((data / "spool" / MORPH / "job.json").read_text())["recipe"]["kind"] == "morph"


def test_a_form_that_was_refused_then_opens_with_what_was_typed(data: Path) -> None:
    database = sqlite3.connect(data / "tappa.db")
    ((text,),) = database.execute("SELECT text FROM forms WHERE member_id = ?", (BRUNO,)).fetchall()
    database.close()
    draft = read_draft(msgspec.json.decode(text))
    assert draft.stages == "| 5"
    assert draft.request == RenderRequest(
        kind="giro",
        options={
            "loop": False,
            "mode": None,
            "focus": msgspec.to_builtins(Focus(0.5, 0.65)),
            "camera": draft.request.options["camera"],
        },
    )
    assert draft.request.options["camera"]
