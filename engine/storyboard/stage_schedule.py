"""The stages of a giro: which prompt a frame follows, and how one stage gives way to the next.

Every stage but the first has a key frame: a hidden still of its prompt, whose colours anchor the stage and which it is
steered towards. The first stage's key is frame 0.

A chain runs from frame to frame through all stages, and the prompt is cross-faded at the beginning of each. In a
parallel giro each stage starts from its own key, and the end of the stage before is led there as a loop is closed; no
stage waits for another, so that all are rendered side by side.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate

from engine.recipe.recipe import Giro
from engine.recipe.settings import Settings
from engine.storyboard.camera_motion import NO_COLOUR_TARGETS, ColourTargets
from engine.storyboard.camera_moves import smoothstep
from engine.storyboard.loop_closure import Approach, LoopClosure
from engine.storyboard.morph_path import PromptMix
from engine.storyboard.shot import HIDDEN, Anchor, Goal, Grade, Shot, frame_seed, noise_shot

SETTLING_FRAMES = 4
"""Frames after the cross-fade in which a stage may still look like the one before."""
CHECK_EVERY = 5
"""Interval of the frames that are compared with their stage's key; checking each would cost too many retries."""


class StageSchedule:
    """For each frame of a giro, what follows from its place among the stages."""

    def __init__(self, recipe: Giro, settings: Settings) -> None:
        self._recipe = recipe
        self._settings = settings
        self._begins = [0, *accumulate(stage.frames for stage in recipe.stages[:-1])]
        self._return = LoopClosure(recipe.frames if recipe.loop else 0)
        self._is_parallel = recipe.mode == "parallel"
        self._has_anchors = settings.colour_anchor > 0 or settings.layout_anchor > 0
        self._has_keys = self._is_parallel or self._has_anchors or settings.steering > 0

    @property
    def key_shots(self) -> Iterator[Shot]:
        """The hidden key frames; none where nothing needs them."""
        if self._has_keys:
            yield from (self._key_shot(stage) for stage in range(1, len(self._begins)))

    def prompt(self, index: int) -> PromptMix:
        return PromptMix.from_weights(
            (self._recipe.stages[stage].prompt, share) for stage, share in self._stage_weights(index)
        )

    def frames_before(self, index: int) -> Sequence[int]:
        """Return the frames that frame `index`, not the first, may look at; it starts from the last of them."""
        if not self._is_parallel:
            return range(index)
        stage, offset = self._locate(index)
        return range(index - offset, index) if offset else (self._key_frame(stage),)

    def approach(self, index: int) -> Approach | None:
        """Return what frame `index` is led towards, if anything."""
        stage, offset = self._locate(index)
        if self._is_parallel and stage + 1 < len(self._begins):
            closure = self._stage_closure(stage)
            weight = closure.weight(offset)
            arrives = self._begins[stage + 1] - 1  # the next stage's first frame is one move on from its key
            return Approach(self._key_frame(stage + 1), weight, arrives, closure.length) if weight > 0 else None
        if self._return.weight(index) > 0:
            return self._return.approach(index)
        weight = self._steering_weight(stage, offset)
        key = self._key_frame(stage)
        return Approach(key, weight, arrives=index, length=1, strength_drop=0.0) if weight > 0 else None

    def goal(self, index: int) -> Goal | None:
        """Return what frame `index` of a chain is checked against: now and then, once its stage has settled."""
        stage, offset = self._locate(index)
        since_settling = offset - self._crossfade_frames(stage) - SETTLING_FRAMES
        is_due = since_settling >= 0 and since_settling % CHECK_EVERY == 0 and self._return.weight(index) == 0
        if not (stage and is_due and self._has_keys) or self._is_parallel:
            return None
        return Goal(self._key_frame(stage), rather_than=self._key_frame(stage - 1))

    def colours(self, index: int) -> ColourTargets:
        """Return what the colours of frame `index` are drawn towards: its stages' keys, graded to frame 0.

        The grade follows frame 0 alone, so that appending a stage does not change how the others look.
        """
        if not self._has_anchors:
            return NO_COLOUR_TARGETS
        weight, layout = self._settings.colour_anchor, self._settings.layout_anchor
        presence = self._stage_weights(index)
        anchors = tuple(Anchor(self._key_frame(stage), weight * share, layout * share) for stage, share in presence)
        is_graded = self._settings.grade > 0 and any(stage for stage, _ in presence)
        return ColourTargets(anchors, Grade(self._key_frame(0), self._settings.grade) if is_graded else None)

    def _stage_weights(self, index: int) -> list[tuple[int, float]]:
        """Return the stages that frame `index` belongs to, with weights that sum to 1."""
        stage, offset = self._locate(index)
        if self._is_parallel:
            other, share = stage + 1, self._stage_closure(stage).weight(offset)
        else:
            other, share = stage - 1, 1 - self._fade_in(stage, offset)
        returned = self._return.weight(index)
        shares = {stage: (1 - share) * (1 - returned)}
        if share > 0:
            shares[other] = share * (1 - returned)
        if returned > 0:
            shares[0] = shares.get(0, 0.0) + returned
        return list(shares.items())

    def _fade_in(self, stage: int, offset: int) -> float:
        return smoothstep((offset + 1) / (self._crossfade_frames(stage) + 1)) if stage else 1.0

    def _steering_weight(self, stage: int, offset: int) -> float:
        """Return how much of its own key is mixed into a frame of a chain, while its prompt fades in."""
        if self._is_parallel or stage == 0 or offset >= self._crossfade_frames(stage):
            return 0.0
        return self._settings.steering * self._fade_in(stage, offset)

    def _crossfade_frames(self, stage: int) -> int:
        return min(self._settings.crossfade, self._recipe.stages[stage].frames // 2)

    def _stage_closure(self, stage: int) -> LoopClosure:
        """Return how a parallel stage is led to the next one's key; the last is not."""
        return LoopClosure(self._recipe.stages[stage].frames if stage + 1 < len(self._begins) else 0)

    def _locate(self, index: int) -> tuple[int, int]:
        stage = bisect.bisect_right(self._begins, index) - 1
        return stage, index - self._begins[stage]

    def _key_frame(self, stage: int) -> int:
        return HIDDEN + stage if stage else 0

    def _key_shot(self, stage: int) -> Shot:
        index = self._key_frame(stage)
        prompt = PromptMix.of(self._recipe.stages[stage].prompt)
        seed = frame_seed(self._recipe.seed, index)
        return noise_shot(index, prompt, self._settings, seed, self._recipe.negative)
