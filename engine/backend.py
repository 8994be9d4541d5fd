"""What Core needs of a model: shots in, pictures out, one denoising step of many shots at a time.

    backend.check(storyboard)                  before anything is queued
    lanes = backend.open([request, …])         prompts embedded, start latents made
    while lanes[0].steps_left:
        backend.denoise(lanes, width)          one batched UNet call, one step for every lane in it
    pending = backend.decode(lanes)            decoded, while the next shots are opened
    picture = pending[0].picture()

Lanes may belong to different jobs and stand at different timesteps. No tensor crosses this seam, so Core is tested with
a toy, and a backend on another library is another implementation of the same protocol.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.protocol.card import Card
from engine.recipe.settings import SchedulerName
from engine.storyboard.shot import Shot
from engine.storyboard.storyboard import Storyboard

Picture: TypeAlias = NDArray[np.uint8]
"""A finished frame: shape (height, width, 3), RGB, 0…255. Later frames start from these very numbers."""


class ShotRequest(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to start one shot; `sources` holds the finished frames of `shot.sources`, by index."""

    shot: Shot
    width: int
    height: int
    scheduler: SchedulerName
    sources: Mapping[int, Picture]


class Memory(msgspec.Struct, frozen=True):
    """Bytes on a device."""

    used: int
    total: int


class Lane(Protocol):
    """One shot in flight, with its own sampler state."""

    @property
    def shape_key(self) -> Hashable:
        """Lanes with equal keys may share a UNet call."""

    @property
    def steps_left(self) -> int:
        """Denoising steps still to go; at 0 the lane can be decoded."""


class PendingPicture(Protocol):
    """A picture that is being decoded."""

    @property
    def ready(self) -> bool:
        """Whether `picture` would not block."""

    def picture(self) -> Picture:
        """Wait until it is decoded, and return it."""


class Backend(Protocol):
    """A loaded model. Whatever computes raises EngineError when the device has no memory left for it.

    A lane's result depends on its shot and its sources only. With the same `width` in every call it is the same to the
    last bit, on a CPU, whatever other lanes take part; a different width may change the last digits of a float.
    """

    @property
    def name(self) -> str: ...

    @property
    def card(self) -> Card: ...

    @property
    def device(self) -> str:
        """The hardware it runs on, such as "cpu" or "cuda:0"."""

    @property
    def dtype(self) -> str:
        """The numbers it computes in, such as "float32"."""

    @property
    def judges(self) -> bool:
        """Whether there is a safety checker; without one `judge` may not be called."""

    @property
    def memory(self) -> Memory:
        """Memory of the device; on a CPU, `used` is this process's."""

    def check(self, storyboard: Storyboard) -> None:
        """Check that every shot can be rendered, without rendering any.

        Raises:
            PromptError: the tokenizer cannot hold a prompt or a word.
            RecipeError: the model cannot make frames of this size or with this sampler.
        """

    def open(self, requests: Sequence[ShotRequest]) -> Sequence[Lane]:
        """Start shots: one lane for each request, in the same order; raises PromptError as `check` does."""

    def denoise(self, lanes: Sequence[Lane], width: int) -> None:
        """Advance every lane by one step of its own sampler, in one UNet call.

        The lanes, at least one, share a shape key and have steps left. The call is padded to `width` lanes, so that
        its arithmetic is always the same.
        """

    def decode(self, lanes: Sequence[Lane]) -> Sequence[PendingPicture]:
        """Begin to decode finished lanes, in the same order; the lanes cannot be used afterwards."""

    def judge(self, pictures: Sequence[Picture]) -> list[bool]:
        """Return for each picture whether the safety checker objects to it."""
