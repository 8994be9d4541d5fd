"""The contact sheet: stills of one animation from several seeds, each from noise on its own, so that they batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from engine.recipe.recipe import Animation, Giro, Morph, Variations, Zoom
from engine.recipe.settings import Settings
from engine.storyboard.morph import morph_path
from engine.storyboard.morph_path import PromptMix
from engine.storyboard.shot import Prompt, Shot, noise_shot


def shots(recipe: Variations, settings: Settings) -> Iterator[Shot]:
    """Yield the stills, all those of the first seed first.

    All stills of a seed start from the same noise: the first is the very frame that the animation would open with, and
    the others resemble it as the animation's later frames do.
    """
    stills = itertools.product(recipe.seeds, _still_prompts(recipe.of))
    for index, (seed, prompt) in enumerate(stills):
        yield noise_shot(index, prompt, settings, seed, recipe.negative)


def _still_prompts(animation: Animation) -> Iterator[Prompt]:
    match animation:
        case Giro(stages=stages):
            for number in sorted({0, len(stages) // 2, len(stages) - 1}):
                yield PromptMix.of(stages[number].prompt)
        case Morph():
            path = morph_path(animation)
            for position in (0.0, 0.5, 1.0):
                yield path.prompt(position)
        case Zoom(prompt=prompt):
            yield PromptMix.of(prompt)
