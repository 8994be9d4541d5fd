"""From an accepted job to its GIF in the channel: one path for every command.

A delivery polls its job every few seconds and edits the message to match. One edit is under way at a time, and states
in between are skipped rather than queued, so a rate limit delays news but never reorders it. After a restart a delivery
begins again: editing a message is idempotent.
"""

from __future__ import annotations

import asyncio
import logging
import secrets

import discord
import msgspec

from cogs.context.outage import DISCORD_ERRORS, retry_through_outage
from cogs.delivery.post import Deleted, NoAccess, Post, PostError, TooLarge
from cogs.delivery.progress import preview_upload, progress_draft
from cogs.delivery.result import Files, bare_draft, failed_draft, finished_draft
from cogs.i18n.language import language_of
from cogs.ui.drafts import Draft
from cogs.ui.markdown import inert
from engine.errors import StorageError, describe
from engine.protocol.messages import JobId
from engine.sentence import Sentence
from studio.config.config_file import ConfigFile
from studio.config.effective import presets_of
from studio.orders.job_snapshot import JobSnapshot
from studio.store import JobRecord
from studio.studio import Studio

_log = logging.getLogger(__name__)

SMALLEST_GIF = 64 * 1024
"""Bytes below which a GIF is not encoded again for a channel that takes no larger file."""


class Deliveries:
    def __init__(self, client: discord.Client, studio: Studio, configuration: ConfigFile) -> None:
        self._client = client
        self._studio = studio
        self._configuration = configuration
        self._tasks: dict[JobId, asyncio.Task[None]] = {}
        self._is_closed = False

    def start(self, record: JobRecord) -> None:
        """Start delivering a job, unless that is under way; once closed, it is left to the next start."""
        if record.id not in self._tasks and not self._is_closed:
            delivery = Delivery(self._client, self._studio, self._configuration, record)
            task = asyncio.create_task(delivery.run(), name=f"delivery of {record.id}")
            self._tasks[record.id] = task
            task.add_done_callback(lambda ended: self._end(record.id, ended))

    async def close(self) -> None:
        """Stop; unfinished deliveries go on after the next start."""
        self._is_closed = True  # a command that is under way may still order something
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _end(self, job: JobId, task: asyncio.Task[None]) -> None:
        del self._tasks[job]
        if not task.cancelled() and (error := task.exception()):
            _log.error("The delivery of %s broke off; the next start takes it up again", job, exc_info=error)


class Delivery:
    def __init__(self, client: discord.Client, studio: Studio, configuration: ConfigFile, record: JobRecord) -> None:
        self._client = client
        self._studio = studio
        self._configuration = configuration
        self._job = record.id
        self._say = language_of(record.answer.locale)
        self._post = Post(client, record)
        self._last_draft: Draft | None = None
        self._last_frame: int | None = None
        self._can_edit = True
        self._has_given_up = False
        self._has_rerendered = False

    async def run(self) -> None:
        """Follow the job to its end and post the result."""
        while (record := await self._follow()) is not None:
            try:
                await self._post_outcome(record)
            except NoAccess as error:
                _log.warning("Job %s cannot reach member %s: %s", record.id, record.member.id, error)
                await self._studio.mark_undeliverable(
                    record.id, Sentence("It can be posted neither there nor to its owner.")
                )
            except (TooLarge, discord.HTTPException) as error:
                await self._handle_refusal(record, error)

    async def _follow(self) -> JobRecord | None:
        """Show progress until the job is over; return its record, or None if nobody waits for it any more."""
        async for snapshot in self._studio.watch(self._job, self._configuration.current.delivery.edit_seconds):
            if not snapshot.record.is_open:
                return snapshot.record
            if self._can_edit:
                await self._show(snapshot)
        return None

    async def _show(self, snapshot: JobSnapshot) -> None:
        with_preview = self._configuration.current.delivery.preview and self._is_new_frame(snapshot)
        preview = preview_upload(snapshot, self._say) if with_preview else None
        standing = self._studio.standing(self._job)
        draft = progress_draft(snapshot, standing, self._say, loaded=self._studio.ready is not None, preview=preview)
        if draft == self._last_draft:
            return
        try:
            await self._post.edit(draft)
        except PostError:
            self._can_edit = False  # the result takes another way
        except DISCORD_ERRORS as error:
            _log.info("Progress of %s was not shown: %s", self._job, error)
        else:
            self._last_draft = msgspec.structs.replace(draft, uploads=None)
            self._last_frame = snapshot.preview.frame if snapshot.preview else None

    def _is_new_frame(self, snapshot: JobSnapshot) -> bool:
        return snapshot.preview is not None and snapshot.preview.frame != self._last_frame

    async def _post_outcome(self, record: JobRecord) -> None:
        presets = presets_of(self._configuration.current, record.answer.server)
        history = self._studio.history
        if record.state != "done":
            await self._deliver(failed_draft(history.with_open_settings(record), presets, self._say))
            await self._studio.mark_settled(record.id)
        elif (files := await self._load_files(record)) is None:
            await self._rerender(record)
        else:
            parent = await history.parent(record)
            draft = finished_draft(history.with_open_settings(record), files, presets, self._say, parent)
            await self._deliver(draft)
            await self._studio.mark_delivered(record.id)

    async def _load_files(self, record: JobRecord) -> Files | None:
        """Return the finished files; None if they were lost, as in a backup without the renders."""
        renders = self._studio.renders
        try:
            return Files(await renders.load(record.id), await renders.load_tries(record.id))
        except StorageError as error:
            _log.error("Job %s: %s", record.id, describe(error))
            return None

    async def _rerender(self, record: JobRecord) -> None:
        """Render a lost file again, once: a disk that keeps losing it must not keep the engine busy."""
        if self._has_rerendered:
            await self._give_up(record, Sentence("The finished file was lost: this bot's disk has a problem."))
        else:
            self._has_rerendered = True
            await self._studio.render_again(record.id)

    async def _deliver(self, draft: Draft) -> None:
        """Edit the message or, failing that, send a new one to the channel or the owner."""
        try:
            await retry_through_outage(lambda: self._post.edit(draft))
        except (Deleted, NoAccess):
            await self._post_anew(draft)

    async def _post_anew(self, draft: Draft) -> None:
        """Post a new message that says whom it is for, as no command above it does."""
        content = self._say("For {name}: {content}", name=inert(self._post.member.name), content=draft.content)
        draft = msgspec.structs.replace(draft, content=content)
        try:
            answer = await retry_through_outage(lambda: self._post.send(draft))
        except NoAccess:
            answer = await retry_through_outage(lambda: self._post.send_to_member(draft))
        await self._studio.move_answer(self._job, answer)

    async def _handle_refusal(self, record: JobRecord, error: TooLarge | discord.HTTPException) -> None:
        """Encode a result again that is too large; fail a job whose result is refused for another reason.

        If the message about a failure is refused, a shorter one is posted.
        """
        if record.state != "done" or self._has_given_up:
            await self._post_bare(record, error)
        elif isinstance(error, TooLarge):
            await self._shrink(record, error.limit)
        else:
            await self._give_up(record, self._log_refusal(record, error))

    async def _shrink(self, record: JobRecord, limit: int) -> None:
        if SMALLEST_GIF <= limit < record.limit_bytes:  # else the GIF is not what is too large
            _log.info("Job %s is encoded again, within %d bytes", record.id, limit)
            await self._studio.render_again(record.id, limit)
        else:
            await self._give_up(record, Sentence("Discord takes no file there that is large enough for a GIF."))

    async def _give_up(self, record: JobRecord, reason: Sentence) -> None:
        self._has_given_up = True
        await self._studio.fail(record.id, reason)

    async def _post_bare(self, record: JobRecord, error: Exception) -> None:
        sentence = self._log_refusal(record, error)
        try:
            await self._deliver(bare_draft(record, self._say))
        except (PostError, discord.HTTPException) as last:
            self._log_refusal(record, last)
            await self._studio.mark_undeliverable(record.id, sentence)
        else:
            await self._studio.mark_settled(record.id)

    def _log_refusal(self, record: JobRecord, error: Exception) -> Sentence:
        """Log the error; return a sentence that refers to the log."""
        reference = secrets.token_hex(4)
        _log.error("Reference %s: the message of job %s was not taken", reference, record.id, exc_info=error)
        return Sentence(
            "Discord did not take the result; the log says why, under {reference}.", {"reference": reference}
        )
