"""A session: what one identified client has been sent, so that it can pick up where it left off."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec

from playground.errors import Json
from playground.gateway.connection import Connection

DISPATCH = 0
_REPLAYED = 2000

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
GUILD_MESSAGE_TYPING = 1 << 11
DIRECT_MESSAGES = 1 << 12
DIRECT_MESSAGE_TYPING = 1 << 14
MESSAGE_CONTENT = 1 << 15
PRIVILEGED: Mapping[str, int] = {
    "members": GUILD_MEMBERS,
    "presences": GUILD_PRESENCES,
    "message_content": MESSAGE_CONTENT,
}
_NEEDED = {
    "GUILD_CREATE": GUILDS,
    "MESSAGE_CREATE": GUILD_MESSAGES,
    "MESSAGE_UPDATE": GUILD_MESSAGES,
    "MESSAGE_DELETE": GUILD_MESSAGES,
    "TYPING_START": GUILD_MESSAGE_TYPING,
}
_NEEDED_IN_PRIVATE = {
    "MESSAGE_CREATE": DIRECT_MESSAGES,
    "MESSAGE_UPDATE": DIRECT_MESSAGES,
    "MESSAGE_DELETE": DIRECT_MESSAGES,
    "TYPING_START": DIRECT_MESSAGE_TYPING,
}


class _Sent(msgspec.Struct, frozen=True):
    sequence: int
    event: str
    data: Any


class Session:
    """One client's view of the events, connected or waiting to be resumed."""

    def __init__(self, intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.sequence = 0
        self._intents = intents
        self._sent: deque[_Sent] = deque(maxlen=_REPLAYED)
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection | None:
        """The connection that is being written to now."""
        return self._connection

    def wants(self, event: str, data: Json) -> bool:
        """Whether the intents ask for an event; those nobody can switch off are always wanted.

        Messages in servers and direct messages, which name no server, are asked for apart.
        """
        private = event in _NEEDED_IN_PRIVATE and "guild_id" not in data
        needed = (_NEEDED_IN_PRIVATE if private else _NEEDED).get(event, 0)
        return needed == 0 or bool(self._intents & needed)

    def reads_content(self) -> bool:
        """Whether what others wrote is shown to this client."""
        return bool(self._intents & MESSAGE_CONTENT)

    def attach(self, connection: Connection) -> None:
        """Send to `connection` from now on."""
        self._connection = connection

    def detach(self, connection: Connection) -> None:
        """Stop sending to `connection`, unless another has taken its place already."""
        if self._connection is connection:
            self._connection = None

    def dispatch(self, event: str, data: Json) -> None:
        """Number an event, remember it, and send it if a client is there."""
        self.sequence += 1
        self._sent.append(_Sent(self.sequence, event, data))
        if self._connection is not None:
            self._connection.send(DISPATCH, data, event=event, sequence=self.sequence)

    def can_replay(self, after: int) -> bool:
        """Whether everything later than sequence number `after` is still here."""
        oldest = self._sent[0].sequence if self._sent else self.sequence + 1
        return oldest - 1 <= after <= self.sequence

    def replay(self, after: int) -> None:
        """Send again what came later than sequence number `after`."""
        assert self._connection is not None
        for sent in self._sent:
            if sent.sequence > after:
                self._connection.send(DISPATCH, sent.data, event=sent.event, sequence=sent.sequence)
