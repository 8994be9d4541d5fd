"""Announcing: news of the world as events for the sessions that want them."""

from __future__ import annotations

import time
from collections.abc import Mapping

from playground.errors import Json
from playground.gateway.session import Session
from playground.interaction import interaction_event
from playground.world import wire
from playground.world.model import Message
from playground.world.news import (
    InteractionCreated,
    MessageCreated,
    MessageDeleted,
    MessageUpdated,
    News,
    TypingStarted,
)
from playground.world.world import World


class Announcer:
    """Turns news into events. A session without a connection keeps them for its return."""

    def __init__(self, world: World, sessions: Mapping[str, Session]) -> None:
        self._world = world
        self._sessions = sessions

    def tell(self, news: News) -> None:
        """Turn a piece of news into an event for every session that wants it."""
        if isinstance(news, InteractionCreated):
            self._dispatch("INTERACTION_CREATE", interaction_event(news.interaction, self._world))
        elif isinstance(news, MessageCreated | MessageUpdated):
            event = "MESSAGE_CREATE" if isinstance(news, MessageCreated) else "MESSAGE_UPDATE"
            self._dispatch_message(event, news.message)
        elif isinstance(news, MessageDeleted) and not news.message.ephemeral:
            gone = news.message
            self._dispatch("MESSAGE_DELETE", {"id": gone.id, **self._where(gone.channel_id)})
        elif isinstance(news, TypingStarted):
            about = {"user_id": news.user_id, "timestamp": int(time.time())}
            self._dispatch("TYPING_START", about | self._where(news.channel_id))

    def _where(self, channel_id: str) -> Json:
        guild_id = self._world.channels[channel_id].guild_id
        return {"channel_id": channel_id} | ({} if guild_id is None else {"guild_id": guild_id})

    def _dispatch(self, event: str, data: Json) -> None:
        for session in self._sessions.values():
            if session.wants(event, data):
                session.dispatch(event, data)

    def _dispatch_message(self, event: str, message: Message) -> None:
        """Ephemeral messages are the member's own; what others wrote in a server is blanked without the intent."""
        if message.ephemeral:
            return
        payload = wire.message_event(message, self._world)
        own = (
            message.guild_id is None
            or message.author.id == self._world.bot.id
            or self._world.bot in message.mentions.users
        )
        blanked = payload | {"content": "", "embeds": [], "attachments": [], "components": []}
        for session in self._sessions.values():
            if session.wants(event, payload):
                session.dispatch(event, payload if own or session.reads_content() else blanked)
