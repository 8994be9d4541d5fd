"""What is offered while a member types where the camera goes."""

from __future__ import annotations

from cogs.client import Interaction
from cogs.i18n.language import Language, language_of
from cogs.ui.choices import Choices, filter_values, label_choices, last_entry, make_choices
from engine.recipe.camera import EXAMPLE, NAMED_MOVES
from engine.recipe.focus import NAMED_POINTS as POINTS
from engine.recipe.recipe import Focus


async def suggest_focus(interaction: Interaction, typed: str) -> Choices:
    """Offer the named points."""
    names = focus_names(language_of(interaction.locale))
    labels = {
        name: f"{names[name]} ({point.x:g},{point.y:g})" if isinstance(point, Focus) else names[name]
        for name, point in POINTS.items()
    }
    return label_choices(typed, labels)


async def suggest_camera(interaction: Interaction, typed: str) -> Choices:
    """Offer the named moves as the next one, and one example of the notation."""
    before, last = last_entry(typed, ">")
    example = () if before else filter_values(last, [EXAMPLE])
    return make_choices(filter_values(last, NAMED_MOVES), example, before=before)


def focus_names(say: Language) -> dict[str, str]:
    return {
        "auto": say("where the road leads"),
        "centre": say("centre"),
        "above": say("above"),
        "below": say("below"),
        "left": say("left"),
        "right": say("right"),
    }
