"""How frames are rendered: size, scheduler, steps, strength, guidance, zoom, pace.

What suits a model differs between models, so every value is looked up in layers, the later winning:
the built-in defaults (right for Stable Diffusion v1) < the model's card < config.toml < the recipe.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

SchedulerName = Literal["ddim", "lms", "euler", "dpm++2m", "lcm"]
Kind = Literal["giro", "morph", "zoom"]

Size = Annotated[int, Meta(ge=64, le=2048, multiple_of=8)]
Steps = Annotated[int, Meta(ge=1, le=200)]
Strength = Annotated[float, Meta(gt=0, le=1)]
Guidance = Annotated[float, Meta(ge=1, le=30)]
ZoomRate = Annotated[float, Meta(ge=0.8, le=1.25)]
FrameMs = Annotated[int, Meta(ge=20, le=2000)]


class Overrides(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings somebody cares about; whatever is unset is left to the layers below."""

    size: Size | UnsetType = UNSET
    scheduler: SchedulerName | UnsetType = UNSET
    steps: Steps | UnsetType = UNSET
    strength: Strength | UnsetType = UNSET
    guidance: Guidance | UnsetType = UNSET
    zoom: ZoomRate | UnsetType = UNSET
    frame_ms: FrameMs | UnsetType = UNSET

    def over(self, below: Overrides) -> Overrides:
        """Return `below` with everything that is set here laid over it."""
        return msgspec.structs.replace(below, **self.chosen())

    def chosen(self) -> dict[str, object]:
        """Return the values that are set, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything decided: what a storyboard is made with.

    Attributes:
        size: side of the square frame in pixels, a multiple of 8.
        scheduler: name of the sampler, one of diffusers' schedulers.
        steps: denoising steps of a frame that starts from noise.
        strength: share of those steps that a feedback frame is re-noised by, 0 < strength <= 1.
        guidance: classifier-free guidance scale; 1 turns guidance off.
        zoom: magnification from one frame to the next; 1.02 moves 2 % closer.
        frame_ms: how long each frame is shown, in milliseconds.
    """

    size: Size = 512
    scheduler: SchedulerName = "ddim"
    steps: Steps = 20
    strength: Strength = 0.4
    guidance: Guidance = 7.0
    zoom: ZoomRate = 1.008
    frame_ms: FrameMs = 80

    @classmethod
    def layered(cls, layers: Iterable[Overrides]) -> Self:
        """Return the defaults with each of `layers` laid over the ones before it."""
        merged = Overrides()
        for layer in layers:
            merged = layer.over(merged)
        return cls(**merged.chosen())  # type: ignore[arg-type]  # the fields of both records agree, and a test says so

    def as_overrides(self) -> Overrides:
        """Return the same values as explicit choices, as a recipe stores them."""
        return Overrides(**msgspec.structs.asdict(self))


class Taste(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One layer of settings: common ones, then those of each kind of animation."""

    common: Overrides = Overrides()
    giro: Overrides = Overrides()
    morph: Overrides = Overrides()
    zoom: Overrides = Overrides()

    def of(self, kind: Kind) -> Overrides:
        """Return what this layer says about one kind of animation."""
        by_kind: dict[Kind, Overrides] = {"giro": self.giro, "morph": self.morph, "zoom": self.zoom}
        return by_kind[kind].over(self.common)


# The seeds' own values for Stable Diffusion v1: trimming 2 px of 512 a frame is a zoom of 512 / 508.
BUILT_IN = Taste(
    giro=Overrides(strength=0.4, guidance=7.0),
    morph=Overrides(steps=30, strength=2 / 3, guidance=7.5, scheduler="lms", frame_ms=200),
    zoom=Overrides(strength=0.4, guidance=7.0),
)
