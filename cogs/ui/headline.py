"""A recipe in one line, or in a few words."""

from __future__ import annotations

from cogs.i18n.language import Language
from cogs.ui.markdown import brief, shorten
from engine.recipe.camera import describe_camera
from engine.recipe.recipe import Focus, Giro, Morph, Recipe, Variations, Zoom

MAX_TITLE = 300
"""Characters of each part of a headline, escapes included, so that no headline takes half a message."""

_TITLE = 60


def headline(recipe: Recipe, say: Language) -> str:
    """Return one line of markdown about an animation, with members' text escaped."""
    match recipe:
        case Giro(stages=stages):
            journey = " → ".join(stage.prompt for stage in stages)
            line = say.plural(
                "**Giro** through {count} stage: {journey}",
                "**Giro** through {count} stages: {journey}",
                len(stages),
                journey=_inert_title(journey),
            )
            return _add_camera(recipe, line, say)
        case Morph(waypoints=waypoints, prompt=prompt, is_whole=is_whole):
            way = _inert_title(" → ".join(waypoints))
            if is_whole:
                return say("**Morph** {way}", way=way)
            return say("**Morph** {way}: {prompt}", way=way, prompt=_inert_title(prompt))
        case Zoom(prompt=prompt, focus=Focus(x=x, y=y)):
            point = {"x": say.number(x * 100), "y": say.number(y * 100)}
            line = say(
                "**Zoom** into {prompt}, towards {x}% across and {y}% down", prompt=_inert_title(prompt), **point
            )
            return _add_camera(recipe, line, say)
        case Zoom(prompt=prompt):
            return _add_camera(recipe, say("**Zoom** into {prompt}", prompt=_inert_title(prompt)), say)
        case Variations(of=of, seeds=seeds):
            return say.plural(
                "{count} **variation** of {animation}",
                "{count} **variations** of {animation}",
                len(seeds),
                animation=headline(of, say),
            )


def _add_camera(recipe: Giro | Zoom, line: str, say: Language) -> str:
    """Add the camera moves, unless it only moves forward."""
    if not recipe.camera:
        return line
    return say("{animation} (camera: {moves})", animation=line, moves=_inert_title(describe_camera(recipe.camera)))


def plain_headline(recipe: Recipe, say: Language) -> str:
    """Return the same as plain text, for screen readers."""
    match recipe:
        case Giro(stages=stages, loop=loop):
            journey = say(", then ").join(stage.prompt for stage in stages)
            if loop:
                return say("Animation of a ride through {journey}, and back to the start", journey=journey)
            return say("Animation of a ride through {journey}", journey=journey)
        case Morph(waypoints=waypoints, prompt=prompt):
            first, *others = (prompt.replace("{}", word) for word in waypoints)
            return say("Animation: {first} turns into {last}", first=first, last=say(", then into ").join(others))
        case Zoom(prompt=prompt):
            return say("Animation: an endless zoom into {prompt}", prompt=prompt)
        case Variations(of=of, seeds=seeds):
            return say.plural(
                "Contact sheet of stills for {count} seed, numbered from 1. {animation}",
                "Contact sheet of stills for {count} seeds, numbered from 1. {animation}",
                len(seeds),
                animation=plain_headline(of, say),
            )


def short_title(recipe: Recipe, say: Language) -> str:
    """Return a few plain words by which to recognise a job."""
    match recipe:
        case Giro(stages=stages):
            title = say("giro: {prompt}", prompt=stages[0].prompt)
        case Morph(waypoints=waypoints):
            title = say("morph: {way}", way=" → ".join(waypoints))
        case Zoom(prompt=prompt):
            title = say("zoom: {prompt}", prompt=prompt)
        case Variations(of=of):
            title = say("variations of {title}", title=short_title(of, say))
    return shorten(title, _TITLE)


def _inert_title(text: str) -> str:
    return brief(text, MAX_TITLE)


def describe_length(recipe: Recipe, say: Language) -> str:
    """Return the length of an animation in a few words."""
    frames = say.plural("{count} frame", "{count} frames", recipe.frames)
    if isinstance(recipe, Giro):
        return f"{say.plural('{count} stage', '{count} stages', len(recipe.stages))}, {frames}"
    return frames
