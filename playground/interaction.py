"""Interactions: a member does something, the bot has three seconds to answer and fifteen minutes to follow up."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time

from playground import errors
from playground.errors import Json
from playground.validation.commands import USER_COMMAND
from playground.world import wire
from playground.world.interaction import Callback, Interaction, Kind, Request
from playground.world.news import InteractionAnswered, InteractionCreated, InteractionFailed
from playground.world.permissions import INTERACTION_GRANTS
from playground.world.settings import PlaygroundSettings
from playground.world.world import World

ALLOWED_CALLBACKS = {
    Kind.COMMAND: (Callback.MESSAGE, Callback.DEFERRED_MESSAGE, Callback.MODAL),
    Kind.COMPONENT: (
        Callback.MESSAGE,
        Callback.DEFERRED_MESSAGE,
        Callback.DEFERRED_UPDATE,
        Callback.UPDATE_MESSAGE,
        Callback.MODAL,
    ),
    Kind.AUTOCOMPLETE: (Callback.CHOICES,),
    Kind.MODAL_SUBMIT: (
        Callback.MESSAGE,
        Callback.DEFERRED_MESSAGE,
        Callback.DEFERRED_UPDATE,
        Callback.UPDATE_MESSAGE,
    ),
}


class Interactions:
    """All interactions, by id and by token."""

    def __init__(self, world: World, settings: PlaygroundSettings) -> None:
        self._world = world
        self._settings = settings
        self._by_id: dict[str, Interaction] = {}

    def get(self, interaction_id: str | None) -> Interaction | None:
        """Return an interaction; None if there is none of that id."""
        return self._by_id.get(interaction_id or "")

    def open(self, request: Request) -> Interaction:
        """Start an interaction: the bot is told, and the time for its answer runs."""
        limit = request.upload_limit
        if limit is None:
            limit = max(self._world.upload_limit(request.channel), request.member.user.upload_limit)
        opened = Interaction(id=self._world.ids.new(), token=_invented_token(), request=request, upload_limit=limit)
        self._by_id[opened.id] = opened
        asyncio.get_running_loop().call_later(self._settings.ack_seconds, self._fail_unanswered, opened)
        self._world.news.publish(InteractionCreated(opened))
        return opened

    def awaiting_answer(self, interaction_id: str, token: str) -> Interaction:
        """Return the interaction that the bot may answer now.

        Raises:
            ApiError: 10062 unknown or too late, 40060 answered before.
        """
        found = self._by_id.get(interaction_id)
        if found is None or found.token != token or found.failed:
            raise errors.unknown_interaction()
        if found.callback is not None:
            raise errors.already_acknowledged()
        return found

    def by_token(self, application_id: str, token: str) -> Interaction:
        """Return the interaction whose webhook this is.

        Raises:
            ApiError: 10015 not ours or not answered yet, 50027 made up or expired.
        """
        if application_id != self._world.application_id:
            raise errors.unknown_webhook()
        found = next((one for one in self._by_id.values() if one.token == token), None)
        if found is None or time.monotonic() - found.created > self._settings.token_seconds:
            raise errors.invalid_webhook_token()
        if found.callback is None:
            raise errors.unknown_webhook()
        return found

    def answered(self, interaction: Interaction) -> None:
        """Tell everybody that the bot has answered."""
        self._world.news.publish(InteractionAnswered(interaction))

    def _fail_unanswered(self, interaction: Interaction) -> None:
        if interaction.callback is None:
            interaction.failed = True
            self._world.news.publish(InteractionFailed(interaction))


def metadata(interaction: Interaction, world: World) -> Json:
    """Return what a message says about the interaction it came from."""
    request = interaction.request
    described: Json = {
        "id": interaction.id,
        "type": int(request.kind),
        "user": wire.user(request.member.user),
        "authorizing_integration_owners": _owners(request),
    }
    if request.kind is Kind.COMMAND and "target_id" in request.data:
        target = request.data["target_id"]
        of_user = request.data["type"] == USER_COMMAND
        described |= {"target_user": wire.user(world.user(target))} if of_user else {"target_message_id": target}
    if request.kind is Kind.COMPONENT and request.message is not None:
        described["interacted_message_id"] = request.message.id
    if request.kind is Kind.MODAL_SUBMIT and request.cause is not None:
        described["triggering_interaction_metadata"] = metadata(request.cause, world)
    return described


def _owners(request: Request) -> Json:
    """Who installed the application that is used: the server, or "0" in direct messages with the bot."""
    return {"0": request.channel.guild_id or "0"}


def interaction_event(interaction: Interaction, world: World) -> Json:
    """Return INTERACTION_CREATE's payload."""
    request = interaction.request
    user = request.member.user
    permissions = world.permissions(request.channel, user)
    granted = world.permissions(request.channel, world.bot) | INTERACTION_GRANTS
    event: Json = {
        "id": interaction.id,
        "application_id": world.application_id,
        "type": int(request.kind),
        "token": interaction.token,
        "version": 1,
        "data": request.data,
        "channel_id": request.channel.id,
        "channel": wire.channel(request.channel) | {"permissions": str(int(permissions))},
        "locale": user.locale,
        "app_permissions": str(int(granted)),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": _owners(request),
        "attachment_size_limit": interaction.upload_limit,
    }
    guild = world.guild_of(request.channel)
    if guild is None:
        event |= {"context": 1, "user": wire.user(user)}
    else:
        event |= {
            "context": 0,
            "guild_id": guild.id,
            "guild": {"id": guild.id, "features": [], "locale": guild.locale},
            "guild_locale": guild.locale,
            "member": wire.member(request.member) | {"permissions": str(int(permissions))},
        }
    if request.message is not None:
        event["message"] = wire.message(request.message, world)
    return event


def _invented_token() -> str:
    """Return a token that looks like Discord's: opaque, long, fit for a URL."""
    return base64.urlsafe_b64encode(f"interaction:{secrets.token_hex(60)}".encode()).decode().rstrip("=")
