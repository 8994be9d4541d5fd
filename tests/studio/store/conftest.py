"""A store of one's own for every test, and SQLite's plans of what it does."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from studio.store import Store

_ALLOWED = re.compile(
    r"SCAN (\(subquery|CONSTANT|json_each|\w+ VIRTUAL TABLE INDEX \d+:M|jobs USING (COVERING )?INDEX jobs_unsettled)"
)
"""Steps of a plan that read only what they are meant to.

M is an FTS5 index asked for what it matches; few jobs are unsettled at a time.
"""


class Plans:
    """How SQLite would do each statement that was run, by its text: the steps, in its own words."""

    def __init__(self, path: Path) -> None:
        self.of: dict[str, list[str]] = {}
        self._path = path

    def explain(self, sql: str, values: tuple[object, ...]) -> None:
        """Ask for the plan of a statement."""
        connection = sqlite3.connect(self._path)
        self.of[sql] = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        connection.close()

    @property
    def whole_tables(self) -> list[tuple[str, str]]:
        """The steps that read all of a table which grows, and the statements they are of."""
        steps = [(step, sql) for sql, steps in self.of.items() for step in steps if step.startswith("SCAN")]
        return [(step, sql) for step, sql in steps if not _ALLOWED.match(step)]


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "data")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def plans(store, tmp_path, monkeypatch):
    """The plans of the statements that the store runs in this test."""
    plans = Plans(tmp_path / "data" / "tappa.db")
    rows = store._database.rows

    async def explained(sql, *values):
        plans.explain(sql, values)
        return await rows(sql, *values)

    monkeypatch.setattr(store._database, "rows", explained)
    return plans
