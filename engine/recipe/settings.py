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
    """Settings somebody cares about; whatever is unset is left to the layers below."""

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

    def over(self, below: Overrides) -> Overrides:
        """Return `below` with everything that is set here laid over it."""
        return msgspec.structs.replace(below, **self.as_dict())

    def as_dict(self) -> dict[str, object]:
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
        guidance_rescale: share of the spread that guidance adds to a prediction which is taken away again, 0 for none.
        colour_anchor: how far a feedback frame's colours are drawn towards those of its stage's first picture, 0 for
            not at all, 1 for the same mean and spread.
        layout_anchor: the same, region by region: what keeps the sky above and the road below through hundreds of
            frames; 0 for not at all.
        grade: how far a giro's stages are made as colourful and as rich in contrast as its first picture, 0 for not at
            all: one look for the whole film. It is the anchors that are graded, so it needs them.
        crossfade: frames over which one stage's prompt fades into the next one's; 0 changes it from one to the next.
        steering: how much of a stage's key frame is mixed in, at most, while its prompt fades in; 0 for none.
        retries: how many other seeds are tried for a frame that is found degenerate.
        zoom: magnification from one frame to the next; 1.02 moves 2 % closer.
        noise_warp: how much of a frame's noise is the one before's, moved along with the camera; 0 is all fresh.
        persistence: how much of the moved picture that a feedback frame starts from stays in it; 0 for none. What the
            model paints anew comes in over several frames, and flicker averages out.
        frame_ms: how long each frame is shown, in milliseconds.
        morphing: how a morph's frames are made. "even": all from the same noise, with as many steps as a feedback
            frame takes, at places on the way where neighbours look equally different, which is measured first;
            "plain": the same at equal distances; "feedback": each from the one before, re-noised.
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
        """Return the defaults with each of `layers` laid over the ones before it."""
        merged = Overrides()
        for layer in layers:
            merged = layer.over(merged)
        return cls(**merged.as_dict())  # type: ignore[arg-type]  # the fields of both records agree, and a test says so

    def as_overrides(self) -> Overrides:
        """Return the same values as explicit choices, as a recipe stores them."""
        return Overrides(**msgspec.structs.asdict(self))


class SettingsLayer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One layer of settings: common ones, then those of each kind of animation."""

    common: Overrides = Overrides()
    giro: Overrides = Overrides()
    morph: Overrides = Overrides()
    zoom: Overrides = Overrides()

    def for_kind(self, kind: Kind) -> Overrides:
        """Return what this layer says about one kind of animation."""
        by_kind: dict[Kind, Overrides] = {"giro": self.giro, "morph": self.morph, "zoom": self.zoom}
        return by_kind[kind].over(self.common)


# The seeds' own values for Stable Diffusion v1: trimming 2 px of 512 a frame is a zoom of 512 / 508. What keeps
# colours, steadies frames and lets stages arrive was chosen with the embedded model (benchmarks/RESULTS.md), for none
# else is measured; there more persistence is best, but real textures are finer than drawn ones.
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
    zoom=Overrides(
        strength=0.4,
        guidance=7.0,
        colour_anchor=0.5,
        layout_anchor=0.1,
        noise_warp=0.5,
        persistence=0.3,
    ),
)
