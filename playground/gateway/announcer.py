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
            where = {"id": gone.id, "channel_id": gone.channel_id, "guild_id": gone.guild_id}
            self._dispatch("MESSAGE_DELETE", where)
        elif isinstance(news, TypingStarted):
            channel = self._world.channels[news.channel_id]
            about = {"channel_id": channel.id, "guild_id": channel.guild_id, "user_id": news.user_id}
            self._dispatch("TYPING_START", about | {"timestamp": int(time.time())})

    def _dispatch(self, event: str, data: Json) -> None:
        for session in self._sessions.values():
            if session.wants(event):
                session.dispatch(event, data)

    def _dispatch_message(self, event: str, message: Message) -> None:
        """Ephemeral messages are the member's own; what others wrote is blanked without the intent for it."""
        if message.ephemeral:
            return
        payload = wire.message_event(message, self._world)
        own = message.author.id == self._world.bot.id or self._world.bot in message.mentions.users
        blanked = payload | {"content": "", "embeds": [], "attachments": [], "components": []}
        for session in self._sessions.values():
            if session.wants(event):
                session.dispatch(event, payload if own or session.reads_content() else blanked)
