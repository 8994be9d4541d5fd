"""What steers a frame and what noise it starts from, and the way through both that a morph's frames lie on."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from engine.recipe.seeds import derive_seeds


class NoiseStart(msgspec.Struct, frozen=True, tag="noise"):
    """A frame that starts from pure noise: text-to-image.

    Attributes:
        other: seed of another noise that is mixed in, None for none.
        angle: how far the frame's own noise is turned towards that one, in radians: 0 is all its own, π / 2 all the
            other; between them the sum of squares of the parts is 1, so that it is as strong as any noise.
    """

    other: int | None = None
    angle: float = 0.0


class PromptMix(msgspec.Struct, frozen=True, tag="text"):
    """Whole prompts with weights that sum to 1, mixed after the text encoder."""

    parts: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, prompt: str) -> PromptMix:
        """Return one prompt, unmixed."""
        return cls(((prompt, 1.0),))

    @classmethod
    def from_weights(cls, parts: Iterable[tuple[str, float]]) -> PromptMix:
        """Return prompts with weights that sum to 1; those of a prompt that comes more than once are added up."""
        weights: dict[str, float] = {}
        for prompt, weight in parts:
            weights[prompt] = weights.get(prompt, 0.0) + weight
        present = [(prompt, weight) for prompt, weight in weights.items() if weight > 0]
        return cls.of(present[0][0]) if len(present) == 1 else cls(tuple(present))

    @classmethod
    def crossfade(cls, first: str, second: str, weight: float) -> PromptMix:
        """Return `first` cross-faded towards `second`; weight 0 is all `first`, 1 all `second`."""
        if weight <= 0 or first == second:
            return cls.of(first)
        if weight >= 1:
            return cls.of(second)
        return cls(((first, 1 - weight), (second, weight)))


class TokenMix(msgspec.Struct, frozen=True, tag="swap"):
    """One prompt whose word is mixed at the token embeddings, before the text encoder's layers.

    Weight 0 is exactly `template` with `source` in the place of `{}`, weight 1 exactly `target`.
    """

    template: str
    source: str
    target: str
    weight: float


class PromptPath(msgspec.Struct, frozen=True):
    """A way through waypoints from position 0 to position 1: waypoint k of n lies at k / (n - 1).

    Attributes:
        template: what the waypoints go into; None for whole prompts.
        detour: whether the second half, the way back, leads past the pictures of another seed.
    """

    waypoints: tuple[str, ...]
    template: str | None
    detour: bool = False

    def prompt(self, position: float) -> PromptMix | TokenMix:
        """Return the prompt at a position, 0…1."""
        place = position * (len(self.waypoints) - 1)
        leg = min(int(place), len(self.waypoints) - 2)
        source, target = self.waypoints[leg : leg + 2]
        if self.template is None:
            return PromptMix.crossfade(source, target, place - leg)
        return TokenMix(self.template, source, target, place - leg)

    def noise(self, position: float, seed: int) -> NoiseStart:
        """Return the noise at a position for a seed: its own, on a detour turned towards another one and home again."""
        if not self.detour or not 0.5 < position < 1:
            return NoiseStart()
        return NoiseStart(other=derive_seeds(seed, 1)[0], angle=math.pi / 2 * math.sin(math.pi * (2 * position - 1)))


class SeedSurvey(msgspec.Struct, frozen=True):
    """Hidden frames along a path, all of one seed, in order; what they look like says where the shown ones belong."""

    seed: int
    frames: tuple[int, ...]
    positions: tuple[float, ...]


class MeasuredPosition(msgspec.Struct, frozen=True, tag="along"):
    """A place on a path that is found by looking: `share` of what is to be seen between its ends lies before it.

    Attributes:
        share: 0…1.
        surveys: one for each seed that is tried.
        rank: which of them is followed, 0 for the most promising; where there are finals the best of those is.
        finals: for each of the most promising surveys, in order, hidden frames at even shares of it, between its ends,
            that were looked at in turn; what was seen there decides. Empty for none.
        closest: the same once more, of the one that was decided for.
    """

    path: PromptPath
    share: float
    surveys: tuple[SeedSurvey, ...]
    rank: int = 0
    finals: tuple[tuple[int, ...], ...] = ()
    closest: tuple[int, ...] = ()

    @property
    def required_frames(self) -> frozenset[int]:
        """Indices of the frames that have to be looked at."""
        return frozenset(self.closest).union(*(survey.frames for survey in self.surveys), *self.finals)
