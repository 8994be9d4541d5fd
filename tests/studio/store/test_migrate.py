"""Migrations: a database of any earlier version becomes one of this, and what was released stays as it was."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sqlite3
from pathlib import Path

import pytest

from engine.sentence import Sentence
from studio.store import Store
from studio.store.migrate import load_migrations
from tests.studio.store.test_jobs import job

RELEASED = {
    "jobs": "feffe0868851e497",
    "synced commands": "fed779e06b11d14f",
    "jobs of a community": "a269f0d35aa3db44",
    "charges": "7ec1502b358a1fc0",
    "members": "495af83be685f310",
    "gallery": "d315d083fb107318",
    "errors as sentences": "fb054f313cd2a378",
    "rules": "ffcce433b04645bd",
    "failures that cost": "28870fdc0575bb33",
    "shares for adults": "e1b12b736708cde8",
    "jobs by channel": "726a315558d9246a",
    "what members were told": "8426ec11a2ab502f",
    "names of the blocked": "5e2f3e48a365894c",
    "homes of shares": "29108690480b45da",
    "shares of digests": "8c40cc8e55239aea",
    "forms": "ebf184cdadbd7189",
    "jobs by age": "6a28e34f787113cd",
    "ceilings": "36cb809750fea7d3",
}
"""The beginning of the SHA-256 of each released step's SQL, without the comment above it."""


async def opened_schema(data: Path) -> dict[str, str]:
    """Open a store, and return its schema by name."""
    store = Store(data)
    await store.open()
    await store.close()
    with contextlib.closing(sqlite3.connect(data / "tappa.db")) as database:
        return dict(database.execute("SELECT name, sql FROM sqlite_master"))


def test_no_released_step_was_edited():
    released = {name: re.sub(r"\A(--.*\n)+", "", sql) for name, sql in load_migrations().items()}
    digests = {name: hashlib.sha256(sql.encode()).hexdigest()[:16] for name, sql in released.items()}
    assert list(digests.items())[: len(RELEASED)] == list(RELEASED.items())


async def test_each_step_is_done_once_and_remembered_by_name(tmp_path):
    for _ in range(2):
        await opened_schema(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "tappa.db")) as database:
        names = [row[0] for row in database.execute("SELECT name FROM migrations ORDER BY rowid")]
    assert names == list(load_migrations())


@pytest.mark.parametrize("steps", range(len(RELEASED)))
async def test_a_database_of_every_earlier_version_opens_and_ends_up_the_same(tmp_path, steps):
    with contextlib.closing(sqlite3.connect(tmp_path / "tappa.db")) as database:
        database.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, applied REAL NOT NULL) STRICT")
        for name, sql in list(load_migrations().items())[:steps]:
            database.executescript(f"BEGIN; {sql} INSERT INTO migrations VALUES ('{name}', 1.0); COMMIT;")
    schema = await opened_schema(tmp_path)
    (tmp_path / "new").mkdir()
    new = await opened_schema(tmp_path / "new")
    assert schema.keys() == new.keys()
    assert {name: sql for name, sql in schema.items() if name != "migrations"} == {
        name: sql for name, sql in new.items() if name != "migrations"
    }


async def test_an_error_from_before_there_were_templates_keeps_its_words(tmp_path):
    store = Store(tmp_path)
    await store.open()
    await store.jobs.add(job(state="failed"))
    await store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "tappa.db")) as database, database:
        database.execute("UPDATE jobs SET error = 'No {such} “word”.'")
        database.execute("DELETE FROM migrations WHERE name = 'errors as sentences'")
    await store.open()
    assert (await store.jobs.get("a")).error == Sentence("{words}", {"words": "No {such} “word”."})
    await store.close()
