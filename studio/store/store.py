"""Everything that must outlive a restart: one database, and the finished files beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.protocol.messages import JobId
from studio.store.announcements import Announcements
from studio.store.charges import Charges
from studio.store.database import Database
from studio.store.jobs import Jobs
from studio.store.members import Members
from studio.store.open_forms import OpenForms
from studio.store.renders import Renders
from studio.store.shares import Shares
from studio.store.synced_commands import SyncedCommands

_DAY = 24 * 60 * 60
_FORM_DAYS = 2
_STRAY_SECONDS = 60 * 60
"""Age at which a file that belongs to nothing is removed; a backup may be being restored."""


DATABASE = "tappa.db"
RENDERS = "renders"


class Store:
    """The parts of the store. All methods raise StorageError if the database or the data directory cannot be used."""

    def __init__(self, data: Path) -> None:
        self._database = Database(data / DATABASE)
        self.jobs = Jobs(self._database)
        self.shares = Shares(self._database)
        self.members = Members(self._database)
        self.charges = Charges(self._database)
        self.announcements = Announcements(self._database)
        self.commands = SyncedCommands(self._database)
        self.forms = OpenForms(self._database)
        self.renders = Renders(data / RENDERS)

    async def open(self) -> None:
        """Open the database and the folder of renders, making or updating them as needed."""
        await self.renders.open()
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    @property
    def changes(self) -> int:
        """Rows changed since the store was opened; as long as it is the same, earlier reads are current."""
        return self._database.changes

    async def prune(
        self, days: float, *, unshared_days: float | None = None, own_days: Mapping[str, float] | None = None
    ) -> list[JobId]:
        """Delete old charges, forms and settled jobs, except shared ones; return the deleted jobs, for `sweep`.

        Args:
            days: age of charges.
            unshared_days: age of jobs, at most `days`, which is the default.
            own_days: age of jobs of single servers, by their ids, at most `days`.
        """
        now = time.time()
        own = {server: now - days_there * _DAY for server, days_there in (own_days or {}).items()}
        await self.charges.prune(now - days * _DAY)
        await self.forms.prune(now - _FORM_DAYS * _DAY)
        return await self.jobs.prune(now - (days if unshared_days is None else unshared_days) * _DAY, own)

    async def sweep(self, forgotten: Sequence[JobId]) -> None:
        """Remove the files of jobs that were just deleted, and files of neither a job nor a share.

        Age alone is no reason: a job that could not be delivered for long still needs its file.
        """
        await self.renders.remove(await self.shares.filter_unshared(forgotten))
        found = await self.renders.list_older_than(time.time() - _STRAY_SECONDS)
        await self.renders.remove(await self.shares.filter_unshared(await self.jobs.filter_unknown(found)))
