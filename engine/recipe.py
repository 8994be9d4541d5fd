"""What a member asked for, and nothing else.

A recipe is plain data: frozen, validated, a tagged union with a JSON round trip. Together with the model's name it is
enough to render the same pictures again, so it is what members share, remix and replay. It knows no Discord and no
torch.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from engine.errors import RecipeError
from engine.settings import Kind, Overrides, Settings, Taste
from engine.validation import explain

VERSION = 1
MAX_SEED = 2**32 - 1
MAX_PROMPT = 300
MAX_WORD = 60
MAX_STAGES = 50
MAX_FRAMES = 1000

Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]
Prompt = Annotated[str, Meta(min_length=1, max_length=MAX_PROMPT)]
Word = Annotated[str, Meta(min_length=1, max_length=MAX_WORD)]
Frames = Annotated[int, Meta(ge=1, le=MAX_FRAMES)]
Fraction = Annotated[float, Meta(ge=0, le=1)]


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of a giro: a prompt and how many frames it lasts."""

    prompt: Prompt
    frames: Frames


class Focus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The point a camera moves towards, in fractions of the picture from its top left corner."""

    x: Fraction = 0.5
    y: Fraction = 0.5


class _Common(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    version: Literal[1] = 1
    seed: Seed
    settings: Overrides = Overrides()


class Giro(_Common, frozen=True, tag="giro"):
    """A journey through stages: the camera moves forward while the prompts change."""

    stages: Annotated[tuple[Stage, ...], Meta(min_length=1, max_length=MAX_STAGES)]
    loop: bool = True
    focus: Focus = Focus()

    @property
    def frames(self) -> int:
        """Number of frames of the whole journey."""
        return sum(stage.frames for stage in self.stages)

    def __post_init__(self) -> None:
        if self.frames > MAX_FRAMES:
            raise ValueError(f"the stages add up to {self.frames} frames; at most {MAX_FRAMES} are possible")
        for stage in self.stages:
            _require_text("a stage's prompt", stage.prompt)


class Morph(_Common, frozen=True, tag="morph"):
    """One thing turns into another: the word's token embeddings are mixed, source to target."""

    source: Word
    target: Word
    prompt: Prompt = "a picture of a {}"
    frames: Annotated[int, Meta(ge=2, le=MAX_FRAMES)] = 21

    def __post_init__(self) -> None:
        _require_text("the source", self.source)
        _require_text("the target", self.target)
        if self.prompt.count("{}") != 1:
            raise ValueError("the prompt must contain {} exactly once: it marks where the word goes")


class Zoom(_Common, frozen=True, tag="zoom"):
    """An endless zoom towards one point that loops back to its first frame."""

    prompt: Prompt
    frames: Annotated[int, Meta(ge=2, le=MAX_FRAMES)] = 60
    focus: Focus = Focus()

    def __post_init__(self) -> None:
        _require_text("the prompt", self.prompt)


Recipe = Giro | Morph | Zoom


def kind_of(recipe: Recipe) -> Kind:
    """Return the recipe's tag: giro, morph or zoom."""
    kind: Kind = recipe.__struct_config__.tag  # type: ignore[assignment]
    return kind


def resolve(recipe: Recipe, layers: tuple[Taste, ...]) -> tuple[Recipe, Settings]:
    """Decide every setting: `layers` from the lowest up, the recipe's own wishes on top.

    Returns:
        the recipe with all its settings written down, so that a later change of a default or of config.toml does not
        change what it renders, and those settings.
    """
    kind = kind_of(recipe)
    settings = Settings.layered([*(layer.of(kind) for layer in layers), recipe.settings])
    return msgspec.structs.replace(recipe, settings=settings.as_overrides()), settings


def to_json(recipe: Recipe) -> str:
    """Return the recipe as one line of JSON."""
    return msgspec.json.encode(recipe).decode()


def from_json(text: str | bytes) -> Recipe:
    """Read a recipe.

    Raises:
        RecipeError: not JSON, another version, an unknown key, or a value out of range.
    """
    try:
        raw = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise RecipeError(f"This is not a recipe: it is no valid JSON ({error}).") from None
    return from_plain(raw)


def from_plain(raw: Any) -> Recipe:
    """Build a recipe from plain dictionaries and lists, as JSON, TOML or a command's options give them.

    Raises:
        RecipeError: another version, an unknown key, or a value out of range.
    """
    if isinstance(raw, dict) and raw.get("version", VERSION) != VERSION:
        raise RecipeError(f"This recipe is of version {raw['version']!r}; this program reads version {VERSION}.")
    try:
        recipe: Recipe = msgspec.convert(raw, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(explain(error, Recipe, "The recipe")) from None
    return recipe


def _require_text(what: str, text: str) -> None:
    if not text.strip():
        raise ValueError(f"{what} must not be empty")
    if any(ord(character) < 32 or character == "\x7f" for character in text):
        raise ValueError(f"{what} must not contain control characters")
