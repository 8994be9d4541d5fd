"""The jobs, from the order to the answer."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from engine.protocol.messages import JobId, Plan, Report
from engine.recipe.ceiling import Ceiling
from engine.recipe.recipe import from_json, kind_of, to_json
from engine.recipe.settings import Kind
from engine.sentence import Sentence
from studio.store.database import Database
from studio.store.records import OPEN_STATES, Answer, JobRecord, Member, State

_OPEN_STATES_SQL = ", ".join(f"'{state}'" for state in OPEN_STATES)


class Jobs:
    """Every job that is remembered.

    Every change is one SQL statement that names the states it may start from, so that of two that race exactly one
    happens and the other learns that it came too late. All methods raise StorageError if the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: JobRecord) -> None:
        row = {
            "id": record.id,
            "recipe": to_json(record.recipe),
            "kind": kind_of(record.recipe),
            "member_id": record.member.id,
            "member_name": record.member.name,
            "server": record.answer.server,
            "answer": _json(record.answer),
            "limit_bytes": record.limit_bytes,
            "state": record.state,
            "settled": record.is_settled,
            "plan": _json(record.plan) if record.plan else None,
            "error": _json(record.error) if record.error else "",
            "created": record.created,
            "parent": record.parent,
            "notes": _json(record.notes),
            "cost": record.cost,
            "priority": record.priority,
            "nsfw_rule": record.nsfw_rule,
            "nsfw": record.nsfw,
            "ceiling": _json(record.ceiling),
        }
        await self._database.insert("jobs", row)

    async def get(self, job: JobId) -> JobRecord | None:
        """Return a job, or None if nothing is known of it."""
        found = await self._records("WHERE id = ?", (job,))
        return found[0] if found else None

    async def list_unsettled(self) -> list[JobRecord]:
        """Return the jobs whose owners still wait for an answer, the oldest first."""
        return await self._records("WHERE settled = 0 ORDER BY created, rowid", ())

    async def count_open(self, *, member: str | None = None, server: str | None = None) -> int:
        """Return how many jobs the engine still has to work on, of one member or one server."""
        column, value = ("member_id", member) if member is not None else ("server", server)
        sql = f"SELECT count(*) FROM jobs WHERE settled = 0 AND state IN ({_OPEN_STATES_SQL}) AND {column} = ?"
        return int(await self._database.value(sql, value))

    async def list_recent(self, member: str, kind: Kind | None, limit: int) -> list[JobRecord]:
        """Return a member's latest jobs of one kind, None for any animation, the newest first."""
        wanted, values = ("kind <> 'variations'", ()) if kind is None else ("kind = ?", (kind,))
        return await self._records(
            f"WHERE member_id = ? AND {wanted} ORDER BY created DESC, rowid DESC LIMIT ?", (member, *values, limit)
        )

    async def list_finished(self, member: str, limit: int) -> list[JobRecord]:
        """Return a member's latest renders, the newest first."""
        return await self._records(
            "WHERE member_id = ? AND state IN ('done', 'delivered') ORDER BY created DESC, rowid DESC LIMIT ?",
            (member, limit),
        )

    async def list_in_channel(self, channel: str, server: str | None, limit: int) -> list[JobRecord]:
        """Return the latest renders that were answered in a channel, the newest first."""
        return await self._records(
            "WHERE json_extract(answer, '$.channel') = ? AND server IS ? AND state IN ('done', 'delivered')"
            " ORDER BY created DESC, rowid DESC LIMIT ?",
            (channel, server, limit),
        )

    async def mark_planned(self, job: JobId, plan: Plan, notes: Sequence[Sentence]) -> JobRecord | None:
        """Note what an open job will be, and all that its owner is to read under it.

        Like all that follow: the job afterwards, None where it came too late.
        """
        return await self._change(job, OPEN_STATES, "plan = ?, notes = ?", _json(plan), _json(notes))

    async def mark_running(self, job: JobId) -> JobRecord | None:
        return await self._change(job, ("waiting",), "state = 'running'")

    async def mark_done(self, job: JobId, report: Report) -> JobRecord | None:
        """Note that an open job is rendered and its GIF saved; what the safety checker objected to stays marked."""
        change = "state = 'done', report = ?, finished = ?, nsfw = max(nsfw, ?)"
        return await self._change(job, OPEN_STATES, change, _json(report), time.time(), report.flagged > 0)

    async def mark_failed(self, job: JobId, error: Sentence) -> JobRecord | None:
        """Note that a job which was not delivered cannot be."""
        change = "state = 'failed', error = ?, finished = ?"
        return await self._change(job, (*OPEN_STATES, "done"), change, _json(error), time.time())

    async def mark_refused(self, job: JobId, error: Sentence) -> JobRecord | None:
        """Note that a job failed over what was asked for: the schema does not pay it back, as it does a failed one."""
        change = "state = 'failed', costs = 1, error = ?, finished = ?"
        return await self._change(job, OPEN_STATES, change, _json(error), time.time())

    async def mark_cancelled(self, job: JobId, reason: Sentence | None = None) -> JobRecord | None:
        """Note that an open job was called off, and why if there is more to be told than that."""
        change = "state = 'cancelled', error = ?, finished = ?"
        return await self._change(job, OPEN_STATES, change, _json(reason) if reason else "", time.time())

    async def reopen(self, job: JobId, limit_bytes: int | None = None) -> JobRecord | None:
        """Note that a finished job has to be made again: its file is lost, or it has to fit into fewer bytes."""
        change = "state = 'running', limit_bytes = coalesce(?, limit_bytes)"
        return await self._change(job, ("done",), change, limit_bytes)

    async def move_answer(self, job: JobId, answer: Answer) -> JobRecord | None:
        return await self._change(job, (), "answer = ?", _json(answer))

    async def mark_delivered(self, job: JobId) -> JobRecord | None:
        return await self._change(job, ("done",), "state = 'delivered', settled = 1")

    async def mark_settled(self, job: JobId) -> JobRecord | None:
        """Note that the owner was told why there is no GIF."""
        return await self._change(job, ("failed", "cancelled"), "settled = 1")

    async def filter_unknown(self, jobs: Sequence[JobId]) -> list[JobId]:
        known = await self._database.known("jobs", jobs)
        return [job for job in jobs if job not in known]

    async def prune(self, before: float, own: Mapping[str, float] | None = None) -> list[JobId]:
        """Forget settled jobs from before a time, in seconds since the epoch; shared ones stay as long as the share.

        Args:
            before: the time.
            own: another time for the jobs of single servers, by their ids.

        Returns:
            those that were forgotten.
        """
        own = dict(own or {})
        rows = await self._database.rows(
            # Only what is old enough for the strictest server is looked at, and `own` is taken apart once: everybody
            # else waits for the connection meanwhile.
            "WITH own AS MATERIALIZED (SELECT key, value FROM json_each(?))"
            " DELETE FROM jobs WHERE settled = 1 AND created < ?"
            " AND created < coalesce((SELECT value FROM own WHERE key = jobs.server), ?)"
            " AND NOT EXISTS (SELECT 1 FROM shares WHERE shares.id = jobs.id) RETURNING id",
            _json(own),
            max([before, *own.values()]),
            before,
        )
        return [row["id"] for row in rows]

    # ---- how ----

    async def _change(self, job: JobId, states: Iterable[State], change: str, *values: object) -> JobRecord | None:
        allowed = ", ".join(f"'{state}'" for state in states)
        condition = f"AND settled = 0 AND state IN ({allowed})" if allowed else ""
        sql = f"UPDATE jobs SET {change} WHERE id = ? {condition} RETURNING *"
        row = await self._database.row(sql, *values, job)
        return _record(row) if row else None

    async def _records(self, condition: str, values: tuple[object, ...]) -> list[JobRecord]:
        rows = await self._database.rows(f"SELECT * FROM jobs {condition}", *values)
        return [_record(row) for row in rows]


def _record(row: sqlite3.Row) -> JobRecord:
    values = {
        **dict(row),
        "recipe": from_json(row["recipe"]),
        "member": Member(id=row["member_id"], name=row["member_name"]),
        "answer": msgspec.json.decode(row["answer"], type=Answer),
        "is_settled": bool(row["settled"]),
        "plan": _decoded(row["plan"], Plan),
        "report": _decoded(row["report"], Report),
        "error": _decoded(row["error"] or None, Sentence),
        "notes": _decoded(row["notes"], tuple[Sentence, ...]),
        "nsfw": bool(row["nsfw"]),
        "ceiling": _decoded(row["ceiling"], Ceiling),
    }
    return msgspec.convert(values, JobRecord)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _decoded(text: str | None, kind: Any) -> Any:
    return None if text is None else msgspec.json.decode(text, type=kind)
