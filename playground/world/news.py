"""The news: everything that happens, told once, in order, to whoever listens.

The gateway, the chat page and waiting tests are all listeners. `publish` calls each one before it returns, so nobody
misses a version of a message that the next edit replaces.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from playground.world.interaction import Interaction
from playground.world.model import Message

T = TypeVar("T")


class MessageCreated(msgspec.Struct, frozen=True):
    message: Message


class MessageUpdated(msgspec.Struct, frozen=True):
    message: Message


class MessageDeleted(msgspec.Struct, frozen=True):
    message: Message


class TypingStarted(msgspec.Struct, frozen=True):
    channel_id: str
    user_id: str


class InteractionCreated(msgspec.Struct, frozen=True):
    interaction: Interaction


class InteractionAnswered(msgspec.Struct, frozen=True):
    """The bot acknowledged: with a message, a promise of one, choices or a modal."""

    interaction: Interaction


class InteractionFailed(msgspec.Struct, frozen=True):
    """The bot did not acknowledge in time: 'The application did not respond'."""

    interaction: Interaction


class CommandsRegistered(msgspec.Struct, frozen=True):
    pass


class BotConnected(msgspec.Struct, frozen=True):
    """A gateway session began (`resumed` false) or was taken up again."""

    session_id: str
    resumed: bool


class BotDisconnected(msgspec.Struct, frozen=True):
    session_id: str


class PresenceChanged(msgspec.Struct, frozen=True):
    """What the bot says it is doing; empty when it says nothing."""

    activity: str


News = (
    MessageCreated
    | MessageUpdated
    | MessageDeleted
    | TypingStarted
    | InteractionCreated
    | InteractionAnswered
    | InteractionFailed
    | CommandsRegistered
    | BotConnected
    | BotDisconnected
    | PresenceChanged
)
Listener = Callable[[News], None]


class Newsroom:
    """Tells listeners what happens."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def publish(self, news: News) -> None:
        """Tell every listener, in the order they came."""
        for listener in tuple(self._listeners):
            listener(news)

    @contextlib.contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """Have `listener` called with all news for as long as the context lasts."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def until(self, find: Callable[[], T | None], seconds: float | None) -> T:
        """Return the first result of `find` that is not None, tried now and after every piece of news.

        Raises:
            TimeoutError: nothing was found within `seconds`; None waits for ever.
        """
        found: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def look(_: News | None = None) -> None:
            if found.done():
                return
            try:
                result = find()
            except Exception as error:  # noqa: BLE001  # it belongs to whoever waits, not to who brought the news
                found.set_exception(error)
            else:
                if result is not None:
                    found.set_result(result)

        look()
        with self.listening(look):
            async with asyncio.timeout(seconds):
                return await found
