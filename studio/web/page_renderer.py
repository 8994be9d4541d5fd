"""Renders the pages from templates. Everything a member wrote goes through Jinja's autoescape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import msgspec

from engine.protocol.messages import JobId
from engine.recipe.camera import describe_camera
from engine.recipe.command_line import command_line
from engine.recipe.focus import format_focus
from engine.recipe.recipe import WHOLE_PROMPTS, Morph, Recipe, Variations, kind_of
from engine.text import one_line, shorten
from studio.store import Share
from studio.web.collection import Collection, ListPage, Maker
from studio.web.languages import SOURCE_LANGUAGE, load_translations, long_date

TEMPLATES = Path(__file__).parent / "templates"
_EAGER_CARDS = 4
"""Number of cards in sight when a page opens: their pictures are loaded at once."""

_CAMERA_KINDS = ("giro", "zoom")
_KINDS_OF_SETTING = {
    **dict.fromkeys(("crossfade", "steering", "grade"), ("giro",)),
    **dict.fromkeys(("zoom", "noise_warp", "persistence", "colour_anchor", "layout_anchor"), _CAMERA_KINDS),
    "morphing": ("morph",),
}
"""Settings that apply to some kinds of animations only."""

_CONTENT_POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'"
"""What a page may do: show its own pictures in its own style. Whatever slipped in could neither run nor call home."""


class PageLanguage(msgspec.Struct, frozen=True, kw_only=True):
    """How the pages speak: what the gallery is called, in which language, and at which address it will be.

    The address ends with a slash; it is needed for previews where somebody posts a link, and empty for none.
    """

    title: str
    language: str = SOURCE_LANGUAGE
    address: str = ""


class PageRenderer:
    """Renders the pages of one collection."""

    def __init__(self, collection: Collection, suffixes: Mapping[JobId, str], page_language: PageLanguage) -> None:
        self._collection = collection
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.install_gettext_translations(load_translations(page_language.language), newstyle=True)  # type: ignore[attr-defined]  # by the extension
        environment.filters |= {
            "plain": one_line,
            "short": shorten,
            "kind": kind_of,
            "settings": _settings,
            "date": long_date(page_language.language),
            "camera": describe_camera,
            "focus": format_focus,
            "way": _waypoint_prompts,
            "isodate": _iso_date,
            "number": _number,
            "sheet": list_page_path,
        }
        environment.globals |= {
            "collection": collection,
            "suffixes": suffixes,
            "title": one_line(page_language.title),
            "language": page_language.language,
            "address": page_language.address,
            "policy": _CONTENT_POLICY,
            "eager": _EAGER_CARDS,
        }
        self._environment = environment

    def index(self, sheet: ListPage[Share]) -> str:
        return self._fill("index.html", root="", sheet=sheet, stem="index")

    def best(self, sheet: ListPage[Share]) -> str:
        """Return one page of what was voted for, the most votes first."""
        return self._fill("best.html", root="", sheet=sheet, stem="best")

    def makers(self) -> str:
        return self._fill("makers.html", root="")

    def maker(self, maker: Maker, sheet: ListPage[Share]) -> str:
        return self._fill("maker.html", root="../", maker=maker, sheet=sheet, stem=f"makers/{maker.key}")

    def render(self, share: Share) -> str:
        line = command_line(share.recipe, {})
        return self._fill("render.html", root="../", share=share, recipe=share.recipe, line=line and one_line(line))

    def _fill(self, template: str, **values: object) -> str:
        return self._environment.get_template(template).render(values) + "\n"


def list_page_path(stem: str, number: int) -> str:
    """Return where a page of a list lies: the first bears the plain name."""
    return f"{stem}.html" if number == 1 else f"{stem}-{number}.html"


def _settings(recipe: Recipe) -> dict[str, object]:
    """Return the settings written into a recipe that apply to its kind, by name."""
    chosen: dict[str, object] = msgspec.to_builtins(recipe.settings)
    kind = kind_of(recipe.of if isinstance(recipe, Variations) else recipe)
    return {name: value for name, value in chosen.items() if kind in _KINDS_OF_SETTING.get(name, (kind,))}


def _waypoint_prompts(recipe: Morph) -> list[str]:
    return [one_line(recipe.prompt.replace(WHOLE_PROMPTS, waypoint)) for waypoint in recipe.waypoints]


def _iso_date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
