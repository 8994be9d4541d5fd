"""The contact sheet: stills of one animation from several seeds, each from noise on its own, so that they batch."""

from __future__ import annotations

from collections.abc import Iterator

from engine.recipe.recipe import Animation, Giro, Morph, Variations, Zoom
from engine.recipe.settings import Settings
from engine.storyboard.morph import morph_path
from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import Prompt, Shot


def shots(recipe: Variations, settings: Settings) -> Iterator[Shot]:
    """Yield the stills, all those of the first seed first.

    The stills of one seed begin with the same noise: the first is the very picture that the animation would open with,
    and the others look as related to it as an animation's later frames do.
    """
    moments = list(_moments(recipe.of))
    pictures = [(seed, prompt) for seed in recipe.seeds for prompt in moments]
    for index, (seed, prompt) in enumerate(pictures):
        yield Shot(
            index=index,
            prompt=prompt,
            start=NoiseStart(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            guidance_rescale=settings.guidance_rescale,
            seed=seed,
            negative=recipe.negative,
            retries=settings.retries,
        )


def _moments(animation: Animation) -> Iterator[Prompt]:
    """Yield the prompts of an animation's stills."""
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
