"""What is remembered of a job: who asked for what, where the answer goes, and how far it is."""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.config import NsfwRule
from engine.protocol.messages import JobId, Plan, Report
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.edits import with_survey_result
from engine.recipe.recipe import Morph, Recipe
from engine.recipe.survey_result import SurveyResult
from engine.sentence import Sentence
from studio.config.effective import Place

State = Literal["waiting", "running", "done", "delivered", "failed", "cancelled"]

OPEN_STATES: tuple[State, ...] = ("waiting", "running")
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
        token: of the interaction; for 15 minutes it edits the message whatever the bot's permissions are.
        expires: when that ends, in seconds since the epoch.
        locale: the language to answer in, as Discord calls it.
    """

    server: str | None
    channel: str
    message: str | None
    application: str
    token: str
    expires: float
    locale: str = "en-US"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a member asks the studio for.

    Attributes:
        place: where they ask, and as what; it decides what they may have.
        limit_bytes: the largest file that can be posted as the answer.
        parent: the job whose recipe this one was made from, if any.
        notes: what else the member is to read under it.
    """

    recipe: Recipe
    member: Member
    answer: Answer
    place: Place
    limit_bytes: int
    parent: JobId | None = None
    notes: tuple[Sentence, ...] = ()


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted job.

    Attributes:
        recipe: as it was asked for, within the limits; what it leaves open is decided in the plan.
        plan: with every setting written down, once the engine has said so.
        is_settled: nothing more has to be said to the owner.
        report: of the finished render.
        error: what the owner is told if it failed, or was called off by somebody else.
        created, finished: in seconds since the epoch.
        parent: the job whose recipe this one was made from, if any.
        notes: what had to be changed about it to be within the limits, and whatever else its owner is to read.
        cost: what it was quoted to take, in seconds of the engine's time.
        priority: jobs of a higher one are rendered first.
        nsfw_rule: what becomes of pictures that the safety checker objects to, where it was asked for.
        nsfw: the pictures are for an age-restricted place, and shown behind a spoiler elsewhere.
        ceiling: what its frames may take at most, as it was where and when it was asked for.
    """

    id: JobId
    recipe: Recipe
    member: Member
    answer: Answer
    limit_bytes: int
    state: State = "waiting"
    is_settled: bool = False
    plan: Plan | None = None
    report: Report | None = None
    error: Sentence | None = None
    created: float
    finished: float | None = None
    parent: JobId | None = None
    notes: tuple[Sentence, ...] = ()
    cost: float = 0.0
    priority: int = 0
    nsfw_rule: NsfwRule = "blur"
    nsfw: bool = False
    ceiling: Ceiling = NO_CEILING

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def survey_result(self) -> SurveyResult | None:
        """What a finished morph's survey decided."""
        return self.report.found if self.report else None

    @property
    def final_recipe(self) -> Recipe:
        """The recipe of what came of it: settings, chosen seed and measured places written down."""
        return with_survey_result(self.resolved_recipe, self.survey_result)

    @property
    def asked_recipe(self) -> Recipe:
        """The recipe that was asked for, with the seed that was chosen where several were tried."""
        found = self.survey_result
        if not isinstance(self.recipe, Morph) or found is None:
            return self.recipe
        return msgspec.structs.replace(self.recipe, seed=found.seeds[0], tries=1)

    @property
    def resolved_recipe(self) -> Recipe:
        """The recipe to render: with its settings written down where they are known."""
        return self.plan.recipe if self.plan else self.recipe


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A render that its maker has shown to their server.

    Attributes:
        id: of the job that made it.
        server: id of the only server where it can be seen.
        recipe: with every setting written down.
        model: name of the model that rendered it.
        width, height: of the picture, in pixels.
        created, shared: when it was asked for and when it was shared, in seconds since the epoch.
        votes: how many members like it.
        parent: the job whose recipe it was made from; it may be gone by now.
        parent_maker: who had made that one, kept even when it is gone; None where it has no parent.
        channel, message: where it was posted; the message may be gone.
        home: the channel whose rules hold for it, such as that of a thread; empty where it is `channel` itself.
        nsfw: it is shown behind a spoiler.
        adults_only: it was made in an age-restricted channel and blurred by nobody, so it is shown in such ones only.
    """

    id: JobId
    server: str
    member: Member
    recipe: Recipe
    model: str
    width: int
    height: int
    frames: int
    created: float
    shared: float
    votes: int = 0
    parent: JobId | None = None
    parent_maker: str | None = None
    channel: str
    message: str | None
    home: str = ""
    nsfw: bool = False
    adults_only: bool = False
