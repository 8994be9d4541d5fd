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
"""What each stage of the seed's giro names, in the judge's words; the scene comes first.

Tuscany is left out between houses: there nothing in a picture shows it (see `training.drawing.captions`).
"""
ZOOM_PROMPT: Final = "a tree-lined avenue, poplars, summer day, France"  # the seed's first test film
ZOOM: Final[Expected] = {"scene": "avenue", "trees": "poplar", "region": "france", "season": "summer", "light": "day"}
MORPH: Final = ("skunk", "puppy")

LONGEST_RETURN: Final = 24
RETURN_SHARE: Final = 4


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
        """Number of frames."""
        return self.recipe.frames

    @property
    def seed(self) -> int:
        """The recipe's seed."""
        return self.recipe.seed

    @property
    def is_loop(self) -> bool:
        """Whether the last frame should lead back to the first."""
        return isinstance(self.recipe, Zoom) or (isinstance(self.recipe, Giro) and self.recipe.loop)

    @property
    def returning(self) -> int:
        """Frames at the end in which a method may steer back to the first; they are not held against a stage."""
        return min(LONGEST_RETURN, self.frames // RETURN_SHARE) if self.is_loop else 0

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
        """The frames in which each stage must be recognised: its second half, without those of the return.

        Of a zoom these are all frames after the first few; of a morph the first frame and the last.
        """
        last = self.frames - self.returning
        match self.recipe:
            case Giro(stages=stages):
                return tuple(_second_halves([stage.frames for stage in stages], last))
            case Zoom():
                return (Stage(min(8, last - 1), last, ZOOM),)
            case Morph(source=source, target=target):
                ends = {"animal": source}, {"animal": target}
                return Stage(0, 1, ends[0]), Stage(self.frames - 1, self.frames, ends[1])


def _second_halves(lengths: list[int], last: int) -> list[Stage]:
    halves, begin = [], 0
    for length, expected in zip(lengths, STAGES, strict=True):
        stop = min(begin + length, last)
        halves.append(Stage(begin + (stop - begin) // 2, stop, expected))
        begin += length
    return halves


def subject(kind: Kind, seed: int, frames: int, layers: tuple[SettingsLayer, ...], changes: dict[str, Any]) -> Subject:
    """Return an animation.

    Args:
        frames: its length; a giro's stages are stretched or shrunk to add up to it.
        layers: of settings, below the recipe's own.
        changes: fields of the recipe or of its settings, by name; those that this kind has not are left out.

    Raises:
        RecipeError: a value that is not possible.
    """
    plain: dict[str, Any] = {"kind": kind, "seed": seed}
    if kind == "giro":
        plain["stages"] = msgspec.to_builtins(spread_frames(SEED_STAGES, frames))
    elif kind == "zoom":
        plain |= {"prompt": ZOOM_PROMPT, "frames": frames}
    else:
        plain |= {"source": MORPH[0], "target": MORPH[1], "frames": frames}
    fields = {"giro": Giro, "zoom": Zoom, "morph": Morph}[kind].__struct_fields__
    plain["settings"] = {name: value for name, value in changes.items() if name in Overrides.__struct_fields__}
    plain |= {name: value for name, value in changes.items() if name in fields}
    recipe, settings = resolve(from_plain(plain), layers)
    assert isinstance(recipe, Giro | Zoom | Morph)  # no contact sheets here
    return Subject(kind, recipe, settings)


def known_changes() -> set[str]:
    """Return the names that `changes` may have."""
    of_recipes = {name for kind in (Giro, Zoom, Morph) for name in kind.__struct_fields__}
    return {*Overrides.__struct_fields__, *of_recipes} - {"settings", "seed", "frames", "version"}
