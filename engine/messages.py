"""What the bot and the engine process say to each other: plain data, one msgpack frame each.

A job carries all that rendering it needs, and a result all that posting it needs: neither side reads the other's disk
or clock, so the engine may as well run on another host.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from engine.card import Card
from engine.config import EngineConfig, ModelConfig
from engine.recipe import Recipe
from engine.settings import Taste

JobId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Chosen by the bot; unique, and safe as a file name."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One animation to render.

    Attributes:
        owner: who asked; jobs of different owners take turns.
        limit_bytes: the largest GIF that can be posted where it was asked for.
    """

    id: JobId
    recipe: Recipe
    owner: str
    limit_bytes: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a job will be, known before it starts.

    Attributes:
        recipe: with every setting written down.
        model: name of the loaded model.
        unet_calls: denoising steps in all.
    """

    recipe: Recipe
    model: str
    frames: int
    unet_calls: int


class Standing(msgspec.Struct, frozen=True):
    """Where one job stands: position 0 is running, 1 is next; seconds_left is None until a pace has been measured."""

    job: JobId
    position: int
    seconds_left: float | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a finished render, every number measured.

    Attributes:
        frames: how many were rendered.
        gif_frames: how many the GIF shows; fewer where a small limit let it drop every other one.
        seconds: spent on this job from its first frame to its GIF, the time of earlier attempts included.
        seconds_by_phase: share of them by phase: encode, denoise, decode, gif.
        seam: d(last, first) / median d of neighbours; see `engine.quality`.
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


# ---- from the bot to the engine ----


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The first message: all the configuration that an engine needs."""

    model: ModelConfig
    engine: EngineConfig
    render: Taste
    spool: str
    keep_days: int


class Check(msgspec.Struct, frozen=True, tag=True):
    """Plan a recipe without queueing it; answered by Checked or Refused with the same ticket."""

    ticket: int
    recipe: Recipe


class Add(msgspec.Struct, frozen=True, tag=True):
    """Queue a job, or take it up again where its frames on disk end."""

    job: Job


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Stop a job and throw its frames away; answered by Cancelled."""

    job: JobId


class Forget(msgspec.Struct, frozen=True, tag=True):
    """The result is safe with the bot: the job's frames may go."""

    job: JobId


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Leave; frames stay on disk for the next start."""


Request = Check | Add | Cancel | Forget | Stop


# ---- from the engine to the bot ----


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded: its name, what suits it, and the hardware it runs on."""

    model: str
    card: Card
    device: str
    dtype: str


class Fatal(msgspec.Struct, frozen=True, tag=True):
    """The engine cannot start; `message` tells the operator what to change."""

    message: str


class Checked(msgspec.Struct, frozen=True, tag=True):
    """Answer to Check: this is what it would be."""

    ticket: int
    plan: Plan


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Answer to Check: it cannot be rendered, and the member is told why."""

    ticket: int
    message: str


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
    """The animation, ready to post, never larger than the job's limit."""

    job: JobId
    gif: bytes
    report: Report


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The job cannot be rendered; `message` is for its owner."""

    job: JobId
    message: str


class Cancelled(msgspec.Struct, frozen=True, tag=True):
    """The job was stopped as asked."""

    job: JobId


class Lost(msgspec.Struct, frozen=True, tag=True):
    """Said by the client, not the engine: the process died with this job in it and is being started again."""

    job: JobId


Event = Ready | Fatal | Checked | Refused | Accepted | Progress | Preview | Standings | Done | Failed | Cancelled | Lost
JobEvent = Accepted | Progress | Preview | Done | Failed | Cancelled | Lost
