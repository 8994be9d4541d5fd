"""Interactions as data: what a member did, and what became of it."""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass, field

import msgspec

from playground.errors import Json
from playground.world.model import Channel, GuildMember, Message


class Kind(enum.IntEnum):
    """What a member did."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class Callback(enum.IntEnum):
    """How the bot answered."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE_MESSAGE = 7
    CHOICES = 8
    MODAL = 9


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a member's client sends: what they did, where, and with what.

    Attributes:
        data: the interaction's `data`, as Discord defines it for `kind`.
        message: the message whose component was used.
        cause: the interaction that opened the modal being submitted.
        option_type: for autocomplete, the type of the option being typed.
        upload_limit: bytes stated as `attachment_size_limit`; None states the larger of the server's and the member's.
    """

    kind: Kind
    member: GuildMember
    channel: Channel
    data: Json
    message: Message | None = None
    cause: Interaction | None = None
    option_type: int | None = None
    upload_limit: int | None = None


@dataclass(kw_only=True, eq=False)
class Interaction:
    """One interaction and what became of it.

    Attributes:
        created: when, on the monotonic clock, in seconds.
        callback: how the bot answered; None until it has.
        answered_after: seconds from creation to the answer.
        response_id: id of the message that `@original` means.
        modal, choices: what the bot answered with, if it was one of those.
        failed: whether the time for an answer has passed without one.
    """

    id: str
    token: str
    request: Request
    upload_limit: int
    created: float = field(default_factory=time.monotonic)
    callback: Callback | None = None
    answered_after: float | None = None
    response_id: str | None = None
    modal: Json | None = None
    choices: list[Json] | None = None
    failed: bool = False

    def answered(self, callback: Callback) -> None:
        """Note how the bot answered, and when."""
        self.callback = callback
        self.answered_after = time.monotonic() - self.created
