"""The morph: one word turns into another, at the token embeddings."""

from __future__ import annotations

from collections.abc import Iterator

from engine.recipe import Morph
from engine.settings import Settings
from engine.storyboard import Feedback, Noise, Shot, Swap, frame_seed


def shots(recipe: Morph, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of a morph: the first from noise, each later one from the frame before, re-noised."""
    for index in range(recipe.frames):
        yield Shot(
            index=index,
            prompt=Swap(recipe.prompt, recipe.source, recipe.target, weight=index / (recipe.frames - 1)),
            start=Feedback(index - 1) if index else Noise(),
            steps=settings.steps,
            strength=settings.strength,
            guidance=settings.guidance,
            seed=frame_seed(recipe.seed, index),
        )
