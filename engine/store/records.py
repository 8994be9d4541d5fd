"""What is remembered of a job: who asked for what, where the answer goes, and how far it is."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.messages import JobId, Plan, Report
from engine.recipe import Recipe

State = Literal["waiting", "running", "done", "delivered", "failed", "cancelled"]

OPEN: tuple[State, ...] = ("waiting", "running")
"""States in which the engine still has work to do."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked: the id is Discord's, the name is the one shown at the time."""

    id: str
    name: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the answer to a command stands, and what is needed to edit it.

    Attributes:
        server: id of the server, None in a direct message.
        channel: id of the channel or thread.
        message: id of the message that shows progress and result; None once it has been deleted.
        application: id that the interaction's webhook goes by.
        token: of the interaction; it opens the message for a quarter of an hour, without any permission.
        expires: when that ends, in seconds since the epoch.
    """

    server: str | None
    channel: str
    message: str | None
    application: str
    token: str
    expires: float


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a member asks the studio for; `limit_bytes` is the largest file that can be posted as the answer."""

    recipe: Recipe
    member: Member
    answer: Answer
    limit_bytes: int


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted job.

    Attributes:
        recipe: as it was asked for.
        plan: with every setting written down, once the engine has said so.
        settled: nothing more has to be said to the owner.
        report: of the finished render.
        error: the sentence that the owner is told if it failed.
        created, finished: in seconds since the epoch.
    """

    id: JobId
    recipe: Recipe
    member: Member
    answer: Answer
    limit_bytes: int
    state: State = "waiting"
    settled: bool = False
    plan: Plan | None = None
    report: Report | None = None
    error: str = ""
    created: float
    finished: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether the engine still has work to do."""
        return self.state in OPEN

    @property
    def resolved(self) -> Recipe:
        """The recipe to render: with its settings written down where they are known."""
        return self.plan.recipe if self.plan else self.recipe
