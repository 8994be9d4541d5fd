"""Makes messages: checks a request's body and files, then builds the message or its next version."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from playground import errors
from playground.errors import Json
from playground.posting import attachments
from playground.posting.cdn import Cdn, Place, Upload
from playground.posting.media import ComponentAnswers, answered_embeds
from playground.posting.mentions import mentions_in
from playground.validation.components import check_components
from playground.validation.form import Form
from playground.validation.message import check_message
from playground.world.model import (
    COMPONENTS_V2,
    DEFAULT_MESSAGE,
    EPHEMERAL,
    LOADING,
    Attachment,
    Channel,
    Mentions,
    Message,
    User,
    walk,
)
from playground.world.permissions import Permission
from playground.world.snowflake import now
from playground.world.world import World

_SETTABLE = 1 << 2 | EPHEMERAL | 1 << 12 | COMPONENTS_V2  # and suppressing embeds or notifications
_LEGACY_FIELD = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A request to post or edit: its JSON, its files by form name, and how large a file may be."""

    body: Json
    uploads: Mapping[str, Upload]
    upload_limit: int


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who posts, where, and on what occasion."""

    channel: Channel
    author: User
    type: int = DEFAULT_MESSAGE
    visible_to: str | None = None
    interaction_id: str | None = None
    interaction: Json | None = None
    reference_id: str | None = None
    nonce: str | int | None = None


class Composer:
    """Builds messages; posting them is the caller's."""

    def __init__(self, world: World, cdn: Cdn, request_limit: int) -> None:
        self._world = world
        self._cdn = cdn
        self._request_limit = request_limit

    def new(self, draft: Draft, origin: Origin) -> Message:
        """Return a new message.

        Raises:
            ApiError: 40005 too large, 50035 not acceptable, 50006 empty.
        """
        blank = self.placeholder(origin)
        self._check(draft, blank)
        place = Place(channel_id=origin.channel.id, ephemeral=blank.ephemeral)
        files = attachments.create(
            draft.body.get("attachments"),
            draft.uploads,
            lambda upload, entry: self._store(upload, entry, place),
        )
        return self._filled(blank, draft.body, files)

    def placeholder(self, origin: Origin) -> Message:
        """Return a message without content: what a deferred answer shows until it is filled."""
        return Message(
            id=self._world.ids.new(),
            channel_id=origin.channel.id,
            guild_id=origin.channel.guild_id,
            author=origin.author,
            created_at=now(),
            type=origin.type,
            flags=EPHEMERAL if origin.visible_to else 0,
            visible_to=origin.visible_to,
            interaction_id=origin.interaction_id,
            interaction=origin.interaction,
            reference_id=origin.reference_id,
            nonce=origin.nonce,
        )

    def edited(self, message: Message, draft: Draft) -> Message:
        """Return the next version of `message`: fields left out of the body stay as they are.

        Raises:
            ApiError: 40005 too large, 50035 not acceptable, 50006 nothing would be left.
        """
        self._check(draft, message)
        place = Place(channel_id=message.channel_id, ephemeral=message.ephemeral)
        files = attachments.edit(
            message.attachments,
            draft.body.get("attachments"),
            draft.uploads,
            lambda upload, entry: self._store(upload, entry, place),
        )
        filled = self._filled(message, draft.body, files)
        edited_at = None if message.loading else now()
        return msgspec.structs.replace(filled, edited_at=edited_at)

    def _check(self, draft: Draft, message: Message) -> None:
        sizes = [len(upload.data) for upload in draft.uploads.values()]
        if any(size > draft.upload_limit for size in sizes):
            raise errors.entity_too_large()
        if sum(sizes) > max(self._request_limit, draft.upload_limit):
            raise errors.entity_too_large()
        form = Form()
        check_message(draft.body, form.at)
        flags = draft.body.get("flags")
        v2 = bool((message.flags | (flags if isinstance(flags, int) else 0)) & COMPONENTS_V2)
        if draft.body.get("components") is not None:
            check_components(draft.body["components"], form.at / "components", v2=v2)
        if v2:
            for field, held in (("content", message.content), ("embeds", message.embeds)):
                if draft.body.get(field, held):
                    wording = f"The '{field}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                    (form.at / field).problem(_LEGACY_FIELD, wording)
        form.refuse_problems()

    def _filled(self, message: Message, body: Json, files: tuple[Attachment, ...]) -> Message:
        """Return `message` with what the checked `body` says, and with `files`."""
        answers = ComponentAnswers(files, self._world.ids)
        embeds, components = message.embeds, message.components
        if "embeds" in body:
            embeds = answered_embeds(body["embeds"] or (), files)
        if "components" in body:
            components = answers.answered(body["components"] or ())
        content = (body["content"] or "") if "content" in body else message.content
        if not (content or embeds or components or files):
            raise errors.empty_message()
        flags = message.flags & ~LOADING | (body.get("flags") or 0) & _SETTABLE & ~EPHEMERAL
        filled = msgspec.structs.replace(
            message, content=content, embeds=embeds, components=components, attachments=files, flags=flags
        )
        if "content" in body or "components" in body:
            mentions = self._mentions(filled, body.get("allowed_mentions"))
            filled = msgspec.structs.replace(filled, mentions=mentions)
        return filled

    def _store(self, upload: Upload, entry: Json, place: Place) -> Attachment:
        """Keep a file under the name and with the description that its entry in the list gives it."""
        named = Upload(entry.get("filename") or upload.filename, upload.data)
        return self._cdn.store(named, msgspec.structs.replace(place, description=entry.get("description")))

    def _mentions(self, message: Message, allowed: Json | None) -> Mentions:
        texts = [message.content, *(one["content"] for one in walk(message.components) if "content" in one)]
        channel = self._world.channels[message.channel_id]
        may = message.interaction_id is not None or (
            Permission.MENTION_EVERYONE in self._world.permissions(channel, message.author)
        )
        return mentions_in("\n".join(texts), allowed, self._world.guild_of(channel), may_mention_everyone=may)
