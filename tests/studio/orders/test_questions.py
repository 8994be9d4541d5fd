"""What one order costs the bot's own process: storyboards laid out, and statements sent to the database."""

from __future__ import annotations

import sys
from collections import Counter
from unittest.mock import AsyncMock

import pytest

from engine.errors import LimitError
from engine.recipe.recipe import Giro, Stage
from engine.storyboard import builder
from studio.config.config import Config, LimitsConfig
from studio.config.config_file import ConfigFile
from studio.store import Store
from studio.store.database import Database
from studio.studio import Studio
from tests.fakes.engine import FakeEngine
from tests.fakes.orders import ADA, SERVER, order

GIRO = Giro(stages=(Stage("a road", 5), Stage("a hill", 4)), seed=7)
STATEMENTS_AT_OPENING = 2
"""Which jobs are open, and what is paused."""

LIMITS = LimitsConfig(cooldown_seconds=1, daily_seconds=80_000)


class Counts:
    """How many storyboards the studio has laid out, and the statements that it has run."""

    def __init__(self) -> None:
        self.storyboards = 0
        self.statements: list[str] = []

    def assert_no_question_was_asked_twice(self) -> None:
        asked = Counter(sql for sql in self.statements if sql.startswith("SELECT"))
        assert [sql for sql, times in asked.items() if times > 1] == []


@pytest.fixture
def counts(monkeypatch):
    counts = Counts()
    build, rows = builder.build_storyboard, Database.rows

    def counted_build(recipe, settings):
        counts.storyboards += 1
        return build(recipe, settings)

    async def counted_rows(database, sql, *values):
        counts.statements.append(sql)
        return await rows(database, sql, *values)

    for name, module in list(sys.modules.items()):
        if name.startswith("studio.") and hasattr(module, "build_storyboard"):
            monkeypatch.setattr(module, "build_storyboard", counted_build)
    monkeypatch.setattr(Database, "rows", counted_rows)
    monkeypatch.setattr(Studio, "prune", AsyncMock())  # at the start of every studio, and none of an order's
    return counts


async def deliver_giro(data, engine):
    """Take a giro from its order to its delivery, as the cogs do."""
    studio = Studio(ConfigFile.without_file(Config(limits=LIMITS)), engine, Store(data))
    await studio.open()
    record = await studio.submit(order(GIRO))
    engine.load()
    engine.accept(record.id)
    for frame in range(1, GIRO.frames + 1):
        engine.progress(record.id, frame)
        engine.preview(record.id, frame)
    engine.finish(record.id)
    async for snapshot in studio.watch(record.id, every=60):
        last = snapshot.record
    assert last.state == "done"
    await studio.history.parent(last)
    await studio.mark_delivered(record.id)
    await studio.close()


async def test_of_an_order_that_the_engine_has_planned_nothing_is_asked_or_laid_out_twice(tmp_path, counts):
    await deliver_giro(tmp_path, FakeEngine())
    counts.assert_no_question_was_asked_twice()
    assert counts.storyboards == 0, "the engine has counted the denoising steps"
    assert len(counts.statements) - STATEMENTS_AT_OPENING == 12


async def test_of_an_order_to_an_engine_that_is_loading_the_storyboard_is_laid_out_once(tmp_path, counts):
    await deliver_giro(tmp_path, FakeEngine(loaded=False))
    counts.assert_no_question_was_asked_twice()
    assert counts.storyboards == 1
    assert len(counts.statements) - STATEMENTS_AT_OPENING == 13, "the plan comes later, and is written down then"


async def test_what_was_changed_meanwhile_is_seen_all_the_same(tmp_path, monkeypatch):
    """An admin blocks a member while the engine looks at their order."""
    engine, store = FakeEngine(), Store(tmp_path)
    studio = Studio(ConfigFile.without_file(Config()), engine, store)
    await studio.open()
    check = engine.check

    async def check_while_blocking(*given):
        await studio.administration.block(SERVER, ADA)
        return await check(*given)

    monkeypatch.setattr(engine, "check", check_while_blocking)
    with pytest.raises(LimitError, match="blocked you here"):
        await studio.submit(order(GIRO))
    await studio.close()
