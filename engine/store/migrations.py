"""The database's schema, as the steps that lead to it. A step that has been released is never edited."""

from __future__ import annotations

import time

import aiosqlite

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "jobs",
        """
        CREATE TABLE jobs (
            id          TEXT PRIMARY KEY,
            recipe      TEXT NOT NULL,
            kind        TEXT NOT NULL,
            member_id   TEXT NOT NULL,
            member_name TEXT NOT NULL,
            server      TEXT,
            answer      TEXT NOT NULL,
            limit_bytes INTEGER NOT NULL,
            state       TEXT NOT NULL,
            settled     INTEGER NOT NULL DEFAULT 0,
            plan        TEXT,
            report      TEXT,
            error       TEXT NOT NULL DEFAULT '',
            created     REAL NOT NULL,
            finished    REAL
        ) STRICT;
        CREATE INDEX jobs_unsettled ON jobs (created) WHERE settled = 0;
        CREATE INDEX jobs_of_member ON jobs (member_id, created);
        """,
    ),
    (
        "synced commands",
        """
        CREATE TABLE synced (
            target TEXT PRIMARY KEY,
            digest TEXT NOT NULL
        ) STRICT;
        """,
    ),
)


async def migrate(connection: aiosqlite.Connection) -> None:
    """Bring the schema up to date; each step happens once, whole or not at all."""
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied REAL NOT NULL) STRICT"
    )
    rows = await connection.execute_fetchall("SELECT name FROM migrations")
    applied = {row[0] for row in rows}
    for name, script in MIGRATIONS:
        if name not in applied:
            note = f"INSERT INTO migrations VALUES ('{name}', {time.time()});"
            await connection.executescript(f"BEGIN; {script} {note} COMMIT;")
