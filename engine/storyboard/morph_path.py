"""Prompts and noise of a frame, and the path through both that a morph's frames lie on."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from engine.recipe.seeds import derive_seeds


class NoiseStart(msgspec.Struct, frozen=True, tag="noise"):
    """A frame that starts from pure noise: text-to-image.

    Attributes:
        other: seed of another noise to mix in, None for none.
        angle: rotation of the frame's own noise towards the other, in radians: 0 is all its own, π / 2 all the other.
            The squares of both parts sum to 1, so that the mix has unit variance.
    """

    other: int | None = None
    angle: float = 0.0


class PromptMix(msgspec.Struct, frozen=True, tag="text"):
    """Whole prompts with weights that sum to 1, mixed after the text encoder."""

    parts: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, prompt: str) -> PromptMix:
        return cls(((prompt, 1.0),))

    @classmethod
    def from_weights(cls, parts: Iterable[tuple[str, float]]) -> PromptMix:
        """Return prompts with weights that sum to 1; the weights of repeated prompts are added up."""
        weights: dict[str, float] = {}
        for prompt, weight in parts:
            weights[prompt] = weights.get(prompt, 0.0) + weight
        present = [(prompt, weight) for prompt, weight in weights.items() if weight > 0]
        return cls.of(present[0][0]) if len(present) == 1 else cls(tuple(present))

    @classmethod
    def crossfade(cls, first: str, second: str, weight: float) -> PromptMix:
        """Return `first` cross-faded towards `second`; weight 0 is all `first`, 1 all `second`."""
        return cls.from_weights([(first, 1 - weight), (second, weight)])


class TokenMix(msgspec.Struct, frozen=True, tag="swap"):
    """A prompt with one word mixed from two, at the token embeddings before the text encoder's layers."""

    template: str
    source: str
    target: str
    weight: float

    @property
    def ends(self) -> tuple[str, str]:
        """The prompts that weights 0 and 1 stand for: `template` with `source`, or `target`, in the place of `{}`."""
        return self.template.replace("{}", self.source), self.template.replace("{}", self.target)


class PromptPath(msgspec.Struct, frozen=True):
    """A path through waypoints from position 0 to 1: waypoint k of n lies at k / (n - 1).

    Attributes:
        template: what the waypoints are put into; None for whole prompts.
        detour: whether the way back, the second half, passes through another seed's noise.
    """

    waypoints: tuple[str, ...]
    template: str | None
    detour: bool = False

    def prompt(self, position: float) -> PromptMix | TokenMix:
        place = position * (len(self.waypoints) - 1)
        leg = min(int(place), len(self.waypoints) - 2)
        source, target = self.waypoints[leg : leg + 2]
        if self.template is None:
            return PromptMix.crossfade(source, target, place - leg)
        return TokenMix(self.template, source, target, place - leg)

    def noise(self, position: float, seed: int) -> NoiseStart:
        """Return the noise at a position: the seed's own, on a detour turned towards another's and back."""
        if not self.detour or not 0.5 < position < 1:
            return NoiseStart()
        return NoiseStart(other=derive_seeds(seed, 1)[0], angle=math.pi / 2 * math.sin(math.pi * (2 * position - 1)))


class SeedSurvey(msgspec.Struct, frozen=True):
    """Hidden frames of one seed along a path, in order, from whose looks the positions of shown ones are measured."""

    seed: int
    frames: tuple[int, ...]
    positions: tuple[float, ...]


class MeasuredPosition(msgspec.Struct, frozen=True, tag="along"):
    """Position at a fraction of the path's perceptual arc length, which is measured on hidden frames.

    Attributes:
        share: that fraction, 0…1.
        surveys: one for each seed that is tried.
        rank: which survey is followed, 0 for the best; with finals it is the winner of those.
        finals: for each of the best surveys, in order, hidden frames at even shares between its ends, which decide
            between them. Empty for none.
        closest: the same again, for the winner.
    """

    path: PromptPath
    share: float
    surveys: tuple[SeedSurvey, ...]
    rank: int = 0
    finals: tuple[tuple[int, ...], ...] = ()
    closest: tuple[int, ...] = ()

    @property
    def required_frames(self) -> frozenset[int]:
        return frozenset(self.closest).union(*(survey.frames for survey in self.surveys), *self.finals)
