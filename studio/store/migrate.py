"""Brings a database's schema up to date.

The steps are the files `migrations/NNNN_name.sql`, in the order of their numbers; a database remembers the names of
those it has had. A step that has been released is never edited.
"""

from __future__ import annotations

import asyncio
import time
from functools import cache
from importlib import resources

import aiosqlite


@cache
def load_migrations() -> dict[str, str]:
    """Return the SQL of each step by its name, in their order; this reads files."""
    folder = resources.files("studio.store") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return {_step_name(file.name): file.read_text(encoding="utf-8") for file in files}


async def migrate(connection: aiosqlite.Connection) -> None:
    """Do the steps that are missing; each happens once, whole or not at all."""
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied REAL NOT NULL) STRICT"
    )
    rows = await connection.execute_fetchall("SELECT name FROM migrations")
    applied = {row[0] for row in rows}
    for name, script in (await asyncio.to_thread(load_migrations)).items():
        if name not in applied:
            note = f"INSERT INTO migrations VALUES ('{name}', {time.time()});"
            await connection.executescript(f"BEGIN; {script} {note} COMMIT;")


async def is_migrated(connection: aiosqlite.Connection) -> bool:
    """Return whether every step, and no other, has been done; changes nothing."""
    tables = await connection.execute_fetchall("SELECT 1 FROM sqlite_master WHERE name = 'migrations'")
    rows = await connection.execute_fetchall("SELECT name FROM migrations") if list(tables) else []
    return {row[0] for row in rows} == (await asyncio.to_thread(load_migrations)).keys()


def _step_name(file: str) -> str:
    """Return the name that stands in databases: that of 0002_synced_commands.sql is "synced commands"."""
    return file.removesuffix(".sql").partition("_")[2].replace("_", " ")
