"""What is remembered of renders: who may know of one, where it comes from, and what it takes to make it again."""

from __future__ import annotations

import msgspec

from engine.errors import LimitError
from engine.protocol.engine import Engine
from engine.protocol.messages import JobId
from engine.recipe.ceiling import clamp_settings
from engine.recipe.edits import (
    make_variations,
    pick_try,
    with_seed,
    with_survey_result,
    without_measurements,
    without_settings,
)
from engine.recipe.recipe import Recipe, Variations, resolve
from engine.recipe.seeds import new_seed, new_seeds
from engine.recipe.settings import BUILT_IN, Kind, Overrides
from studio.config.config_file import ConfigFile
from studio.config.effective import keep_days_of
from studio.gallery.gallery import Viewer
from studio.store import JobRecord, Share, Store

MAX_LINEAGE = 10
"""How many generations of a render are told."""


class RenderHistory:
    """The jobs of the past, and those under way, as members ask about them.

    Ids come from buttons and messages and are not to be trusted: `visible` and what builds on it check who asks.
    """

    def __init__(self, configuration: ConfigFile, engine: Engine, store: Store) -> None:
        self._configuration = configuration
        self._engine = engine
        self._store = store

    async def record(self, job: JobId, server: str | None = None) -> JobRecord:
        """Return a job; raises LimitError if it is unknown, naming how long jobs are kept on the asking `server`."""
        record = await self._store.jobs.get(job)
        if record is None:
            raise self.unknown_job(server)
        return record

    async def visible(self, job: JobId, viewer: Viewer) -> JobRecord:
        """Return a job that a member may know of: their own, or one that was answered in the server they are in.

        Raises LimitError, the same whether it is unknown or not for them.
        """
        record = await self.record(job, viewer.server)
        if record.member.id != viewer.member.id and (not viewer.server or record.answer.server != viewer.server):
            raise self.unknown_job(viewer.server)
        return record

    async def parent(self, record: JobRecord) -> JobRecord | None:
        """Return what a job was made from, as far as those who read its answer may know of it."""
        line = await self.lineage(record, Viewer(member=record.member, server=record.answer.server or ""), length=2)
        return line[1] if len(line) > 1 else None

    async def lineage(self, record: JobRecord, viewer: Viewer, length: int = MAX_LINEAGE) -> list[JobRecord]:
        """Return a job, what it was made from, what that was made from, and so on, as far as a member may know."""
        line = [record]
        while (parent := line[-1].parent) is not None and len(line) < length:
            try:
                line.append(await self.visible(parent, viewer))
            except LimitError:
                break  # forgotten, or made where this member cannot look
        return line

    async def latest(self, channel: str, viewer: Viewer) -> JobRecord | None:
        """Return the last render in a channel that a member may know of."""
        for record in await self._store.jobs.list_in_channel(channel, viewer.server or None, MAX_LINEAGE):
            if viewer.server or record.member.id == viewer.member.id:
                return record
        return None

    async def renders(self, viewer: Viewer, limit: int = 25) -> list[JobRecord]:
        """Return a member's latest renders of all kinds, the newest first."""
        return await self._store.jobs.list_finished(viewer.member.id, limit)

    async def recent(self, member: str, kind: Kind | None, limit: int = 25) -> list[JobRecord]:
        """Return a member's latest jobs of one kind, None for any animation, the newest first."""
        return await self._store.jobs.list_recent(member, kind, limit)

    # ---- to make it again ----

    async def again(self, job: JobId, viewer: Viewer) -> Recipe:
        """Return the recipe of an earlier job with a new seed, or of a contact sheet with four; raises as `visible`."""
        record = await self.visible(job, viewer)
        if isinstance(record.recipe, Variations):
            return make_variations(record.recipe, new_seeds())
        return with_seed(record.recipe, new_seed(not_this=record.recipe.seed))

    async def another_try(self, job: JobId, number: int, viewer: Viewer) -> Recipe:
        """Return the morph of another seed that an earlier job tried.

        Raises as `visible` does, and RecipeError if it has tried fewer.
        """
        record = await self.visible(job, viewer)
        return pick_try(await self.recipe(job, viewer), record.survey_result, number)

    async def recipe(self, job: JobId, viewer: Viewer) -> Recipe:
        """Return the recipe of an earlier job to make another one from; raises as `visible` does.

        Its settings are fixed while the model is the one that it was made with, so that frames can be reused; for
        another model they might be wrong, and are decided anew.
        """
        record = await self.visible(job, viewer)
        ready = self._engine.ready
        if ready is not None and record.plan is not None and record.plan.model == ready.model:
            return record.final_recipe
        return without_measurements(with_survey_result(record.recipe, record.survey_result))

    async def asked_recipe(self, share: Share) -> Recipe:
        """Return what would have to be asked for here and now to have a share again."""
        record = await self._store.jobs.get(share.id)
        if record is None or not self._resolves_alike(record):
            return share.recipe
        return self.with_open_settings(record).asked_recipe

    def with_open_settings(self, record: JobRecord) -> JobRecord:
        """Return a job whose recipe leaves the settings open, where the same ones would be decided here and now."""
        if isinstance(record.recipe, Variations) or not self._resolves_alike(record):
            return record
        return msgspec.structs.replace(record, recipe=msgspec.structs.replace(record.recipe, settings=Overrides()))

    def _resolves_alike(self, record: JobRecord) -> bool:
        """Whether model and configuration would resolve a job's settings as they are if its recipe left them open."""
        ready = self._engine.ready
        if ready is None or record.plan is None or record.plan.model != ready.model:
            return False
        layers = (BUILT_IN, ready.card, self._configuration.current.render)
        again = clamp_settings(resolve(without_settings(record.recipe), layers)[0], record.ceiling).recipe
        return again.settings == record.plan.recipe.settings

    def unknown_job(self, server: str | None) -> LimitError:
        """Return the error about a job of which nothing is known, or nothing to whoever asks on this server."""
        days = keep_days_of(self._configuration.current, server)
        return LimitError(
            "This animation is not remembered any more; they are kept for {days} days. The line under it, typed as a"
            " command, makes it again.",
            days=days,
        )
