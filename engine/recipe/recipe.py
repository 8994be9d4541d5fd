"""What a member asked for, and nothing else.

A recipe is plain data: frozen, validated, a tagged union with a JSON round trip. With the model's name it renders the
same pictures again, so it is what members share, remix and replay.
"""

from __future__ import annotations

import codecs
import itertools
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from engine.errors import RecipeError
from engine.recipe.keyframe import Track, require_order
from engine.recipe.settings import Kind, Overrides, Settings, SettingsLayer
from engine.sentence import Sentence
from engine.text import shorten
from engine.validation import explain

VERSION = 1
_LONGEST_SHOWN = 60
MAX_SEED = 2**32 - 1
MAX_PROMPT = 300
MAX_WORD = 60
MAX_WAYPOINTS = 10
"""At most, source and target included."""
MAX_TRIES = 16
MAX_STAGES = 50
MAX_FRAMES = 1000
VARIATIONS = 4
"""Seeds on a contact sheet."""

Seed = Annotated[int, Meta(ge=0, le=MAX_SEED)]
Prompt = Annotated[str, Meta(min_length=1, max_length=MAX_PROMPT)]
Negative = Annotated[str, Meta(max_length=MAX_PROMPT)]
Waypoint = Annotated[str, Meta(min_length=1, max_length=MAX_PROMPT)]
Frames = Annotated[int, Meta(ge=1, le=MAX_FRAMES)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Mode = Literal["chain", "parallel"]


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stage of a giro: a prompt and how many frames it lasts."""

    prompt: Prompt
    frames: Frames


class Focus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The point a camera moves towards, in fractions of the picture from its top left corner."""

    x: Fraction = 0.5
    y: Fraction = 0.5


AutoFocus = Literal["auto"]
"""The point that the road in the picture leads to, looked for in every frame."""


class _Common(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every animation has; `negative` is what guidance leads away from, empty for nothing in particular."""

    version: Literal[1] = 1
    seed: Seed
    negative: Negative = ""
    settings: Overrides = Overrides()

    def __post_init__(self) -> None:
        if self.negative:
            _require_text(Sentence("The negative prompt"), self.negative)


class Giro(_Common, frozen=True, tag="giro"):
    """A journey through stages: the camera moves forward while the prompts change.

    In a chain each stage grows out of the one before; in parallel all start from pictures of their own, side by side.
    """

    stages: Annotated[tuple[Stage, ...], Meta(min_length=1, max_length=MAX_STAGES)]
    loop: bool = True
    focus: Focus | AutoFocus = "auto"
    camera: Track = ()
    mode: Mode = "chain"

    @property
    def frames(self) -> int:
        return sum(stage.frames for stage in self.stages)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.frames > MAX_FRAMES:
            raise RecipeError(
                "The stages add up to {frames} frames; at most {limit} are possible.",
                frames=self.frames,
                limit=MAX_FRAMES,
            )
        for stage in self.stages:
            _require_text(Sentence("A stage's prompt"), stage.prompt)
        require_order(self.camera)


MorphLoop = Literal["there and back", "round", "none"]

WHOLE_PROMPTS = "{}"
"""The prompt of a morph between whole prompts: nothing stands around its waypoints."""


class Morph(_Common, frozen=True, tag="morph"):
    """One thing turns into another, and perhaps into more things on the way.

    Words go into the prompt and are mixed at their token embeddings; if the prompt is `WHOLE_PROMPTS` the waypoints
    are whole prompts, mixed after the text encoder.

    Attributes:
        source, target: the first and the last waypoint.
        through: those between them, in order.
        frames: how many are rendered.
        loop: "there and back" plays the frames forwards, then backwards; "round" spreads them over the way there and a
            way back through another seed's pictures; "none" jumps back.
        tries: how many seeds are tried, the recipe's own first; the best is rendered.
        positions: each frame's measured position on the path, from 0 to 1; empty to measure it.
    """

    source: Waypoint
    target: Waypoint
    prompt: Prompt = "a picture of a {}"
    frames: Annotated[int, Meta(ge=2, le=MAX_FRAMES)] = 21
    through: Annotated[tuple[Waypoint, ...], Meta(max_length=MAX_WAYPOINTS - 2)] = ()
    loop: MorphLoop = "there and back"
    tries: Annotated[int, Meta(ge=1, le=MAX_TRIES)] = 1
    positions: tuple[Fraction, ...] = ()

    @property
    def waypoints(self) -> tuple[str, ...]:
        return (self.source, *self.through, self.target)

    @property
    def is_whole(self) -> bool:
        return self.prompt.strip() == WHOLE_PROMPTS

    @property
    def effective_loop(self) -> MorphLoop:
        """The loop, which is "round" if the waypoints return to the source, unless it is "none"."""
        returns = len(self.waypoints) > 2 and self.source == self.target
        return "round" if returns and self.loop != "none" else self.loop

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_waypoint(Sentence("The source"), self.source)
        self._require_waypoint(Sentence("The target"), self.target)
        for waypoint in self.through:
            self._require_waypoint(Sentence("A waypoint"), waypoint)
        if self.prompt.count(WHOLE_PROMPTS) != 1:
            raise RecipeError(
                "The prompt must contain {mark} exactly once: it marks where the word goes.", mark=WHOLE_PROMPTS
            )
        if self.positions and len(self.positions) != self.frames:
            raise RecipeError(
                "There are {frames} frames, but positions for {count}.", frames=self.frames, count=len(self.positions)
            )
        if any(later < earlier for earlier, later in itertools.pairwise(self.positions)):
            raise RecipeError("The positions of a morph's frames must not go back.")

    def _require_waypoint(self, what: Sentence, text: str) -> None:
        _require_text(what, text)
        if len(text) > MAX_WORD and not self.is_whole:
            raise RecipeError(
                "{what} may have at most {most} characters; with the prompt {mark} it is a whole prompt, and may have"
                " {longest}.",
                what=what,
                most=MAX_WORD,
                mark=WHOLE_PROMPTS,
                longest=MAX_PROMPT,
            )


class Zoom(_Common, frozen=True, tag="zoom"):
    """An endless zoom towards one point that loops back to its first frame."""

    prompt: Prompt
    frames: Annotated[int, Meta(ge=2, le=MAX_FRAMES)] = 60
    focus: Focus | AutoFocus = "auto"
    camera: Track = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_text(Sentence("The prompt"), self.prompt)
        require_order(self.camera)


Animation = Giro | Morph | Zoom


class Variations(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="variations"
):
    """A contact sheet: stills of the animation `of` for each of four seeds, to choose from before it is rendered."""

    version: Literal[1] = 1
    of: Animation
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=VARIATIONS, max_length=VARIATIONS)]

    @property
    def seed(self) -> int:
        """The first of the seeds, which identifies the sheet."""
        return self.seeds[0]

    @property
    def negative(self) -> str:
        return self.of.negative

    @property
    def settings(self) -> Overrides:
        return self.of.settings

    @property
    def stills(self) -> int:
        """Pictures for each seed: a giro's first, middle and last stage; a morph's source, half and target."""
        match self.of:
            case Giro(stages=stages):
                return min(len(stages), 3)
            case Morph():
                return 3
            case Zoom():
                return 1

    @property
    def frames(self) -> int:
        return self.stills * len(self.seeds)


Recipe = Animation | Variations
RecipeKind = Kind | Literal["variations"]


def kind_of(recipe: Recipe) -> RecipeKind:
    """Return the recipe's tag: giro, morph, zoom or variations."""
    return recipe.__struct_config__.tag  # type: ignore[return-value]


def resolve(recipe: Recipe, layers: tuple[SettingsLayer, ...]) -> tuple[Recipe, Settings]:
    """Decide every setting: `layers` from the lowest up, the recipe's own on top.

    The returned recipe states them all, so that a later change of a default or of config.toml does not change what it
    renders.
    """
    if isinstance(recipe, Variations):
        of, settings = resolve(recipe.of, layers)
        return msgspec.structs.replace(recipe, of=of), settings
    kind: Kind = recipe.__struct_config__.tag  # type: ignore[assignment]  # the tags of animations are their kinds
    settings = Settings.from_layers([*(layer.for_kind(kind) for layer in layers), recipe.settings])
    return msgspec.structs.replace(recipe, settings=settings.as_overrides()), settings


def to_json(recipe: Recipe) -> str:
    """Return the recipe as one line of JSON."""
    return msgspec.json.encode(recipe).decode()


def from_json(text: str | bytes) -> Recipe:
    """Read a recipe from JSON; raises RecipeError as `plain_json` and `from_plain` do."""
    return from_plain(plain_json(text))


def plain_json(text: str | bytes) -> Any:
    """Read JSON, perhaps after a byte order mark; raises RecipeError if it is invalid or nested too deeply."""
    try:
        return msgspec.json.decode(text.removeprefix(codecs.BOM_UTF8) if isinstance(text, bytes) else text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecipeError("This is not a recipe: it is no valid JSON ({error}).", error=error) from None
    except RecursionError:
        raise RecipeError("This is not a recipe: it is nested too deeply.") from None


def from_plain(raw: Any) -> Recipe:
    """Build a recipe from plain values; raises RecipeError for another version, an unknown key or a wrong value."""
    if isinstance(raw, dict) and raw.get("version", VERSION) != VERSION:
        raise RecipeError(
            "This recipe is of version {version}; this program reads version {known}.",
            version=shorten(repr(raw["version"]), _LONGEST_SHOWN),
            known=VERSION,
        )
    try:
        recipe: Recipe = msgspec.convert(raw, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(explain(error, Recipe, Sentence("The recipe"))) from None
    return recipe


def _require_text(what: Sentence, text: str) -> None:
    if not text.strip():
        raise RecipeError("{what} must not be empty.", what=what)
    if any(ord(character) < 32 or character == "\x7f" for character in text):
        raise RecipeError("{what} must not contain control characters.", what=what)
