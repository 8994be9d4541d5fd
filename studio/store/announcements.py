"""What the bot posts on its own, each exactly once.

An announcement is stored before it is posted and again afterwards. If the bot stopped in between, whoever posts it
looks first whether it is there already.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal

import msgspec

from engine.protocol.messages import JobId
from studio.store.database import Database

Purpose = Literal["showcase", "digest"]


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be posted once.

    Attributes:
        server: id of where.
        subject: what of, such as a share's id or the name of a week.
        since: when it was decided on or, later, sent for the last time, in seconds since the epoch.
        channel, message: where it was posted; None while that is not known.
        about: the shares that a digest shows, the best first.
    """

    purpose: Purpose
    server: str
    subject: str
    since: float
    channel: str | None = None
    message: str | None = None
    about: tuple[JobId, ...] = ()


class Announcements:
    """All announcements. All methods raise StorageError if the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, announcement: Announcement) -> Announcement:
        """Store an announcement unless it is there already; return what is stored."""
        await self._database.rows(
            "INSERT INTO announcements (purpose, server, subject, since) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            announcement.purpose,
            announcement.server,
            announcement.subject,
            announcement.since,
        )
        return await self.find(announcement.purpose, announcement.server, announcement.subject) or announcement

    async def find(self, purpose: Purpose, server: str, subject: str) -> Announcement | None:
        sql = "SELECT * FROM announcements WHERE purpose = ? AND server = ? AND subject = ?"
        row = await self._database.row(sql, purpose, server, subject)
        return _announcement(row) if row else None

    async def list_orphaned(self, server: str) -> list[Announcement]:
        """Return what stands in a server's showcase although it is not shared any more."""
        rows = await self._database.rows(
            "SELECT * FROM announcements WHERE purpose = 'showcase' AND server = ? AND message IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM shares WHERE shares.id = announcements.subject)",
            server,
        )
        return [_announcement(row) for row in rows]

    async def list_outdated(self, server: str) -> list[Announcement]:
        """Return a server's digests that show something that is not shared any more."""
        rows = await self._database.rows(
            "SELECT * FROM announcements WHERE purpose = 'digest' AND server = ? AND message IS NOT NULL AND EXISTS"
            " (SELECT 1 FROM json_each(about) WHERE NOT EXISTS (SELECT 1 FROM shares WHERE shares.id = value))",
            server,
        )
        return [_announcement(row) for row in rows]

    async def mark_sending(self, announcement: Announcement, shares: Iterable[JobId], now: float) -> None:
        """Note that an announcement is about to be sent, and which shares it is going to show."""
        await self._update(announcement, "about = ?, since = ?", msgspec.json.encode(tuple(shares)).decode(), now)

    async def set_shares(self, announcement: Announcement, shares: Iterable[JobId]) -> None:
        await self._update(announcement, "about = ?", msgspec.json.encode(tuple(shares)).decode())

    async def mark_posted(self, announcement: Announcement, channel: str, message: str) -> None:
        await self._update(announcement, "channel = ?, message = ?", channel, message)

    async def mark_withdrawn(self, announcement: Announcement) -> None:
        await self._update(announcement, "channel = NULL, message = NULL")

    async def _update(self, announcement: Announcement, change: str, *values: object) -> None:
        await self._database.rows(
            f"UPDATE announcements SET {change} WHERE purpose = ? AND server = ? AND subject = ?",
            *values,
            announcement.purpose,
            announcement.server,
            announcement.subject,
        )


def _announcement(row: sqlite3.Row) -> Announcement:
    return msgspec.convert({**dict(row), "about": msgspec.json.decode(row["about"])}, Announcement)
