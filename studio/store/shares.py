"""What members have shared with their server."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Sequence

import msgspec

from engine.protocol.messages import JobId
from engine.recipe.prompts import texts_of
from engine.recipe.recipe import from_json, to_json
from studio.store.database import Database
from studio.store.page_finder import CIRCLE, PageFinder, PageQuery
from studio.store.records import Member, Share
from studio.store.search_words import scope_words, search_expression, words_of
from studio.store.suggestions import Suggestions, suggestions_of


class SharePage(msgspec.Struct, frozen=True):
    """One share of several: the `offset`-th of `total`, counted from 0; None where there is none at all."""

    share: Share | None
    offset: int
    total: int


class Shares:
    """Every share of every server; no query reads those of another server than its own.

    All methods raise StorageError if the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages = PageFinder(database)
        self.suggest = Suggestions(database).suggest

    # ---- one share ----

    async def add(self, share: Share) -> bool:
        """Show a render to its server; return False if it was shared before."""
        texts = [word for text in texts_of(share.recipe) for word in words_of(text)]
        row = {
            "id": share.id,
            "server": share.server,
            "member_id": share.member.id,
            "member_name": share.member.name,
            "recipe": to_json(share.recipe),
            "model": share.model,
            "width": share.width,
            "height": share.height,
            "frames": share.frames,
            "created": share.created,
            "shared": share.shared,
            "parent": share.parent,
            "parent_maker": share.parent_maker,
            "channel": share.channel,
            "message": share.message,
            "home": share.home,
            "nsfw": share.nsfw,
            "adults_only": share.adults_only,
            "shuffle": random.SystemRandom().randrange(CIRCLE),
            "words": scope_words(share.server, texts),
            "prompts": "[]" if share.nsfw else suggestions_of(share.server, share.recipe),
        }
        added = await self._database.insert("shares", row, "ON CONFLICT (id) DO NOTHING")
        self._pages.invalidate_counts()
        return added is not None

    async def get(self, share: JobId) -> Share | None:
        row = await self._database.row("SELECT * FROM shares WHERE id = ?", share)
        return _share(row) if row else None

    async def delete(self, share: JobId) -> Share | None:
        """Take a share back, with its votes; return it as it was, None if there was none."""
        row = await self._database.row("DELETE FROM shares WHERE id = ? RETURNING *", share)
        self._pages.invalidate_counts()
        return _share(row) if row else None

    async def forget_message(self, share: JobId) -> None:
        await self._database.rows("UPDATE shares SET message = NULL WHERE id = ?", share)

    # ---- votes and saves ----

    async def vote(self, share: JobId, member: str) -> tuple[Share, bool] | None:
        """Give a member's vote on another's share, or take it back.

        Return the share afterwards and whether the vote is on it; None if there is no such share.
        """
        given = await self._database.row(
            "INSERT INTO votes (share, member_id, at) SELECT id, ?, ? FROM shares WHERE id = ? AND member_id <> ?"
            " ON CONFLICT DO NOTHING RETURNING share",
            member,
            time.time(),
            share,
            member,
        )
        if given is None:
            await self._database.rows("DELETE FROM votes WHERE share = ? AND member_id = ?", share, member)
        found = await self.get(share)
        return (found, given is not None) if found else None

    async def save(self, share: JobId, member: str) -> bool:
        """Keep a share in a member's list; return False if there is no such share or it is there already."""
        row = await self._database.row(
            "INSERT INTO saves (member_id, server, share, at) SELECT ?, server, id, ? FROM shares WHERE id = ?"
            " ON CONFLICT DO NOTHING RETURNING share",
            member,
            time.time(),
            share,
        )
        return row is not None

    async def unsave(self, share: JobId, member: str) -> bool:
        """Take a share off a member's list; return whether it was there."""
        sql = "DELETE FROM saves WHERE share = ? AND member_id = ? RETURNING share"
        return await self._database.row(sql, share, member) is not None

    # ---- many ----

    async def page(self, query: PageQuery, offset: int) -> SharePage:
        """Return one share of a query; an offset past either end gives the share at that end."""
        position = await self._pages.find(query, offset)
        if position is None:
            return SharePage(None, 0, 0)
        row = await self._database.row("SELECT * FROM shares WHERE number = ?", position.number)
        return SharePage(_share(row) if row else None, position.offset, position.total)

    async def best(self, server: str, since: float, until: float, count: int) -> list[Share]:
        """Return the shares of a time with the most votes, the best first; times in seconds since the epoch."""
        rows = await self._database.rows(
            "SELECT * FROM shares INDEXED BY shares_by_age WHERE server = ? AND shared >= ? AND shared < ?"
            " ORDER BY votes DESC, shared DESC, number DESC LIMIT ?",
            server,
            since,
            until,
            count,
        )
        return [_share(row) for row in rows]

    async def list_recently_voted(self, server: str, votes: int, since: float) -> list[Share]:
        """Return the shares with at least `votes` votes, one of them given after a time since the epoch."""
        rows = await self._database.rows(
            "SELECT * FROM shares WHERE server = ? AND votes >= ?"
            " AND id IN (SELECT share FROM votes WHERE at > ?) ORDER BY shared",
            server,
            votes,
            since,
        )
        return [_share(row) for row in rows]

    async def search(self, server: str, typed: str, count: int) -> list[Share]:
        """Return the newest shares of a server that hold every word typed; nothing typed finds all."""
        if wanted := search_expression(server, typed):
            rows = await self._database.rows(
                "SELECT * FROM shares WHERE number IN"
                " (SELECT rowid FROM share_words WHERE share_words MATCH ? ORDER BY rowid DESC LIMIT ?)"
                " ORDER BY number DESC",
                wanted,
                count,
            )
        else:
            sql = "SELECT * FROM shares WHERE server = ? ORDER BY shared DESC LIMIT ?"
            rows = await self._database.rows(sql, server, count)
        return [_share(row) for row in rows]

    async def servers(self) -> list[str]:
        rows = await self._database.rows("SELECT server FROM gallery_totals WHERE shares > 0")
        return [row["server"] for row in rows]

    async def list_shared_before(
        self, server: str, before: float, *, home: str | None = None
    ) -> list[tuple[JobId, str]]:
        """Return the id and the home channel of shares from before a time since the epoch, of one home if given."""
        rows = await self._database.rows(
            "SELECT id, coalesce(nullif(home, ''), channel) AS home FROM shares WHERE server = ? AND shared < ?",
            server,
            before,
        )
        found = [(row["id"], row["home"]) for row in rows]
        return [share for share in found if home is None or share[1] == home]

    async def list_by_member(self, server: str, member: str) -> list[JobId]:
        rows = await self._database.rows("SELECT id FROM shares WHERE server = ? AND member_id = ?", server, member)
        return [row["id"] for row in rows]

    async def list_of_server(self, server: str) -> list[Share]:
        """Return everything that is shared with a server, newest first: for an export, not for a member who waits."""
        rows = await self._database.rows("SELECT * FROM shares WHERE server = ? ORDER BY shared DESC, id", server)
        return [_share(row) for row in rows]

    async def filter_unshared(self, jobs: Sequence[JobId]) -> list[JobId]:
        shared = await self._database.filter_known("shares", jobs)
        return [job for job in jobs if job not in shared]


def _share(row: sqlite3.Row) -> Share:
    values = {
        **dict(row),
        "member": Member(id=row["member_id"], name=row["member_name"]),
        "recipe": from_json(row["recipe"]),
        "nsfw": bool(row["nsfw"]),
        "adults_only": bool(row["adults_only"]),
    }
    return msgspec.convert(values, Share)
