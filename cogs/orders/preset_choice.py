"""The presets that a member can choose from: their own, marked, then the server's."""

from __future__ import annotations

from typing import Any

import msgspec

from cogs.client import Interaction
from cogs.context.places import presets_here
from cogs.i18n.language import Language, language_of
from cogs.orders.request import RenderRequest
from cogs.orders.submit import acknowledge, submit_acknowledged
from cogs.ui.choices import Choices, label_choices
from cogs.ui.headline import describe_length, short_title
from cogs.ui.markdown import shorten
from engine.errors import LimitError
from engine.recipe.edits import without_measurements
from engine.recipe.recipe import Giro, Recipe
from studio.profiles.profiles import no_preset

OWN = "★"
"""Marks a preset of the member's own."""

NAME_SHOWN = 40
"""Characters of a preset's name that are shown."""


async def preset_labels(interaction: Interaction, *, giros_only: bool = False) -> dict[str, str]:
    """Return the label of each preset: the member's own first, marked, then the server's."""
    ready = {
        name: f"{name}: {preset.description}" if preset.description else name
        for name, preset in presets_here(interaction).items()
    }
    labels = await own_labels(interaction, giros_only=giros_only)
    hidden = {name.casefold() for name in labels}
    return labels | {name: label for name, label in ready.items() if name.casefold() not in hidden}


async def own_labels(interaction: Interaction, *, giros_only: bool = False) -> dict[str, str]:
    """Return the label of each preset of the member's own."""
    say = language_of(interaction.locale)
    own = await interaction.client.studio.profiles.presets(str(interaction.user.id))
    shown = (preset for preset in own if isinstance(preset.recipe, Giro) or not giros_only)
    return {preset.name: f"{OWN} {preset.name}: {_summary(preset.recipe, say)}" for preset in shown}


async def find_preset(interaction: Interaction, name: str) -> tuple[str, Recipe]:
    """Return a preset by name, the member's own before the server's, and what it is called exactly.

    Raises:
        LimitError: there is none.
    """
    own = await interaction.client.studio.profiles.preset(str(interaction.user.id), name)
    if own is not None:
        return own.name, own.recipe
    wanted = name.strip().casefold()
    ready = presets_here(interaction)
    for known, preset in ready.items():
        if known.casefold() == wanted:
            return known, Giro(seed=0, stages=preset.parse_stages(), loop=preset.loop)
    if not ready:
        raise no_preset(name)
    raise LimitError(
        "There is no preset “{name}”; there are {presets}.",
        name=name[:NAME_SHOWN],
        presets=shorten(", ".join(ready), 300),
    )


def _summary(recipe: Recipe, say: Language) -> str:
    if isinstance(recipe, Giro):
        return f"{describe_length(recipe, say)}, {recipe.stages[0].prompt}"
    return f"{short_title(recipe, say)}, {describe_length(recipe, say)}"


async def submit_preset(interaction: Interaction, name: str, request: RenderRequest) -> None:
    """Order a giro from a preset; what the command says wins over the preset.

    Raises:
        MemberError: there is no such preset, it is of another kind, or the order was refused.
    """
    message = await acknowledge(interaction)
    found, giro = await find_preset(interaction, name)
    if not isinstance(giro, Giro):
        raise LimitError("“{name}” is no giro; /preset use takes it.", name=found)
    await submit_acknowledged(interaction, message, fill_from_preset(request, giro))


def fill_from_preset(request: RenderRequest, preset: Recipe) -> RenderRequest:
    """Return the request with what it leaves out taken from a preset; the seed is never taken."""
    options: dict[str, Any] = msgspec.to_builtins(without_measurements(preset))
    for name in ("kind", "version", "seed", "negative"):
        options.pop(name, None)
    negative = preset.negative or None if request.negative is None else request.negative
    return msgspec.structs.replace(request.with_options(options), negative=negative)


async def suggest_giro_preset(interaction: Interaction, typed: str) -> Choices:
    """Offer the giros among the presets: the member's own, marked, then the server's."""
    return label_choices(typed, await preset_labels(interaction, giros_only=True))
