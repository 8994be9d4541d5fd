"""What members keep for themselves, and what administrators have decided about members and servers."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from engine.recipe.recipe import Recipe, from_json, to_json
from studio.store.database import Database

EVERYWHERE = ""
"""Stands where a server's id would, for all of them and direct messages too."""


class MemberPreset(msgspec.Struct, frozen=True, kw_only=True):
    """A recipe that a member keeps under a name."""

    name: str
    recipe: Recipe
    saved: float


class BlockedMember(msgspec.Struct, frozen=True, kw_only=True):
    """A member who is blocked on a server, the name they had then, and since when, in seconds since the epoch."""

    member: str
    name: str
    since: float


class Members:
    """Presets, defaults, blocked members and paused servers.

    All methods raise StorageError if the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # ---- a member's own presets ----

    async def presets(self, member: str) -> list[MemberPreset]:
        """Return a member's presets by name."""
        rows = await self._database.rows(
            "SELECT * FROM member_presets WHERE member_id = ? ORDER BY name COLLATE NOCASE", member
        )
        return [_preset(row) for row in rows]

    async def preset(self, member: str, name: str) -> MemberPreset | None:
        """Return one of a member's presets; capitals do not matter."""
        row = await self._database.row(
            "SELECT * FROM member_presets WHERE member_id = ? AND name = ? COLLATE NOCASE", member, name
        )
        return _preset(row) if row else None

    async def save_preset(self, member: str, preset: MemberPreset) -> None:
        """Keep a preset, in the place of one of the same name, whatever the capitals: the new ones hold."""
        sql = "INSERT OR REPLACE INTO member_presets (member_id, name, recipe, saved) VALUES (?, ?, ?, ?)"
        await self._database.rows(sql, member, preset.name, to_json(preset.recipe), preset.saved)

    async def delete_preset(self, member: str, name: str) -> bool:
        """Throw a preset away; return whether there was one of that name."""
        sql = "DELETE FROM member_presets WHERE member_id = ? AND name = ? COLLATE NOCASE RETURNING name"
        return await self._database.row(sql, member, name) is not None

    # ---- a member's defaults ----

    async def defaults(self, member: str) -> dict[str, str | int | float | bool]:
        """Return what a member wants where they say nothing else, by option; nothing if they never chose."""
        row = await self._database.row("SELECT choices FROM member_defaults WHERE member_id = ?", member)
        return msgspec.json.decode(row[0], type=dict[str, str | int | float | bool]) if row else {}

    async def set_defaults(self, member: str, choices: Mapping[str, str | int | float | bool]) -> None:
        """Keep a member's defaults in the place of the earlier ones."""
        encoded = msgspec.json.encode(choices).decode()
        await self._database.rows("INSERT OR REPLACE INTO member_defaults VALUES (?, ?)", member, encoded)

    async def was_told(self, member: str, what: str) -> bool:
        sql = "SELECT 1 FROM told WHERE member_id = ? AND what = ?"
        return await self._database.row(sql, member, what) is not None

    async def mark_told(self, member: str, what: str) -> None:
        await self._database.rows("INSERT OR IGNORE INTO told VALUES (?, ?)", member, what)

    # ---- what administrators decided ----

    async def blocked_by(self, server: str | None, member: str) -> str | None:
        """Return the server where a member is blocked, EVERYWHERE if they are in all of them, None if they are not.

        Args:
            server: where they are; None in a direct message.
            member: id of who it is.
        """
        sql = "SELECT server FROM blocked WHERE server IN (?, ?) AND member_id = ? ORDER BY server LIMIT 1"
        blocker: str | None = await self._database.value(sql, server or EVERYWHERE, EVERYWHERE, member)
        return blocker

    async def block(self, server: str, who: BlockedMember) -> None:
        """Let a member order nothing more on a server; one who is blocked already stays so since then."""
        sql = "INSERT OR IGNORE INTO blocked (server, member_id, since, name) VALUES (?, ?, ?, ?)"
        await self._database.rows(sql, server, who.member, who.since, who.name)

    async def list_blocked(self, server: str) -> list[BlockedMember]:
        """Return who is blocked on a server, the latest first."""
        rows = await self._database.rows("SELECT * FROM blocked WHERE server = ? ORDER BY since DESC", server)
        return [BlockedMember(member=row["member_id"], name=row["name"], since=row["since"]) for row in rows]

    async def unblock(self, server: str, member: str) -> None:
        await self._database.rows("DELETE FROM blocked WHERE server = ? AND member_id = ?", server, member)

    async def flags(self, name: str) -> set[str]:
        """Return the servers that a flag is up for, such as "paused"; "" stands for all of them."""
        rows = await self._database.rows("SELECT server FROM flags WHERE name = ?", name)
        return {row["server"] for row in rows}

    async def raise_flag(self, name: str, server: str) -> None:
        await self._database.rows("INSERT OR IGNORE INTO flags VALUES (?, ?)", name, server)

    async def lower_flag(self, name: str, server: str) -> None:
        await self._database.rows("DELETE FROM flags WHERE name = ? AND server = ?", name, server)


def _preset(row: sqlite3.Row) -> MemberPreset:
    return MemberPreset(name=row["name"], recipe=from_json(row["recipe"]), saved=row["saved"])
