"""What the bot and the engine process say to each other: plain data, one msgpack frame each.

A job carries all that rendering it needs, and a result all that posting it needs: neither side reads the other's disk
or clock, so the engine may as well run on another host.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from engine.config import EngineSetup, NsfwRule
from engine.protocol.card import Card
from engine.recipe.ceiling import NO_CEILING, Ceiling
from engine.recipe.found import SurveyResult
from engine.recipe.recipe import Recipe
from engine.sentence import Sentence

JobId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Chosen by the bot; unique, and safe as a file name."""

Suffix = Literal[".gif", ".png"]
"""Of a finished render's file."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One animation to render.

    Attributes:
        owner: who asked; jobs of different owners take turns.
        server: where it was asked for, None in a direct message; what is paused there waits.
        priority: higher is let in earlier; see `engine.core.scheduling.line_up`.
        nsfw: what happens to frames that the model's safety checker objects to, if the model has one.
        limit_bytes: the largest file that can be posted where it was asked for.
        base: an earlier job whose frames are taken over as far as they are the same and still there.
        ceiling: what its frames may take at most, whatever the recipe, the model or the configuration would have.
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
        model: name of the loaded model.
        frames: of the finished animation.
        unet_calls: denoising steps that are still to be done for it, or were when it was begun: those of frames that
            are taken over from another job do not count.
        inherited: how many frames are taken over.
        notes: what its owner is to read: each setting that the job's ceiling has lowered.
    """

    recipe: Recipe
    model: str
    frames: int
    unet_calls: int
    inherited: int = 0
    notes: tuple[Sentence, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """Where one job stands.

    Attributes:
        position: 0 is running, 1 is next; jobs that are held come last.
        seconds_left: None until a pace has been measured, and for a job that is held.
        held: an administrator has paused its server, or the whole bot; it waits until that ends.
    """

    job: JobId
    position: int
    seconds_left: float | None
    held: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a finished render, every number measured.

    Attributes:
        frames: of the animation as it is seen, those taken over from another job and those that are seen twice
            included; pictures of a contact sheet.
        gif_frames: how many the GIF shows; fewer where a small limit let it drop every other one.
        seconds: spent on this job from its first frame to its file, the time of earlier attempts included.
        seconds_by_phase: share of them by phase: encode, denoise, decode, gif.
        frame_ms: how long a frame is shown; 0 for a contact sheet.
        seam: d(last, first) / median d of neighbours; see `engine.frames.seam`. 0 for a contact sheet.
        flagged: how many frames the safety checker objected to; they are blurred in the file.
        retried: how many of the frames that are shown came out degenerate at first and were made again.
        found: what was decided on the way; None where the recipe had said it all.
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
        model: name of the loaded model.
        device, dtype: the hardware it runs on, such as "cuda:0", and the numbers it computes in.
        memory_used, memory_total: bytes; of the graphics card, whoever uses it, or where the CPU computes of this
            process.
        steps_per_second, frames_per_second: while it worked, of late; None until something was rendered.
        running, waiting: how many jobs; those that are held wait, too.
        held: how many jobs wait because somebody has paused them.
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
    """The first message: all the configuration that an engine needs, and the directory that frames are kept in."""

    setup: EngineSetup
    spool: str


class Check(msgspec.Struct, frozen=True, tag=True):
    """Plan a recipe without queueing it; answered by Checked or Refused with the same ticket. The rest as in Job."""

    ticket: int
    recipe: Recipe
    base: JobId | None = None
    ceiling: Ceiling = NO_CEILING


class Add(msgspec.Struct, frozen=True, tag=True):
    """Queue a job, or take it up again where its frames on disk end."""

    job: Job


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Stop a job and throw its frames away; answered by Cancelled."""

    job: JobId


class Forget(msgspec.Struct, frozen=True, tag=True):
    """The result is safe with the bot: the job's frames may go, when room is needed."""

    job: JobId


class Discard(msgspec.Struct, frozen=True, tag=True):
    """Nobody is to have a finished job's frames any more; one that is in work is left alone."""

    job: JobId


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Let no waiting job of a server in, or of any server if it is None; or let them in again."""

    server: str | None
    paused: bool


class Inspect(msgspec.Struct, frozen=True, tag=True):
    """Ask how the engine is doing; answered by Inspected with the same ticket."""

    ticket: int


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Leave; frames stay on disk for the next start."""


Request = Check | Add | Cancel | Forget | Discard | Pause | Inspect | Stop


# ---- from the engine to the bot ----


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded: its name, what suits it, and the hardware it runs on.

    Attributes:
        judges: whether a safety checker is loaded with it; without one no frame is ever judged.
    """

    model: str
    card: Card
    device: str
    dtype: str
    judges: bool = False


class Fatal(msgspec.Struct, frozen=True, tag=True):
    """The engine cannot start; `message` tells the operator what to change."""

    message: Sentence


class Checked(msgspec.Struct, frozen=True, tag=True):
    """Answer to Check: this is what it would be."""

    ticket: int
    plan: Plan


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Answer to Check: it cannot be rendered, and the member is told why."""

    ticket: int
    message: Sentence


class Inspected(msgspec.Struct, frozen=True, tag=True):
    """Answer to Inspect."""

    ticket: int
    status: Status


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """The job is queued; `frames_done` of it were found on disk."""

    job: JobId
    plan: Plan
    frames_done: int


class Progress(msgspec.Struct, frozen=True, tag=True):
    """The job went on; frames_done of frames exist, and calls_done of its denoising steps are behind it."""

    job: JobId
    frames_done: int
    frames: int
    calls_done: int
    calls: int


class Preview(msgspec.Struct, frozen=True, tag=True):
    """A picture of the latest frame, small enough for a progress message."""

    job: JobId
    frame: int
    image: bytes
    suffix: str


class Standings(msgspec.Struct, frozen=True, tag=True):
    """Where every job of this engine stands, in the order they will finish as far as is known."""

    jobs: tuple[Standing, ...]


class Done(msgspec.Struct, frozen=True, tag=True):
    """The animation or contact sheet, ready to post, never larger than the job's limit; `suffix` says what it is.

    Attributes:
        tries: a PNG of the seeds that were tried, where several were; with `picture` it is within the limit.
    """

    job: JobId
    picture: bytes
    suffix: Suffix
    report: Report
    tries: bytes | None = None


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The job cannot be rendered.

    Attributes:
        message: for its owner.
        costs: whether what was rendered up to there is the owner's to pay for: what they asked for is the reason.
    """

    job: JobId
    message: Sentence
    costs: bool = False


class Cancelled(msgspec.Struct, frozen=True, tag=True):
    """The job was stopped as asked."""

    job: JobId


class Lost(msgspec.Struct, frozen=True, tag=True):
    """Said by the client, not the engine: the process died with this job in it and is being started again."""

    job: JobId


Event = (
    Ready
    | Fatal
    | Checked
    | Refused
    | Inspected
    | Accepted
    | Progress
    | Preview
    | Standings
    | Done
    | Failed
    | Cancelled
    | Lost
)
JobEvent = Accepted | Progress | Preview | Done | Failed | Cancelled | Lost
