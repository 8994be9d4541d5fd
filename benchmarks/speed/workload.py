"""What is rendered: animations whose forwards can be counted beforehand."""

from __future__ import annotations

import msgspec

from engine.protocol.card import Card
from engine.recipe.recipe import Giro, Recipe, Stage, Zoom, resolve
from engine.recipe.settings import BUILT_IN
from engine.recipe.stages import SEED_STAGES, spread_frames
from engine.storyboard.builder import build_storyboard
from engine.storyboard.storyboard import Storyboard


def journey(seed: int, frames: int) -> Giro:
    """Return a giro of one stage, without a loop: what a loop over a pipeline makes, too."""
    return Giro(seed=seed, stages=(Stage("a road by the sea, sunny day, Italy", frames),), loop=False)


def seed_giro(frames: int, *, loop: bool = False) -> Giro:
    """Return the giro of the blog post that this program comes from, stretched to so many frames."""
    return Giro(seed=1, stages=spread_frames(SEED_STAGES, frames), loop=loop)


def short_zoom(seed: int, frames: int) -> Zoom:
    """Return a short animation, as it is ordered while long ones run."""
    return Zoom(seed=seed, prompt="a narrow road through a medieval town", frames=frames)


def side_by_side(recipe: Giro) -> Giro:
    """Return the same giro with its stages in parallel."""
    return msgspec.structs.replace(recipe, mode="parallel")


def board_of(recipe: Recipe, card: Card) -> Storyboard:
    """Lay a recipe out as the engine does."""
    return build_storyboard(*resolve(recipe, (BUILT_IN, card)))
