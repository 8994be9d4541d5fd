"""The one connection to SQLite that every part of the store shares."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import aiosqlite

from engine.errors import StorageError
from studio.store.migrate import is_migrated, migrate

_CHUNK = 500
"""Number of ids in one statement; other users of the connection get a turn in between."""


class Database:
    """One SQLite file. All methods raise StorageError if it is not open or cannot be used.

    Nothing above it uses transactions: every change is one statement, and the schema's triggers do what has to happen
    with it. So no coroutine can see another one's change half done.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """Open the database, making or updating it as needed."""
        async with self._errors():
            self._connection = await aiosqlite.connect(self._path, isolation_level=None)
            self._path.chmod(0o600)  # it holds interaction tokens
            self._connection.row_factory = aiosqlite.Row
            await self._connection.execute("PRAGMA journal_mode = WAL")
            await self._connection.execute("PRAGMA busy_timeout = 5000")
            await migrate(self._connection)

    async def open_to_read(self) -> None:
        """Open a database read-only while a bot may be using it; it has to exist and be of this version."""
        if not await asyncio.to_thread(self._path.is_file):
            raise StorageError("{path}: there is no such file.", path=self._path)
        up_to_date = False
        try:
            async with self._errors():
                address = f"{self._path.absolute().as_uri()}?mode=ro"
                self._connection = await aiosqlite.connect(address, uri=True, isolation_level=None)
                self._connection.row_factory = aiosqlite.Row
                await self._connection.execute("PRAGMA busy_timeout = 5000")
                up_to_date = await is_migrated(self._connection)
        finally:
            if not up_to_date:
                await self.close()  # its thread would keep the process from ending
        if not up_to_date:
            raise StorageError("{path}: is of another version; start the bot of this version first.", path=self._path)

    async def close(self) -> None:
        """Close the database; it can be opened again."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    @property
    def changes(self) -> int:
        """Rows changed since the database was opened; as long as it is the same, earlier reads are current."""
        return self._open_connection.total_changes

    async def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Run one statement and return the rows that it selects or returns."""
        async with self._errors():
            return list(await self._open_connection.execute_fetchall(sql, values))

    async def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        """Run one statement and return its first row, None if there is none."""
        found = await self.rows(sql, *values)
        return found[0] if found else None

    async def value(self, sql: str, *values: object) -> Any:
        """Run one statement and return the first value of its first row, None if there is none."""
        row = await self.row(sql, *values)
        return row[0] if row else None

    async def insert(self, table: str, values: Mapping[str, object], on_conflict: str = "") -> sqlite3.Row | None:
        """Add a row of a table by the names of its columns; return its id, None if there was a conflict."""
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        return await self.row(
            f"INSERT INTO {table} ({names}) VALUES ({marks}) {on_conflict} RETURNING id", *values.values()
        )

    async def filter_known(self, table: Literal["jobs", "shares"], ids: Sequence[str]) -> set[str]:
        """Return those of the ids that are in a table, however many there are."""
        known: set[str] = set()
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            rows = await self.rows(f"SELECT id FROM {table} WHERE id IN ({', '.join('?' * len(chunk))})", *chunk)
            known.update(row["id"] for row in rows)
        return known

    @property
    def _open_connection(self) -> aiosqlite.Connection:
        if self._connection is None:
            raise StorageError("{path}: is not open.", path=self._path)
        return self._connection

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StorageError("{path}: cannot be used ({error}).", path=self._path, error=error) from error
