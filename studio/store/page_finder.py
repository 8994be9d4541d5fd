"""Which share stands where, in each order that a gallery can be looked through.

Every order is an index of the schema, and a page is found by walking it: passing over an entry costs some tens of
nanoseconds, for it holds all that decides. Only the one share that is shown is read itself.
"""

from __future__ import annotations

import hashlib
import time
from typing import Literal, assert_never

import msgspec
from cachetools import LRUCache

from studio.store.database import Database
from studio.store.search_words import search_expression

SortOrder = Literal["new", "top", "random", "member", "search", "saved"]

TOP_SECONDS = 7 * 24 * 60 * 60
"""How far "top" looks back."""

CIRCLE = 2**62
"""Points on the circle on which shares are placed at random, for the random order."""

_MAX_CACHED_COUNTS = 1000
"""Number of searches whose counts are cached until something is shared or deleted."""

_SORTABLE_SHARES = 2000
"""Up to this many shares of a week are sorted rather than found by walking all shares."""


class PageQuery(msgspec.Struct, frozen=True):
    """Which shares of a server, in which order.

    Attributes:
        server: its id.
        order: new: newest first; top: most votes first, among those of the last seven days; random: shuffled, and the
            same argument gives the same order; member, saved: newest first, those that the member whose id is the
            argument made or kept; search: newest first, those that hold every word of the argument, the last of which
            may be unfinished.
        argument: what the order needs to know.
    """

    server: str
    order: SortOrder = "new"
    argument: str = ""


class PagePosition(msgspec.Struct, frozen=True):
    """Row number of the share on a page, the page's index from 0, and the number of pages."""

    number: int
    offset: int
    total: int


class PageFinder:
    """Finds the share on a page, and counts how many pages there are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: LRUCache[str, int] = LRUCache(_MAX_CACHED_COUNTS)
        self._changes = 0

    def invalidate_counts(self) -> None:
        """Drop cached counts, because something was added or deleted."""
        self._changes += 1
        self._counts.clear()

    async def find(self, query: PageQuery, offset: int) -> PagePosition | None:
        """Return where a page is; an offset past either end gives the page at that end. None if there is no page."""
        if query.order == "search" and offset <= 0:
            return await self._find_first_match(query)
        total = await self._total(query)
        if total == 0:
            return None
        offset = min(max(offset, 0), total - 1)
        number = await self._number(query, offset)
        return None if number is None else PagePosition(number, offset, total)

    async def _find_first_match(self, query: PageQuery) -> PagePosition | None:
        """Find the first page of a search and the number of pages in one pass: it is requested most."""
        if not (expression := search_expression(query.server, query.argument)):
            return None
        sql = "SELECT max(rowid), count(*) FROM share_words WHERE share_words MATCH ?"
        changes = self._changes
        row = await self._database.row(sql, expression)
        if row is None or row[1] == 0:
            return None
        self._remember(expression, row[1], changes)
        return PagePosition(row[0], 0, row[1])

    async def _count_matches(self, server: str, typed: str) -> int:
        """Count what a search finds; cached, for counting takes as long as finding the page."""
        if not (expression := search_expression(server, typed)):
            return 0
        if (known := self._counts.get(expression)) is not None:
            return known
        changes = self._changes
        total = await self._value("SELECT count(*) FROM share_words WHERE share_words MATCH ?", expression) or 0
        self._remember(expression, total, changes)
        return total

    def _remember(self, expression: str, total: int, changes: int) -> None:
        if changes == self._changes:  # else it was counted before a share was added or deleted
            self._counts[expression] = total

    async def _total(self, query: PageQuery) -> int:
        server, argument = query.server, query.argument
        match query.order:
            case "new" | "random":
                return await self._value("SELECT shares FROM gallery_totals WHERE server = ?", server) or 0
            case "top":
                sql = "SELECT count(*) FROM shares WHERE server = ? AND shared > ?"
                return await self._value(sql, server, _top_since()) or 0
            case "member":
                sql = "SELECT count(*) FROM shares WHERE server = ? AND member_id = ?"
                return await self._value(sql, server, argument) or 0
            case "saved":
                sql = "SELECT count(*) FROM saves WHERE server = ? AND member_id = ?"
                return await self._value(sql, server, argument) or 0
            case "search":
                return await self._count_matches(server, argument)
            case _:
                assert_never(query.order)

    async def _number(self, query: PageQuery, offset: int) -> int | None:
        server, argument = query.server, query.argument
        match query.order:
            case "new":
                sql = "SELECT number FROM shares WHERE server = ? ORDER BY shared DESC, number DESC LIMIT 1 OFFSET ?"
                return await self._value(sql, server, offset)
            case "top":
                return await self._top(server, offset)
            case "random":
                return await self._random(server, argument, offset)
            case "member":
                sql = (
                    "SELECT number FROM shares WHERE server = ? AND member_id = ?"
                    " ORDER BY shared DESC, number DESC LIMIT 1 OFFSET ?"
                )
                return await self._value(sql, server, argument, offset)
            case "saved":
                sql = (
                    "SELECT number FROM shares WHERE id = (SELECT share FROM saves"
                    " WHERE server = ? AND member_id = ? ORDER BY at DESC, share DESC LIMIT 1 OFFSET ?)"
                )
                return await self._value(sql, server, argument, offset)
            case "search":
                sql = "SELECT rowid FROM share_words WHERE share_words MATCH ? ORDER BY rowid DESC LIMIT 1 OFFSET ?"
                return await self._value(sql, search_expression(server, argument), offset)
            case _:
                assert_never(query.order)

    async def _top(self, server: str, offset: int) -> int | None:
        """Sort the week's shares if they are few; else walk all shares by votes and skip the older ones."""
        since = _top_since()
        sql = "SELECT count(*) FROM (SELECT 1 FROM shares WHERE server = ? AND shared > ? LIMIT ?)"
        few = (await self._value(sql, server, since, _SORTABLE_SHARES) or 0) < _SORTABLE_SHARES
        index = "shares_by_age" if few else "shares_by_votes"
        return await self._value(
            f"SELECT number FROM shares INDEXED BY {index} WHERE server = ? AND shared > ?"
            " ORDER BY votes DESC, shared DESC, number DESC LIMIT 1 OFFSET ?",
            server,
            since,
            offset,
        )

    async def _random(self, server: str, seed: str, offset: int) -> int | None:
        """Walk the circle from the seed's position, in the seed's direction: nothing comes twice.

        What is added or deleted meanwhile moves the rest by one place at most, as in every other order.
        """
        drawn = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=8).digest(), "big")
        start, direction = drawn % CIRCLE, "DESC" if drawn >> 63 else "ASC"
        ahead, behind = (">=", "<") if direction == "ASC" else ("<=", ">")
        before_seam = await self._value(
            f"SELECT count(*) FROM shares WHERE server = ? AND shuffle {ahead} ?", server, start
        )
        side, steps = (ahead, offset) if offset < (before_seam or 0) else (behind, offset - (before_seam or 0))
        return await self._value(
            f"SELECT number FROM shares WHERE server = ? AND shuffle {side} ?"
            f" ORDER BY shuffle {direction}, number {direction} LIMIT 1 OFFSET ?",
            server,
            start,
            steps,
        )

    async def _value(self, sql: str, *values: object) -> int | None:
        found: int | None = await self._database.value(sql, *values)
        return found


def _top_since() -> float:
    return time.time() - TOP_SECONDS
