"""The commands that Discord knows."""

from __future__ import annotations

from studio.store.database import Database


class SyncedCommands:
    """Remembers which commands were last sent where, so that an unchanged list is not sent again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_digests(self) -> dict[str, str]:
        """Return a digest of the commands last sent to Discord, by target."""
        rows = await self._database.rows("SELECT target, digest FROM synced")
        return {row["target"]: row["digest"] for row in rows}

    async def save_digest(self, target: str, digest: str) -> None:
        await self._database.rows("INSERT OR REPLACE INTO synced VALUES (?, ?)", target, digest)
