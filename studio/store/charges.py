"""What members have spent, in seconds of the engine's time, and how much that time is worth."""

from __future__ import annotations

from engine.protocol.messages import JobId, Report
from studio.store.database import Database
from studio.store.pace import DECAY, ModelPace, engine_seconds


class Charges:
    """One charge a job. A member's account is apart in every server; None stands for their direct messages.

    All methods raise StorageError if the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: JobId, member: str, server: str | None, seconds: float, at: float) -> None:
        """Charge a member for a job ordered at a time since the epoch; a second charge for it replaces the first."""
        sql = "INSERT OR REPLACE INTO charges (job, member_id, server, seconds, at) VALUES (?, ?, ?, ?, ?)"
        await self._database.rows(sql, job, member, server, seconds, at)

    async def refund(self, job: JobId, seconds: float) -> None:
        """Pay back some seconds of a job's charge, at most all of them; the order itself still counts."""
        await self._database.rows("UPDATE charges SET seconds = max(0.0, seconds - ?) WHERE job = ?", seconds, job)

    async def sum_charges(self, member: str, server: str | None, since: float) -> float:
        """Return the seconds that a member was charged in one place after a time since the epoch."""
        sql = "SELECT total(seconds) FROM charges WHERE member_id = ? AND server IS ? AND at > ?"
        return float(await self._database.value(sql, member, server, since))

    async def last_order(self, member: str, server: str | None) -> float | None:
        """Return when a member last ordered something in one place, in seconds since the epoch; None for never."""
        sql = "SELECT max(at) FROM charges WHERE member_id = ? AND server IS ?"
        last: float | None = await self._database.value(sql, member, server)
        return last

    async def pace(self, model: str) -> ModelPace:
        """Return how fast a model renders, as far as that was measured."""
        row = await self._database.row("SELECT seconds, work FROM paces WHERE model = ?", model)
        return ModelPace(row["seconds"], row["work"]) if row else ModelPace()

    async def add_measurement(self, model: str, report: Report, work: float) -> None:
        """Add a render, made from its first frame on, to a model's pace; `work` as in `studio.orders.quote`."""
        seconds = engine_seconds(report)
        if seconds <= 0 or work <= 0:
            return
        await self._database.rows(
            "INSERT INTO paces (model, seconds, work) VALUES (?, ?, ?) ON CONFLICT (model) DO UPDATE SET"
            f" seconds = seconds * {DECAY} + excluded.seconds, work = work * {DECAY} + excluded.work",
            model,
            seconds,
            work,
        )

    async def prune(self, before: float) -> None:
        await self._database.rows("DELETE FROM charges WHERE at < ?", before)
