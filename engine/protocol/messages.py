"""What the bot and the engine process say to each other: plain data, one MessagePack message each.

Neither side reads the other's disk or clock, so the engine may as well run on another host.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from engine.config import EngineSetup, NsfwRule
from engine.protocol.card import Card
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.recipe import Recipe
from engine.recipe.survey_result import SurveyResult
from engine.sentence import Sentence

JobId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Chosen by the bot; unique, and safe as a file name."""

Suffix = Literal[".gif", ".png"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One animation to render.

    Attributes:
        owner: who asked; jobs of different owners take turns.
        server: where it was asked for, None in a direct message; what is paused there waits.
        priority: higher is admitted earlier; see `engine.core.scheduling.order_queue`.
        limit_bytes: the largest file that can be posted where it was asked for.
        base: an earlier job whose frames are reused where they are the same and still there.
        ceiling: limits for its frames, whatever the recipe, the model or the configuration says.
    """

    id: JobId
    recipe: Recipe
    owner: str
    server: str | None = None
    priority: int = 0
    nsfw: NsfwRule = "blur"
    limit_bytes: int
    base: JobId | None = None
    ceiling: Ceiling = NO_CEILING


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a job will be, known before it starts.

    Attributes:
        recipe: with every setting written down.
        unet_calls: denoising steps to do, without those of inherited frames.
        inherited: how many frames are reused from another job.
        notes: for its owner, one about each setting that the job's ceiling has lowered.
    """

    recipe: Recipe
    model: str
    frames: int
    unet_calls: int
    inherited: int = 0
    notes: tuple[Sentence, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """Where one job stands in the queue.

    Attributes:
        position: 0 is running, 1 is next; jobs that are held come last.
        seconds_left: None until a rate has been measured, and for a job that is held.
        held: an administrator has paused its server, or the whole bot.
    """

    job: JobId
    position: int
    seconds_left: float | None
    held: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Measurements of a finished render.

    Attributes:
        frames: as displayed, inherited and repeated ones included; the pictures of a contact sheet.
        gif_frames: how many the GIF shows; fewer where a small limit made it drop some.
        seconds: from the first frame to the file, earlier attempts included.
        seconds_by_phase: those spent in encode, denoise, decode, judge and gif.
        frame_ms: how long a frame is shown; 0 for a contact sheet.
        seam: d(last, first) / median d of neighbours; see `engine.frames.seam`. 0 for a contact sheet.
        flagged: how many frames the safety checker objected to; they are blurred in the file.
        retried: how many displayed frames were rendered again because they were degenerate.
        found: what a survey decided; None where the recipe had decided everything.
    """

    frames: int
    gif_frames: int
    seconds: float
    seconds_by_phase: dict[str, float]
    unet_calls: int
    width: int
    height: int
    frame_ms: int
    seam: float
    flagged: int = 0
    retried: int = 0
    found: SurveyResult | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How an engine is doing at this moment.

    Attributes:
        device, dtype: as in `engine.backend.Backend`.
        memory_used, memory_total: bytes; of the graphics card, whoever uses it, or on a CPU of this process.
        steps_per_second, frames_per_second: recent, while it worked; None until something was rendered.
        running, waiting, held: how many jobs; `waiting` includes the held ones.
    """

    model: str
    device: str
    dtype: str
    memory_used: int
    memory_total: int
    steps_per_second: float | None
    frames_per_second: float | None
    running: int
    waiting: int
    held: int


# ---- from the bot to the engine ----


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The first message: the configuration, and the directory where frames are kept."""

    setup: EngineSetup
    spool: str


class Check(msgspec.Struct, frozen=True, tag=True):
    """Plan a recipe without queueing it; answered by Checked or Refused with the same ticket."""

    ticket: int
    recipe: Recipe
    base: JobId | None = None
    ceiling: Ceiling = NO_CEILING


class Add(msgspec.Struct, frozen=True, tag=True):
    """Queue a job, or resume it where its frames on disk end."""

    job: Job


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Stop a job and throw its frames away; answered by Cancelled."""

    job: JobId


class Forget(msgspec.Struct, frozen=True, tag=True):
    """The bot has the result: the job's frames may be removed when room is needed."""

    job: JobId


class Discard(msgspec.Struct, frozen=True, tag=True):
    """Throw a finished job's frames away; an unfinished job is left alone."""

    job: JobId


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Admit no waiting job of a server, or of any server if it is None; or admit them again."""

    server: str | None
    paused: bool


class StatusRequest(msgspec.Struct, frozen=True, tag=True):
    """Ask how the engine is doing; answered by Inspected with the same ticket."""

    ticket: int


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Exit; frames stay on disk for the next start."""


Request = Check | Add | Cancel | Forget | Discard | Pause | StatusRequest | Stop


# ---- from the engine to the bot ----


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded; `judges` says whether a safety checker is, too."""

    model: str
    card: Card
    device: str
    dtype: str
    judges: bool = False


class Fatal(msgspec.Struct, frozen=True, tag=True):
    """The engine cannot start; `message` tells the operator what to change."""

    message: Sentence


class Checked(msgspec.Struct, frozen=True, tag=True):
    ticket: int
    plan: Plan


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The recipe cannot be rendered; `message` tells the member why."""

    ticket: int
    message: Sentence


class StatusReply(msgspec.Struct, frozen=True, tag=True):
    ticket: int
    status: Status


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """The job is queued; `frames_done` of it were found on disk."""

    job: JobId
    plan: Plan
    frames_done: int


class Progress(msgspec.Struct, frozen=True, tag=True):
    job: JobId
    frames_done: int
    frames: int
    calls_done: int
    calls: int


class Preview(msgspec.Struct, frozen=True, tag=True):
    """The latest frame, small enough for a progress message."""

    job: JobId
    frame: int
    image: bytes
    suffix: str


class Standings(msgspec.Struct, frozen=True, tag=True):
    """Where every job of this engine stands: running ones, then waiting ones in order, then held ones."""

    jobs: tuple[Standing, ...]


class Done(msgspec.Struct, frozen=True, tag=True):
    """The animation or contact sheet, ready to post.

    Attributes:
        tries: a PNG of the seeds that were tried, where several were; together with `picture` within the job's limit.
    """

    job: JobId
    picture: bytes
    suffix: Suffix
    report: Report
    tries: bytes | None = None


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The job cannot be rendered; `message` is for its owner.

    Attributes:
        costs: whether the owner's quota is charged, because what they asked for is the reason.
    """

    job: JobId
    message: Sentence
    costs: bool = False


class Cancelled(msgspec.Struct, frozen=True, tag=True):
    job: JobId


class Lost(msgspec.Struct, frozen=True, tag=True):
    """Sent by the client, not the engine: the process died with this job in it and is being restarted."""

    job: JobId


JobEvent = Accepted | Progress | Preview | Done | Failed | Cancelled | Lost
Event = Ready | Fatal | Checked | Refused | StatusReply | Standings | JobEvent
