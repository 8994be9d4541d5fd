"""What was asked for, in one line."""

from __future__ import annotations

from cogs.text import inert, one_line, shorten
from cogs.wording import counted
from engine.recipe import Focus, Giro, Morph, Recipe, Zoom

MAX_TITLE = 300


def headline(recipe: Recipe) -> str:
    """Return one line of markdown about an animation, nothing of a member's text in it being interpreted."""
    match recipe:
        case Giro(stages=stages):
            journey = " → ".join(stage.prompt for stage in stages)
            return f"**Giro** through {counted(len(stages), 'stage')}: {_shown(journey)}"
        case Morph(source=source, target=target, prompt=prompt):
            return f"**Morph** {_shown(source)} → {_shown(target)}: {_shown(prompt)}"
        case Zoom(prompt=prompt, focus=focus):
            aim = "" if focus == Focus() else f", towards {focus.x:.0%} across and {focus.y:.0%} down"
            return f"**Zoom** into {_shown(prompt)}{aim}"


def plain_headline(recipe: Recipe) -> str:
    """Return the same as plain text, such as a screen reader reads out."""
    match recipe:
        case Giro(stages=stages, loop=loop):
            journey = ", then ".join(stage.prompt for stage in stages)
            return f"Animation of a ride through {journey}{', and back to the start' if loop else ''}"
        case Morph(source=source, target=target, prompt=prompt):
            first, last = (prompt.replace("{}", word) for word in (source, target))
            return f"Animation: {first} turns into {last}"
        case Zoom(prompt=prompt):
            return f"Animation: an endless zoom into {prompt}"


def _shown(text: str) -> str:
    return inert(shorten(one_line(text), MAX_TITLE))
