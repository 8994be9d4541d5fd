"""The real bot over real sockets, as the tests of the cogs have it."""

from __future__ import annotations

from tests.cogs.conftest import stage

__all__ = ["stage"]
