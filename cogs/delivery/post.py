"""The message that answers a job, and the ways to reach it.

An interaction's token edits its message for 15 minutes, whatever the bot's permissions in the channel. After that, or
when Discord says that the token has expired, the bot's own token does. A deleted message is sent anew; where the bot
may not write, the job's owner gets a direct message.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import discord
import msgspec

from cogs.context.private_note import TOKEN_DEAD
from cogs.i18n.language import language_of
from cogs.renders.buttons import view_of
from cogs.ui.drafts import REQUEST_BYTES, Draft
from studio.store import Answer, JobRecord

TOKEN_MARGIN = 45.0
"""Seconds before a token expires from which it is not used any more: a large upload takes that long."""

_NO_ACCESS = {10003, 10004, 50001, 50007, 50013, 50083, 50278}
_UNKNOWN_MESSAGE = 10008
_TOO_LARGE = 40005


class PostError(Exception):
    """A message could not be edited or sent."""


class Deleted(PostError):
    """The message is not there any more."""


class NoAccess(PostError):
    """The bot may not write there, or the channel is gone."""


class TooLarge(PostError):
    """A file is too large there; one of `limit` bytes may do."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} bytes")
        self.limit = limit


class Post:
    """The message that answers a job.

    Its methods raise Deleted if the message is gone, NoAccess where the bot may not write, and TooLarge where a file is
    larger than the channel takes.
    """

    def __init__(self, client: discord.Client, record: JobRecord) -> None:
        self._client = client
        self._job = record.id
        self.member = record.member
        self.answer: Answer = record.answer

    async def edit(self, draft: Draft) -> None:
        """Make the message look like `draft`."""
        if self.answer.message is None:
            raise Deleted
        message = int(self.answer.message)
        if not await self._edit_by_token(message, draft):
            await self._edit_by_bot(message, draft)

    async def send(self, draft: Draft) -> Answer:
        """Send `draft` to the channel as a new message, and return where it is."""
        return await self._send_to(self._channel, draft, self.answer)

    async def send_to_member(self, draft: Draft) -> Answer:
        """Send `draft` to the member who asked, as a direct message, and return where it is."""
        with self._translate_errors(draft):
            channel = await self._client.create_dm(discord.Object(int(self.member.id)))
        answer = msgspec.structs.replace(self.answer, server=None, channel=str(channel.id))
        return await self._send_to(channel, draft, answer)

    async def _edit_by_token(self, message: int, draft: Draft) -> bool:
        """Edit with the interaction's token; return whether that was still possible."""
        if not self.answer.token or time.time() > self.answer.expires - TOKEN_MARGIN:
            return False
        webhook = discord.Webhook.partial(int(self.answer.application), self.answer.token, client=self._client)
        with self._translate_errors(draft):
            try:
                await webhook.edit_message(message, **self._message_fields(draft))
            except discord.HTTPException as error:
                if error.code not in TOKEN_DEAD:
                    raise
                self.answer = msgspec.structs.replace(self.answer, token="")
                return False
        return True

    async def _edit_by_bot(self, message: int, draft: Draft) -> None:
        await self._require_size(draft, self.answer.server)
        with self._translate_errors(draft):
            await self._channel.get_partial_message(message).edit(**self._message_fields(draft))

    async def _send_to(self, channel: discord.abc.Messageable, draft: Draft, answer: Answer) -> Answer:
        await self._require_size(draft, answer.server)
        fields = self._message_fields(draft)
        files = fields.pop("attachments", [])
        with self._translate_errors(draft):
            # If this is sent again in doubt, the nonce makes Discord drop the second message.
            message = await channel.send(**fields, files=files, nonce=self._job, suppress_embeds=True)
        self.answer = msgspec.structs.replace(answer, message=str(message.id), token="", expires=0.0)
        return self.answer

    def _message_fields(self, draft: Draft) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "content": draft.content,
            "view": view_of(self._job, draft, language_of(self.answer.locale)),
        }
        if draft.uploads is not None:
            fields["attachments"] = [upload.as_file() for upload in draft.uploads]
        return fields

    @property
    def _channel(self) -> discord.PartialMessageable:
        server = int(self.answer.server) if self.answer.server else None
        return self._client.get_partial_messageable(int(self.answer.channel), guild_id=server)

    async def _require_size(self, draft: Draft, server: str | None) -> None:
        """Check a draft against the channel's limit, which is below the member's own if they have Nitro."""
        await self._client.wait_until_ready()  # servers and their limits are known from then on
        limit = self._limit_of(server)
        if draft.largest > limit:
            raise TooLarge(limit)

    def _limit_of(self, server: str | None) -> int:
        guild = self._client.get_guild(int(server)) if server else None
        limit = guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        return min(limit, REQUEST_BYTES)

    @contextlib.contextmanager
    def _translate_errors(self, draft: Draft) -> Iterator[None]:
        """Raise a PostError for what Discord refuses, where there is one for it."""
        try:
            yield
        except discord.HTTPException as error:
            if error.code == _UNKNOWN_MESSAGE:
                raise Deleted from error
            if error.code in _NO_ACCESS:
                raise NoAccess(str(error)) from error
            if error.status == 413 or error.code == _TOO_LARGE:
                limit = self._limit_of(self.answer.server)
                raise TooLarge(limit if limit < draft.largest else draft.largest * 4 // 5) from error
            raise
