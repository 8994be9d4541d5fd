"""From an accepted job to its GIF in the channel: one path for every command.

A delivery looks at its job every few seconds and makes the message look like what it sees. One edit is under way at a
time, and what happens meanwhile is left out rather than queued, so a rate limit costs news but never order. A delivery
that is cut off by a restart begins anew: editing a message twice is the same as editing it once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets

import aiohttp
import discord
import msgspec

from cogs.context.outage import retry_through_outage
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
"""Bytes below which a GIF is not made smaller any more for a place that takes no larger file."""


class Deliveries:
    """All deliveries under way."""

    def __init__(self, client: discord.Client, studio: Studio, configuration: ConfigFile) -> None:
        self._client = client
        self._studio = studio
        self._configuration = configuration
        self._tasks: dict[JobId, asyncio.Task[None]] = {}
        self._is_closed = False

    def start(self, record: JobRecord) -> None:
        """See to a job's delivery, if that is not done already; once closed, it is left to the next start."""
        if record.id not in self._tasks and not self._is_closed:
            delivery = Delivery(self._client, self._studio, self._configuration, record)
            task = asyncio.create_task(delivery.run(), name=f"delivery of {record.id}")
            self._tasks[record.id] = task
            task.add_done_callback(lambda ended: self._end(record.id, ended))

    async def close(self) -> None:
        """Stop; the deliveries under way go on after the next start."""
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
    """Of one job."""

    def __init__(self, client: discord.Client, studio: Studio, configuration: ConfigFile, record: JobRecord) -> None:
        self._client = client
        self._studio = studio
        self._configuration = configuration
        self._job = record.id
        self._say = language_of(record.answer.locale)
        self._post = Post(client, record)
        self._shown: Draft | None = None
        self._shown_frame: int | None = None
        self._visible = True
        self._given_up = False
        self._made_again = False

    async def run(self) -> None:
        """Follow the job to its end and post what came of it.

        Raises:
            StorageError: what was posted cannot be written down.
        """
        while (record := await self._accompany()) is not None:
            try:
                await self._conclude(record)
            except NoAccess as error:
                _log.warning("Job %s cannot reach member %s: %s", record.id, record.member.id, error)
                await self._studio.mark_undeliverable(
                    record.id, Sentence("It can be posted neither there nor to its owner.")
                )
            except (TooLarge, discord.HTTPException) as error:
                await self._refused(record, error)

    # ---- while it is made ----

    async def _accompany(self) -> JobRecord | None:
        """Show progress until the job is over; return how it ended, or None if nobody waits for it any more."""
        async for live in self._studio.watch(self._job, self._configuration.current.delivery.edit_seconds):
            if not live.record.is_open:
                return live.record
            if self._visible:
                await self._show(live)
        return None

    async def _show(self, live: JobSnapshot) -> None:
        wanted = self._configuration.current.delivery.preview and self._is_new_frame(live)
        preview = preview_upload(live, self._say) if wanted else None
        standing = self._studio.standing(self._job)
        draft = progress_draft(live, standing, self._say, loaded=self._studio.ready is not None, preview=preview)
        if draft == self._shown:
            return
        try:
            await self._post.edit(draft)
        except PostError:
            self._visible = False  # the result will find another way
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            _log.info("Progress of %s was not shown: %s", self._job, error)
        else:
            self._shown = msgspec.structs.replace(draft, uploads=None)
            self._shown_frame = live.preview.frame if live.preview else None

    def _is_new_frame(self, live: JobSnapshot) -> bool:
        return live.preview is not None and live.preview.frame != self._shown_frame

    # ---- when it is over ----

    async def _conclude(self, record: JobRecord) -> None:
        """Post the result, or the reason why there is none."""
        presets = presets_of(self._configuration.current, record.answer.server)
        match record.state:
            case "done" if (files := await self._files(record)) is not None:
                parent = await self._studio.history.parent(record)
                await self._deliver(
                    finished_draft(self._studio.history.with_open_settings(record), files, presets, self._say, parent)
                )
                await self._studio.mark_delivered(record.id)
            case "done":
                await self._make_again(record)
            case _:
                await self._deliver(failed_draft(self._studio.history.with_open_settings(record), presets, self._say))
                await self._studio.mark_settled(record.id)

    async def _files(self, record: JobRecord) -> Files | None:
        """Return what is to be posted; None if it was lost, as with a disk or by a backup without the renders."""
        renders = self._studio.renders
        try:
            return Files(await renders.load(record.id), await renders.load_tries(record.id))
        except StorageError as error:
            _log.error("Job %s: %s", record.id, describe(error))
            return None

    async def _make_again(self, record: JobRecord) -> None:
        """Render what was lost, once: a disk that loses it again would keep the engine busy for ever."""
        if self._made_again:
            await self._give_up(record, Sentence("The finished file was lost: this bot's disk has a problem."))
        else:
            self._made_again = True
            await self._studio.render_again(record.id)

    async def _deliver(self, draft: Draft) -> None:
        """Post a draft by the first way that is open.

        Raises:
            NoAccess: none is.
            TooLarge: its file is larger than what is taken there.
        """
        try:
            await retry_through_outage(lambda: self._post.edit(draft))
        except (Deleted, NoAccess):
            await self._post_anew(self._addressed(draft))

    async def _post_anew(self, draft: Draft) -> None:
        try:
            answer = await retry_through_outage(lambda: self._post.send(draft))
        except NoAccess:
            answer = await retry_through_outage(lambda: self._post.send_to_member(draft))
        await self._studio.move_answer(self._job, answer)

    def _addressed(self, draft: Draft) -> Draft:
        """Say whom a message is for, where no command stands above it that would."""
        content = self._say("For {name}: {content}", name=inert(self._post.member.name), content=draft.content)
        return msgspec.structs.replace(draft, content=content)

    async def _refused(self, record: JobRecord, error: TooLarge | discord.HTTPException) -> None:
        """Change what Discord did not take; every job that comes here ends, or comes back as another one.

        A result that is too large is made smaller, and one that is refused for another reason becomes a failure. A
        message with nothing but words that is refused all the same is said with fewer of them, and only once.
        """
        if record.state != "done" or self._given_up:
            await self._say_the_least(record, error)
        elif isinstance(error, TooLarge):
            await self._shrink(record, error.limit)
        else:
            await self._give_up(record, self._logged(record, error))

    async def _shrink(self, record: JobRecord, limit: int) -> None:
        if SMALLEST_GIF <= limit < record.limit_bytes:  # if it is no less than before, what is too large is no GIF
            _log.info("Job %s is encoded again, within %d bytes", record.id, limit)
            await self._studio.render_again(record.id, limit)
        else:
            await self._give_up(record, Sentence("Discord takes no file there that is large enough for a GIF."))

    async def _give_up(self, record: JobRecord, reason: Sentence) -> None:
        self._given_up = True
        await self._studio.fail(record.id, reason)

    async def _say_the_least(self, record: JobRecord, error: Exception) -> None:
        sentence = self._logged(record, error)
        try:
            await self._deliver(bare_draft(record, self._say))
        except (PostError, discord.HTTPException) as last:
            self._logged(record, last)
            await self._studio.mark_undeliverable(record.id, sentence)
        else:
            await self._studio.mark_settled(record.id)

    def _logged(self, record: JobRecord, error: Exception) -> Sentence:
        """Write down what Discord finds fault with, and return a sentence that refers to it."""
        reference = secrets.token_hex(4)
        _log.error("Reference %s: the message of job %s was not taken", reference, record.id, exc_info=error)
        return Sentence(
            "Discord did not take the result; the log says why, under {reference}.", {"reference": reference}
        )
