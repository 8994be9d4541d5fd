"""The words of a recipe: what members typed to say what is to be seen."""

from __future__ import annotations

from engine.recipe import Giro, Morph, Recipe, Variations, Zoom


def prompts_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the prompts that a recipe is made of, each once; a morph's is the template that its words go into,
    or they are its waypoints."""
    match recipe:
        case Giro():
            return tuple(dict.fromkeys(stage.prompt for stage in recipe.stages))
        case Morph(is_whole=True, waypoints=waypoints):
            return tuple(dict.fromkeys(waypoints))
        case Morph(prompt=prompt) | Zoom(prompt=prompt):
            return (prompt,)
        case Variations(of=of):
            return prompts_of(of)


def texts_of(recipe: Recipe) -> tuple[str, ...]:
    """Return everything in a recipe that says what is to be seen: the prompts and a morph's waypoints."""
    if isinstance(recipe, Variations):
        return texts_of(recipe.of)
    if isinstance(recipe, Morph):
        return tuple(dict.fromkeys((recipe.prompt, *recipe.waypoints)))
    return prompts_of(recipe)


def waypoints_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the words that a morph puts into its prompt, each once; none where they are prompts themselves."""
    if isinstance(recipe, Variations):
        return waypoints_of(recipe.of)
    if isinstance(recipe, Morph) and not recipe.is_whole:
        return tuple(dict.fromkeys(recipe.waypoints))
    return ()
