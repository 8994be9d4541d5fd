"""The data behind members' forms, open or refused, so that nothing typed is lost."""

from __future__ import annotations

import time

from studio.store.database import Database


class OpenForms:
    """Texts under a key, for what does not fit into a form's custom_id of a hundred characters.

    A member's latest twenty are kept, for two days. All methods raise StorageError if the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, key: str, member: str, text: str) -> None:
        sql = "INSERT OR REPLACE INTO forms (key, member_id, text, kept) VALUES (?, ?, ?, ?)"
        await self._database.rows(sql, key, member, text, time.time())

    async def find(self, key: str, member: str) -> str | None:
        """Return a member's text under a key; None if it is not kept any more, or somebody else's."""
        row = await self._database.row("SELECT text FROM forms WHERE key = ? AND member_id = ?", key, member)
        return str(row["text"]) if row else None

    async def prune(self, before: float) -> None:
        await self._database.rows("DELETE FROM forms WHERE kept < ?", before)
