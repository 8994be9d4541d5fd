"""How frames are rendered: size, scheduler, steps, strength, guidance, zoom, pace.

What suits a model differs between models, so every value is looked up in layers, the later winning:
the built-in defaults (right for Stable Diffusion v1) < the model's card < config.toml < the recipe.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Annotated, Literal, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

SchedulerName = Literal["ddim", "lms", "euler", "dpm++2m", "lcm"]
Kind = Literal["giro", "morph", "zoom"]
Morphing = Literal["even", "plain", "feedback"]

Size = Annotated[int, Meta(ge=64, le=2048, multiple_of=8)]
Steps = Annotated[int, Meta(ge=1, le=200)]
Strength = Annotated[float, Meta(gt=0, le=1)]
Guidance = Annotated[float, Meta(ge=1, le=30)]
ZoomRate = Annotated[float, Meta(ge=0.8, le=1.25)]
Share = Annotated[float, Meta(ge=0, le=1)]
Crossfade = Annotated[int, Meta(ge=0, le=50)]
Retries = Annotated[int, Meta(ge=0, le=5)]
FrameMs = Annotated[int, Meta(ge=20, le=2000)]


class Overrides(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Settings that somebody chose; what is unset is left to the layers below."""

    size: Size | UnsetType = UNSET
    scheduler: SchedulerName | UnsetType = UNSET
    steps: Steps | UnsetType = UNSET
    strength: Strength | UnsetType = UNSET
    guidance: Guidance | UnsetType = UNSET
    guidance_rescale: Share | UnsetType = UNSET
    colour_anchor: Share | UnsetType = UNSET
    layout_anchor: Share | UnsetType = UNSET
    grade: Share | UnsetType = UNSET
    crossfade: Crossfade | UnsetType = UNSET
    steering: Share | UnsetType = UNSET
    retries: Retries | UnsetType = UNSET
    zoom: ZoomRate | UnsetType = UNSET
    noise_warp: Share | UnsetType = UNSET
    persistence: Share | UnsetType = UNSET
    frame_ms: FrameMs | UnsetType = UNSET
    morphing: Morphing | UnsetType = UNSET

    def __or__(self, other: Overrides) -> Overrides:
        """Merge both; as with dictionaries, what is set in `other` wins."""
        return msgspec.structs.replace(self, **other.as_dict())

    def as_dict(self) -> dict[str, object]:
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, decided: what a storyboard is made with.

    Attributes:
        size: side of the square frame in pixels, a multiple of 8.
        scheduler: name of the sampler, one of diffusers' schedulers.
        steps: denoising steps of a frame that starts from noise.
        strength: share of those steps that a feedback frame is re-noised by, 0 < strength <= 1.
        guidance: classifier-free guidance scale; 1 turns guidance off.
        guidance_rescale: share of the spread that guidance adds to a prediction which is taken away again, 0…1.
        colour_anchor: how far a feedback frame's colours are drawn towards those of its stage's first picture: 0 not at
            all, 1 to the same mean and spread.
        layout_anchor: the same region by region, 0…1; keeps sky above and road below through hundreds of frames.
        grade: how far the colour anchors take on the colourfulness and contrast of a giro's first picture, 0…1: one
            look for the whole film.
        crossfade: frames over which one stage's prompt fades into the next one's; 0 switches at once.
        steering: share of a stage's key frame that is mixed in, at most, while its prompt fades in.
        retries: how many other seeds are tried for a degenerate frame.
        zoom: magnification from one frame to the next; 1.02 moves 2 % closer.
        noise_warp: share of a frame's noise that is the one before's, moved along with the camera; 0 is all fresh.
        persistence: share of its starting picture that stays in a feedback frame. What the model paints anew comes in
            over several frames, and flicker averages out.
        frame_ms: how long each frame is shown, in milliseconds.
        morphing: how a morph's frames are made. "even": all from the same noise, with as many steps as a feedback
            frame, spaced so that neighbours look equally different, which is measured first; "plain": the same at
            equal distances; "feedback": each from the one before, re-noised.
    """

    size: Size = 512
    scheduler: SchedulerName = "ddim"
    steps: Steps = 20
    strength: Strength = 0.4
    guidance: Guidance = 7.0
    guidance_rescale: Share = 0.0
    colour_anchor: Share = 0.0
    layout_anchor: Share = 0.0
    grade: Share = 0.0
    crossfade: Crossfade = 0
    steering: Share = 0.0
    retries: Retries = 2
    zoom: ZoomRate = 1.008
    noise_warp: Share = 0.0
    persistence: Share = 0.0
    frame_ms: FrameMs = 80
    morphing: Morphing = "even"

    @classmethod
    def from_layers(cls, layers: Iterable[Overrides]) -> Self:
        """Return the defaults, overridden by each of `layers`, the last one winning."""
        merged = functools.reduce(operator.or_, layers, Overrides())
        return cls(**merged.as_dict())  # type: ignore[arg-type]  # the fields of both records agree, and a test says so

    def as_overrides(self) -> Overrides:
        """Return all values as explicit choices, as a recipe stores them."""
        return Overrides(**msgspec.structs.asdict(self))


class SettingsLayer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One layer of settings: common ones, overridden for each kind of animation."""

    common: Overrides = Overrides()
    giro: Overrides = Overrides()
    morph: Overrides = Overrides()
    zoom: Overrides = Overrides()

    def for_kind(self, kind: Kind) -> Overrides:
        by_kind: dict[Kind, Overrides] = {"giro": self.giro, "morph": self.morph, "zoom": self.zoom}
        return self.common | by_kind[kind]


# The seeds' own values for Stable Diffusion v1; trimming 2 px of 512 a frame is a zoom of 512 / 508. Anchors, grade,
# crossfade, steering, noise warp and persistence were chosen with the embedded model (benchmarks/RESULTS.md), the only
# one measured; more persistence is best there, but real textures are finer than drawn ones.
BUILT_IN = SettingsLayer(
    giro=Overrides(
        strength=0.4,
        guidance=7.0,
        colour_anchor=0.8,
        layout_anchor=0.1,
        grade=0.9,
        crossfade=5,
        steering=0.35,
        noise_warp=0.5,
        persistence=0.3,
    ),
    morph=Overrides(steps=30, strength=2 / 3, guidance=7.5, scheduler="lms", frame_ms=200),
    zoom=Overrides(strength=0.4, guidance=7.0, colour_anchor=0.5, layout_anchor=0.1, noise_warp=0.5, persistence=0.3),
)
