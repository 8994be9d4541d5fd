"""What is rendered to be measured: the seed's giro, a zoom and a morph, and what their frames should show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import msgspec

from engine.recipe.recipe import Animation, Giro, Morph, Zoom, from_plain, resolve
from engine.recipe.settings import Kind, Overrides, Settings, SettingsLayer
from engine.recipe.stages import SEED_STAGES, spread_frames
from engine.storyboard.morph_path import PromptMix, TokenMix
from engine.storyboard.shot import Prompt

Expected = dict[str, str]

KINDS: Final[tuple[Kind, ...]] = ("giro", "zoom", "morph")
RECIPES: Final[dict[Kind, type[Giro | Zoom | Morph]]] = {"giro": Giro, "zoom": Zoom, "morph": Morph}
FRAMES: Final[dict[Kind, int]] = {"giro": sum(stage.frames for stage in SEED_STAGES), "zoom": 300, "morph": 21}
QUICK: Final[dict[Kind, int]] = {"giro": 70, "zoom": 60, "morph": 21}

STAGES: Final[tuple[Expected, ...]] = (
    {"scene": "town", "season": "spring"},
    {"scene": "countryside", "region": "tuscany", "season": "spring"},
    {"scene": "sea", "tree_side": "right", "light": "day", "weather": "clear"},
    {"scene": "climb", "region": "dolomites", "light": "day", "weather": "clear"},
    {"scene": "descent", "region": "dolomites"},
    {"scene": "countryside", "trees": "cypress", "region": "tuscany"},
    {"scene": "medieval", "light": "day", "weather": "clear"},
)
"""What each stage of the seed's giro names, the scene first. Tuscany is left out between houses, where nothing in a
picture shows it (see `training.drawing.captions`)."""
ZOOM_PROMPT: Final = "a tree-lined avenue, poplars, summer day, France"  # the seed's first test film
ZOOM: Final[Expected] = {"scene": "avenue", "trees": "poplar", "region": "france", "season": "summer", "light": "day"}
MORPH: Final = {"source": "skunk", "target": "puppy"}


@dataclass(frozen=True)
class Stage:
    """Frames `start` up to `stop`, not included, and what they should show."""

    start: int
    stop: int
    expected: Expected


@dataclass(frozen=True)
class Subject:
    """One animation, however it will be rendered: a recipe in which every setting is decided."""

    kind: Kind
    recipe: Animation
    settings: Settings

    @property
    def frames(self) -> int:
        return self.recipe.frames

    @property
    def seed(self) -> int:
        return self.recipe.seed

    @property
    def is_loop(self) -> bool:
        """Whether the last frame should lead back to the first."""
        return isinstance(self.recipe, Zoom) or (isinstance(self.recipe, Giro) and self.recipe.loop)

    @property
    def returning(self) -> int:
        """Frames at the end in which a method may steer back to the first; they are not held against a stage."""
        return min(24, self.frames // 4) if self.is_loop else 0

    @cached_property
    def prompts(self) -> tuple[Prompt, ...]:
        """Each frame's prompt as a plain method has it: changed at once at a stage, even weights in a morph."""
        match self.recipe:
            case Giro(stages=stages):
                return tuple(PromptMix.of(stage.prompt) for stage in stages for _ in range(stage.frames))
            case Zoom(prompt=prompt, frames=frames):
                return (PromptMix.of(prompt),) * frames
            case Morph(prompt=prompt, source=source, target=target, frames=frames):
                weights = (index / (frames - 1) for index in range(frames))
                return tuple(TokenMix(prompt, source, target, weight=weight) for weight in weights)

    @property
    def scenery(self) -> tuple[Prompt, ...]:
        """Each frame's prompt, where a loop's way back is half the last one's and half the first one's."""
        home = self.returning // 2
        return (*self.prompts[: self.frames - home], *self.prompts[:1] * home)

    @cached_property
    def settled(self) -> tuple[Stage, ...]:
        """The frames in which each stage must be recognised: its second half, without those of the return; of a zoom
        all after the first few; of a morph the first and the last."""
        last, settled, begin = self.frames - self.returning, [], 0
        match self.recipe:
            case Giro(stages=stages):
                for stage, expected in zip(stages, STAGES, strict=True):
                    stop = min(begin + stage.frames, last)
                    settled.append(Stage(begin + (stop - begin) // 2, stop, expected))
                    begin += stage.frames
                return tuple(settled)
            case Zoom():
                return (Stage(min(8, last - 1), last, ZOOM),)
            case Morph(source=source, target=target):
                return Stage(0, 1, {"animal": source}), Stage(last - 1, last, {"animal": target})


def subject(kind: Kind, seed: int, frames: int, layers: tuple[SettingsLayer, ...], changes: dict[str, Any]) -> Subject:
    """Return an animation of so many frames; raises RecipeError for a value that is not possible.

    `layers` of settings lie below the recipe's own. `changes` are fields of the recipe or of its settings; those that
    this kind has not are left out.
    """
    own: dict[str, Any] = {"prompt": ZOOM_PROMPT, "frames": frames} if kind == "zoom" else {**MORPH, "frames": frames}
    if kind == "giro":
        own = {"stages": msgspec.to_builtins(spread_frames(SEED_STAGES, frames))}
    own |= {name: value for name, value in changes.items() if name in RECIPES[kind].__struct_fields__}
    overrides = {name: value for name, value in changes.items() if name in Overrides.__struct_fields__}
    recipe, settings = resolve(from_plain({"kind": kind, "seed": seed, "settings": overrides, **own}), layers)
    assert isinstance(recipe, Giro | Zoom | Morph)  # no contact sheets here
    return Subject(kind, recipe, settings)


def known_changes() -> set[str]:
    """Return the names that `changes` may have."""
    of_recipes = {name for recipe in RECIPES.values() for name in recipe.__struct_fields__}
    return {*Overrides.__struct_fields__, *of_recipes} - {"settings", "seed", "frames", "version"}
