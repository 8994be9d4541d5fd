"""A store of one's own for every test."""

from __future__ import annotations

import pytest

from engine.store import Store


@pytest.fixture
async def store(tmp_path):
    store = Store(tmp_path / "data")
    await store.open()
    yield store
    await store.close()
