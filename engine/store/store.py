"""Everything that must outlive a restart: the jobs in SQLite, the GIFs beside it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import msgspec

from engine.errors import StorageError
from engine.messages import JobId, Plan, Report
from engine.recipe import from_json, kind_of, to_json
from engine.settings import Kind
from engine.store.migrations import migrate
from engine.store.records import OPEN, Answer, JobRecord, Member, State
from engine.store.renders import Renders

_DAY = 24 * 60 * 60
_OPEN_STATES = ", ".join(f"'{state}'" for state in OPEN)


class Store:
    """The jobs and their GIFs.

    Every change is one SQL statement that names the states it may start from, so that of two that race exactly one
    happens and the other learns that it came too late.
    """

    def __init__(self, data: Path) -> None:
        self._path = data / "tappa.db"
        self.renders = Renders(data / "renders")
        self._connection: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """Open the database, making or updating it as needed.

        Raises:
            StorageError: the data directory or the database cannot be used.
        """
        await self.renders.open()
        async with self._errors():
            self._connection = await aiosqlite.connect(self._path, isolation_level=None)
            self._path.chmod(0o600)  # it holds interaction tokens
            self._connection.row_factory = aiosqlite.Row
            await self._connection.execute("PRAGMA journal_mode = WAL")
            await self._connection.execute("PRAGMA busy_timeout = 5000")
            await migrate(self._connection)

    async def close(self) -> None:
        """Close the database; the store can be opened again."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    # ---- jobs ----

    async def add(self, record: JobRecord) -> None:
        """Remember a new job."""
        await self._change(
            "INSERT INTO jobs (id, recipe, kind, member_id, member_name, server, answer, limit_bytes, state, settled,"
            " plan, error, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
            (
                record.id,
                to_json(record.recipe),
                kind_of(record.recipe),
                record.member.id,
                record.member.name,
                record.answer.server,
                _json(record.answer),
                record.limit_bytes,
                record.state,
                record.settled,
                _json(record.plan) if record.plan else None,
                record.error,
                record.created,
            ),
        )

    async def get(self, job: JobId) -> JobRecord | None:
        """Return a job, or None if nothing is known of it."""
        found = await self._records("WHERE id = ?", (job,))
        return found[0] if found else None

    async def unsettled(self) -> list[JobRecord]:
        """Return the jobs whose owners still wait for an answer, the oldest first."""
        return await self._records("WHERE settled = 0 ORDER BY created, rowid", ())

    async def count_open(self, *, member: str | None = None, server: str | None = None) -> int:
        """Return how many jobs the engine still has to work on, of one member or one server."""
        column, value = ("member_id", member) if member is not None else ("server", server)
        sql = f"SELECT count(*) FROM jobs WHERE settled = 0 AND state IN ({_OPEN_STATES}) AND {column} = ?"
        async with self._errors():
            rows = await self._open_connection.execute_fetchall(sql, (value,))
        return int(next(iter(rows))[0])

    async def recent(self, member: str, kind: Kind, limit: int) -> list[JobRecord]:
        """Return a member's latest jobs of one kind, the newest first."""
        return await self._records(
            "WHERE member_id = ? AND kind = ? ORDER BY created DESC, rowid DESC LIMIT ?", (member, kind, limit)
        )

    async def planned(self, job: JobId, plan: Plan) -> JobRecord | None:
        """Note what an open job will be. Like all that follow: the job afterwards, None where it came too late."""
        return await self._move(job, OPEN, "plan = ?", _json(plan))

    async def running(self, job: JobId) -> JobRecord | None:
        """Note that a waiting job is being rendered."""
        return await self._move(job, ("waiting",), "state = 'running'")

    async def done(self, job: JobId, report: Report) -> JobRecord | None:
        """Note that an open job is rendered and its GIF saved."""
        return await self._move(job, OPEN, "state = 'done', report = ?, finished = ?", _json(report), time.time())

    async def failed(self, job: JobId, error: str) -> JobRecord | None:
        """Note that a job which was not delivered cannot be."""
        change = "state = 'failed', error = ?, finished = ?"
        return await self._move(job, (*OPEN, "done"), change, error, time.time())

    async def cancelled(self, job: JobId) -> JobRecord | None:
        """Note that an open job was called off."""
        return await self._move(job, OPEN, "state = 'cancelled', finished = ?", time.time())

    async def smaller(self, job: JobId, limit_bytes: int) -> JobRecord | None:
        """Note that a finished job has to be made again within fewer bytes."""
        return await self._move(job, ("done",), "state = 'running', limit_bytes = ?", limit_bytes)

    async def moved(self, job: JobId, answer: Answer) -> JobRecord | None:
        """Note that the answer now stands elsewhere."""
        return await self._move(job, (), "answer = ?", _json(answer))

    async def delivered(self, job: JobId) -> JobRecord | None:
        """Note that the GIF was posted."""
        return await self._move(job, ("done",), "state = 'delivered', settled = 1")

    async def settled(self, job: JobId) -> JobRecord | None:
        """Note that the owner knows why there is no GIF."""
        return await self._move(job, ("failed", "cancelled"), "settled = 1")

    # ---- commands that Discord knows ----

    async def synced(self) -> dict[str, str]:
        """Return a digest of the commands last sent to Discord, by target."""
        async with self._errors():
            rows = await self._open_connection.execute_fetchall("SELECT target, digest FROM synced")
        return {row["target"]: row["digest"] for row in rows}

    async def remember_synced(self, target: str, digest: str) -> None:
        """Note which commands were sent."""
        async with self._errors():
            await self._open_connection.execute("INSERT OR REPLACE INTO synced VALUES (?, ?)", (target, digest))

    # ---- upkeep ----

    async def prune(self, days: float) -> None:
        """Forget settled jobs, and GIFs, that are older than so many days."""
        async with self._errors():
            await self._open_connection.execute(
                "DELETE FROM jobs WHERE settled = 1 AND created < ?", (time.time() - days * _DAY,)
            )
            await self.renders.prune(days)

    # ---- how ----

    async def _move(self, job: JobId, states: Iterable[State], change: str, *values: object) -> JobRecord | None:
        allowed = ", ".join(f"'{state}'" for state in states)
        condition = f"AND settled = 0 AND state IN ({allowed})" if allowed else ""
        return await self._change(f"UPDATE jobs SET {change} WHERE id = ? {condition} RETURNING *", (*values, job))

    async def _change(self, sql: str, values: tuple[object, ...]) -> JobRecord | None:
        async with self._errors():
            rows = list(await self._open_connection.execute_fetchall(sql, values))
        return _record(rows[0]) if rows else None

    async def _records(self, condition: str, values: tuple[object, ...]) -> list[JobRecord]:
        async with self._errors():
            rows = await self._open_connection.execute_fetchall(f"SELECT * FROM jobs {condition}", values)
        return [_record(row) for row in rows]

    @property
    def _open_connection(self) -> aiosqlite.Connection:
        if self._connection is None:
            raise StorageError(f"{self._path}: is not open.")
        return self._connection

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"{self._path}: cannot be used ({error}).") from error


def _record(row: sqlite3.Row) -> JobRecord:
    return JobRecord(
        id=row["id"],
        recipe=from_json(row["recipe"]),
        member=Member(id=row["member_id"], name=row["member_name"]),
        answer=msgspec.json.decode(row["answer"], type=Answer),
        limit_bytes=row["limit_bytes"],
        state=row["state"],
        settled=bool(row["settled"]),
        plan=_decoded(row["plan"], Plan),
        report=_decoded(row["report"], Report),
        error=row["error"],
        created=row["created"],
        finished=row["finished"],
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _decoded(text: str | None, kind: Any) -> Any:
    return None if text is None else msgspec.json.decode(text, type=kind)
