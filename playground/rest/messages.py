"""Messages in channels, posted by the bot in its own name."""

from __future__ import annotations

from playground import errors
from playground.posting.composer import Origin
from playground.rest.call import NO_CONTENT, Answer, Call
from playground.rest.identity import readable_channel
from playground.rest.router import Route
from playground.validation.form import Form
from playground.world import wire
from playground.world.model import DEFAULT_MESSAGE, REPLY, Channel, Message
from playground.world.news import TypingStarted
from playground.world.permissions import Permission
from playground.world.snowflake import now


def _message(call: Call, channel: Channel) -> Message:
    """Return the message in the path. An ephemeral one does not exist here: only its interaction can reach it.

    Raises:
        ApiError: 10008.
    """
    message = call.backend.world.message(channel.id, call.params["message_id"])
    if message.ephemeral:
        raise errors.unknown_message()
    return message


def _require(call: Call, channel: Channel, *needed: Permission) -> None:
    world = call.backend.world
    granted = world.permissions(channel, world.bot)
    if any(one not in granted for one in needed):
        raise errors.missing_permissions()


def _refuse_archived(channel: Channel) -> None:
    if channel.thread and channel.thread.archived and channel.thread.locked:
        raise errors.archived_thread()


def _create(call: Call) -> Answer:
    channel, world = readable_channel(call), call.backend.world
    speak = Permission.SEND_MESSAGES_IN_THREADS if channel.thread else Permission.SEND_MESSAGES
    _require(call, channel, speak)
    if call.uploads:
        _require(call, channel, Permission.ATTACH_FILES)
    if call.table.get("embeds"):
        _require(call, channel, Permission.EMBED_LINKS)
    _refuse_archived(channel)
    if channel.recipient is not None and not world.is_reachable(channel.recipient):
        raise errors.no_direct_messages()
    if (sent_before := _sent_before(call)) is not None:
        return Answer(200, wire.message(sent_before, world))
    reference_id = _reference(call, channel)
    origin = Origin(
        channel=channel,
        author=world.bot,
        type=REPLY if reference_id else DEFAULT_MESSAGE,
        reference_id=reference_id,
        nonce=call.table.get("nonce"),
    )
    draft = call.draft(world.upload_limit(channel))
    message = world.post(call.backend.composer.new(draft, origin))
    return Answer(200, wire.message(message, world))


def _sent_before(call: Call) -> Message | None:
    """Return the message that has this one's nonce already, if the bot asked for it to be sent once only.

    As Discord puts it only its author and the nonce count: it may be in another channel, or be deleted by now.
    """
    nonce, world = call.table.get("nonce"), call.backend.world
    if nonce is None or not call.table.get("enforce_nonce"):
        return None
    for message in reversed(world.history):
        age = (now() - message.created_at).total_seconds()
        is_recent = age < call.backend.settings.nonce_seconds
        if is_recent and message.author == world.bot and str(message.nonce) == str(nonce):
            return message
    return None


def _reference(call: Call, channel: Channel) -> str | None:
    """Return the id of the message replied to; None if there is none, or if it may be missing and is.

    Raises:
        ApiError: 50035, the message is unknown.
    """
    reference = call.table.get("message_reference")
    if reference is None:
        return None
    message_id = str(reference.get("message_id"))
    found = call.backend.world.messages.get(message_id)
    if found is not None and found.channel_id == channel.id and not found.ephemeral:
        return message_id
    if reference.get("fail_if_not_exists") is False:
        return None
    form = Form()
    (form.at / "message_reference").problem("MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
    form.refuse_problems()
    return None


def _edit(call: Call) -> Answer:
    channel, world = readable_channel(call), call.backend.world
    message = _message(call, channel)
    if message.author.id != world.bot.id:
        raise errors.not_your_message()
    if call.uploads:
        _require(call, channel, Permission.ATTACH_FILES)
    _refuse_archived(channel)
    draft = call.draft(world.upload_limit(channel))
    edited = world.replace(call.backend.composer.edited(message, draft))
    return Answer(200, wire.message(edited, world))


def _get(call: Call) -> Answer:
    channel = readable_channel(call)
    _require(call, channel, Permission.READ_MESSAGE_HISTORY)
    return Answer(200, wire.message(_message(call, channel), call.backend.world))


def _list(call: Call) -> Answer:
    channel, world = readable_channel(call), call.backend.world
    _require(call, channel, Permission.READ_MESSAGE_HISTORY)
    form = Form()
    limit = call.query.get("limit", "50")
    (form.at / "limit").integer(int(limit) if limit.isdigit() else limit, 1, 100)
    form.refuse_problems()
    after, before = int(call.query.get("after", 0)), int(call.query.get("before", 1 << 63))
    found = [
        message for message in world.visible_messages(channel.id, world.bot.id) if after < int(message.id) < before
    ]
    # those next to `after`, else the newest; either way the newest of them comes first
    newest_first = list(reversed(found[: int(limit)] if "after" in call.query else found[-int(limit) :]))
    return Answer(200, [wire.message(message, world) for message in newest_first])


def _delete(call: Call) -> Answer:
    channel, world = readable_channel(call), call.backend.world
    message = _message(call, channel)
    if message.author.id != world.bot.id:
        if channel.recipient is not None:
            raise errors.not_in_direct_messages()
        _require(call, channel, Permission.MANAGE_MESSAGES)
    _refuse_archived(channel)
    world.remove(message)
    return NO_CONTENT


def _typing(call: Call) -> Answer:
    channel, world = readable_channel(call), call.backend.world
    _require(call, channel, Permission.SEND_MESSAGES)
    world.news.publish(TypingStarted(channel.id, world.bot.id))
    return NO_CONTENT


_MESSAGES = "/channels/{channel_id}/messages"
ROUTES = (
    Route("GET", _MESSAGES, _list),
    Route("POST", _MESSAGES, _create),
    Route("GET", f"{_MESSAGES}/{{message_id}}", _get),
    Route("PATCH", f"{_MESSAGES}/{{message_id}}", _edit),
    Route("DELETE", f"{_MESSAGES}/{{message_id}}", _delete),
    Route("POST", "/channels/{channel_id}/typing", _typing),
)
