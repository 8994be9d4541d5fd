"""Answers to interactions, and the messages that follow through the interaction's webhook."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from playground import errors
from playground.backend import Backend
from playground.errors import Json
from playground.interaction import ALLOWED_CALLBACKS, metadata
from playground.posting.composer import Draft, Origin
from playground.rest.call import NO_CONTENT, Answer, Call
from playground.rest.router import Access, Route
from playground.validation.callback import check_choices, check_modal
from playground.validation.form import Form
from playground.world import wire
from playground.world.interaction import Callback, Interaction, Kind
from playground.world.model import COMMAND_RESPONSE, DEFAULT_MESSAGE, EPHEMERAL, LOADING, REPLY, Message

_ORIGINAL = "@original"


# The answer


def _callback(call: Call) -> Answer:
    params, backend = call.params, call.backend
    interaction = backend.interactions.awaiting_answer(params["interaction_id"], params["interaction_token"])
    kind = _callback_kind(call.table, interaction)
    data = call.table.get("data") or {}
    form = Form()
    (form.at / "data").table(data)
    form.refuse_problems()
    respond = _RESPONSES[kind]
    message = respond(call, interaction, data)
    if message is not None:
        interaction.response_id = message.id
    interaction.answered(kind)
    backend.interactions.answered(interaction)
    if not call.flag("with_response"):
        return NO_CONTENT
    return Answer(200, _callback_response(interaction, message, backend))


def _callback_kind(body: Json, interaction: Interaction) -> Callback:
    """Return how the bot answers.

    Raises:
        ApiError: 50035, such an answer does not fit the interaction.
    """
    allowed = ALLOWED_CALLBACKS[interaction.request.kind]
    if interaction.request.kind is Kind.MODAL_SUBMIT and interaction.request.message is None:
        allowed = (Callback.MESSAGE, Callback.DEFERRED_MESSAGE)  # there is no message to update
    form = Form()
    if body.get("type") not in allowed:
        (form.at / "type").problem(
            "INTERACTION_CALLBACK_TYPE_INVALID", "The specified type is not valid for this interaction"
        )
    form.refuse_problems()
    return Callback(body["type"])


def _callback_response(interaction: Interaction, message: Message | None, backend: Backend) -> Json:
    about: Json = {
        "id": interaction.id,
        "type": int(interaction.request.kind),
        "channel_id": interaction.request.channel.id,
    }
    if interaction.request.channel.guild_id is not None:
        about["guild_id"] = interaction.request.channel.guild_id
    if message is None or interaction.callback is Callback.DEFERRED_UPDATE:
        return {"interaction": about}
    about |= {
        "response_message_id": message.id,
        "response_message_loading": message.loading,
        "response_message_ephemeral": message.ephemeral,
    }
    assert interaction.callback is not None
    resource = {"type": int(interaction.callback), "message": wire.message(message, backend.world)}
    return {"interaction": about, "resource": resource}


def _respond_message(call: Call, interaction: Interaction, data: Json) -> Message:
    draft = Draft(body=data, uploads=call.uploads, upload_limit=interaction.upload_limit)
    origin = _origin(call.backend, interaction, data)
    return call.backend.world.post(call.backend.composer.new(draft, origin))


def _respond_deferred(call: Call, interaction: Interaction, data: Json) -> Message:
    blank = call.backend.composer.placeholder(_origin(call.backend, interaction, data))
    return call.backend.world.post(msgspec.structs.replace(blank, flags=blank.flags | LOADING))


def _respond_update(call: Call, interaction: Interaction, data: Json) -> Message:
    draft = Draft(body=data, uploads=call.uploads, upload_limit=interaction.upload_limit)
    edited = call.backend.composer.edited(_source_message(call, interaction), draft)
    return call.backend.world.replace(edited)


def _source_message(call: Call, interaction: Interaction, _: Json | None = None) -> Message:
    """Return the message whose component started this, in its newest version.

    Raises:
        ApiError: 10008, it has been deleted.
    """
    source = interaction.request.message
    assert source is not None  # `_callback_kind` has seen to that
    return call.backend.world.message(source.channel_id, source.id)


def _respond_choices(call: Call, interaction: Interaction, data: Json) -> None:
    assert interaction.request.option_type is not None
    form = Form()
    check_choices(data, form.at / "data", interaction.request.option_type)
    form.refuse_problems()
    interaction.choices = data["choices"]


def _respond_modal(call: Call, interaction: Interaction, data: Json) -> None:
    form = Form()
    check_modal(data, form.at / "data")
    form.refuse_problems()
    interaction.modal = data


_RESPONSES: dict[Callback, Callable[[Call, Interaction, Json], Message | None]] = {
    Callback.MESSAGE: _respond_message,
    Callback.DEFERRED_MESSAGE: _respond_deferred,
    Callback.DEFERRED_UPDATE: _source_message,
    Callback.UPDATE_MESSAGE: _respond_update,
    Callback.CHOICES: _respond_choices,
    Callback.MODAL: _respond_modal,
}


def _origin(backend: Backend, interaction: Interaction, data: Json) -> Origin:
    """A first response of the bot; its flags say whether only the member sees it."""
    request = interaction.request
    flags = data.get("flags")
    ephemeral = isinstance(flags, int) and bool(flags & EPHEMERAL)
    from_message = request.message.id if request.message else None
    first_type = REPLY if from_message else DEFAULT_MESSAGE
    return Origin(
        channel=request.channel,
        author=backend.world.bot,
        type=COMMAND_RESPONSE if request.kind is Kind.COMMAND else first_type,
        visible_to=request.member.user.id if ephemeral else None,
        interaction_id=interaction.id,
        interaction=metadata(interaction, backend.world),
        reference_id=from_message,
    )


# What follows


def _webhook(call: Call) -> Interaction:
    return call.backend.interactions.by_token(call.params["webhook_id"], call.params["webhook_token"])


def _webhook_message(call: Call, interaction: Interaction) -> Message:
    """Return the message in the path, `@original` included; the webhook reaches only what it posted itself.

    Raises:
        ApiError: 10008.
    """
    wanted = call.params.get("message_id", _ORIGINAL)
    message_id = interaction.response_id if wanted == _ORIGINAL else wanted
    message = call.backend.world.messages.get(message_id or "")
    if message is None:
        raise errors.unknown_message()
    if message.interaction_id != interaction.id and message.id != interaction.response_id:
        raise errors.unknown_message()
    return message


def _follow_up(call: Call) -> Answer:
    interaction, backend = _webhook(call), call.backend
    draft = call.draft(interaction.upload_limit)
    original = backend.world.messages.get(interaction.response_id or "")
    if original is not None and original.loading:
        # The first message after a deferred answer takes its place, and its visibility.
        message = backend.world.replace(backend.composer.edited(original, draft))
        return Answer(200, wire.message(message, backend.world))
    origin = _origin(backend, interaction, draft.body)
    if interaction.response_id is not None:
        origin = msgspec.structs.replace(origin, type=REPLY, reference_id=interaction.response_id)
    message = backend.world.post(backend.composer.new(draft, origin))
    return Answer(200, wire.message(message, backend.world))


def _get(call: Call) -> Answer:
    message = _webhook_message(call, _webhook(call))
    return Answer(200, wire.message(message, call.backend.world))


def _edit(call: Call) -> Answer:
    interaction, backend = _webhook(call), call.backend
    message = _webhook_message(call, interaction)
    edited = backend.composer.edited(message, call.draft(interaction.upload_limit))
    return Answer(200, wire.message(backend.world.replace(edited), backend.world))


def _delete(call: Call) -> Answer:
    call.backend.world.remove(_webhook_message(call, _webhook(call)))
    return NO_CONTENT


_CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
ROUTES = (
    Route("POST", _CALLBACK, _callback, Access.INTERACTION),
    Route("POST", _WEBHOOK, _follow_up, Access.INTERACTION),
    *(
        Route(method, f"{_WEBHOOK}/messages/{which}", handler, Access.INTERACTION)
        for which in (_ORIGINAL, "{message_id}")
        for method, handler in (("GET", _get), ("PATCH", _edit), ("DELETE", _delete))
    ),
)
