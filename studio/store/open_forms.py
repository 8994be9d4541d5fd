"""What stands behind members' forms, open or refused, so that nothing of it is lost whatever happens meanwhile."""

from __future__ import annotations

import time

from studio.store.database import Database


class OpenForms:
    """What an id of a form's, which holds a hundred characters, has no room for: a text under a key.

    A member's latest twenty are kept, for two days. All methods raise StorageError if the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, key: str, member: str, text: str) -> None:
        """Keep what stands behind a form of a member's, in the place of what stood there before."""
        sql = "INSERT OR REPLACE INTO forms (key, member_id, text, kept) VALUES (?, ?, ?, ?)"
        await self._database.rows(sql, key, member, text, time.time())

    async def find(self, key: str, member: str) -> str | None:
        """Return what stands behind a form of a member's; None if that is not kept any more, or somebody else's."""
        row = await self._database.row("SELECT text FROM forms WHERE key = ? AND member_id = ?", key, member)
        return str(row["text"]) if row else None

    async def prune(self, before: float) -> None:
        """Forget what was kept before a time, in seconds since the epoch."""
        await self._database.rows("DELETE FROM forms WHERE kept < ?", before)
