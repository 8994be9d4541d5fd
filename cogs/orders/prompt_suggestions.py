"""What is offered where a prompt is typed: the member's own, what the server has shared, and what the presets say."""

from __future__ import annotations

from cogs.client import Interaction
from cogs.context.places import presets_here, styles_here
from cogs.context.viewer import viewer_of
from cogs.orders.unknown_words import known_words
from cogs.ui.choices import MAX_CHOICES, Choices, filter_values, last_entry, make_choices
from engine.errors import RecipeError
from engine.recipe.prompts import complete_word, prompts_of, waypoints_of
from engine.recipe.recipe import WHOLE_PROMPTS, Giro, Recipe, Stage
from engine.recipe.settings import Kind
from engine.recipe.waypoints import parse_waypoints
from engine.text import shorten
from studio.store.suggestions import PLACEHOLDER, PromptKind

FRAMES = 40
"""Frames of a stage that is suggested without any of its own."""

TEMPLATES = (
    "a picture of a {}",
    "a painting of a {}",
    "a photo of a {} in the snow",
    "a drawing of a {}",
    WHOLE_PROMPTS,
)


async def suggest_stages(interaction: Interaction, typed: str) -> Choices:
    """Offer what can be the next one of a list of stages."""
    before, last = last_entry(typed)
    theirs = [f"{prompt} | {FRAMES}" for prompt in await shared_texts(interaction, "prompt", last) if _is_stage(prompt)]
    ready = [f"{stage.prompt} | {stage.frames}" for stage in await _preset_stages(interaction)]
    words = complete_word(last.lstrip(), known_words(interaction))
    return make_choices(theirs, filter_values(last, filter(_is_stage_line, ready)), words, before=before)


async def suggest_prompt(interaction: Interaction, typed: str) -> Choices:
    """Offer what can be the whole prompt of a zoom."""
    own = [prompt for recipe in await _recent(interaction, "zoom") for prompt in prompts_of(recipe)]
    ready = await _preset_prompts(interaction)
    words = complete_word(typed, known_words(interaction))
    return make_choices(
        filter_values(typed, own), await shared_texts(interaction, "prompt", typed), filter_values(typed, ready), words
    )


async def suggest_template(interaction: Interaction, typed: str) -> Choices:
    """Offer what can stand around a morph's waypoints, some common ones at the end."""
    recipes = [*await _recent(interaction, "morph"), *await _own_presets(interaction)]
    own = [prompt for recipe in recipes for prompt in prompts_of(recipe) if PLACEHOLDER in prompt]
    theirs = await shared_texts(interaction, "template", typed)
    return make_choices(filter_values(typed, own), theirs, filter_values(typed, TEMPLATES))


async def suggest_waypoint(interaction: Interaction, typed: str) -> Choices:
    """Offer what can be a morph's next waypoint: words, or whole prompts where the prompt around them is none."""
    before, last = last_entry(typed, ">")
    recipes = [*await _recent(interaction, "morph"), *await _own_presets(interaction)]
    words = complete_word(last.lstrip(), known_words(interaction))
    if str(interaction.namespace.prompt or "").strip() == WHOLE_PROMPTS:
        own = [prompt for recipe in recipes for prompt in prompts_of(recipe) if PLACEHOLDER not in prompt]
        theirs, ready = await shared_texts(interaction, "prompt", last), await _preset_prompts(interaction)
    else:
        own = [waypoint for recipe in recipes for waypoint in waypoints_of(recipe)]
        theirs, ready = await shared_texts(interaction, "waypoint", last), []
    groups = (filter_values(last, own), theirs, filter_values(last, ready))
    return make_choices(*(filter(_is_waypoint, group) for group in groups), words, before=before)


async def suggest_negative(interaction: Interaction, typed: str) -> Choices:
    """Offer what pictures have been led away from: by the member, by others, and by the styles."""
    own = [record.recipe.negative for record in await interaction.client.studio.history.renders(viewer_of(interaction))]
    styles = [style.negative for style in styles_here(interaction).values()]
    theirs = await shared_texts(interaction, "negative", typed)
    return make_choices(filter_values(typed, own), theirs, filter_values(typed, styles))


async def suggest_search(interaction: Interaction, typed: str, longest: int) -> Choices:
    """Offer searches that find something, each cut to `longest` characters."""
    prompts = await shared_texts(interaction, "prompt", typed)
    waypoints = await shared_texts(interaction, "waypoint", typed)
    return make_choices(shorten(text, longest).rstrip("…") for text in (*prompts, *waypoints))


async def _recent(interaction: Interaction, kind: Kind) -> list[Recipe]:
    records = await interaction.client.studio.history.recent(str(interaction.user.id), kind)
    return [record.recipe for record in records]


async def _own_presets(interaction: Interaction) -> list[Recipe]:
    presets = await interaction.client.studio.profiles.presets(str(interaction.user.id))
    return [preset.recipe for preset in presets]


async def _preset_stages(interaction: Interaction) -> list[Stage]:
    """Return the stages of the presets, the member's own first."""
    own = [recipe.stages for recipe in await _own_presets(interaction) if isinstance(recipe, Giro)]
    ready = [preset.parse_stages() for preset in presets_here(interaction).values()]
    return [stage for stages in (*own, *ready) for stage in stages]


async def _preset_prompts(interaction: Interaction) -> list[str]:
    """Return the prompts of the presets, the member's own first."""
    own = [prompt for recipe in await _own_presets(interaction) for prompt in prompts_of(recipe)]
    ready = [stage.prompt for preset in presets_here(interaction).values() for stage in preset.parse_stages()]
    return [prompt for prompt in (*own, *ready) if PLACEHOLDER not in prompt]


def _is_stage(prompt: str) -> bool:
    """Whether a prompt reads back as one stage of a list."""
    return not (set(prompt) & set(";|") or prompt.startswith(("[", "{")))


def _is_stage_line(line: str) -> bool:
    return _is_stage(line.rpartition("|")[0])


def _is_waypoint(text: str) -> bool:
    """Whether a text reads back as one waypoint of a chain."""
    try:
        return len(parse_waypoints(text)) == 1
    except RecipeError:
        return False


async def shared_texts(interaction: Interaction, what: PromptKind, typed: str) -> list[str]:
    """Return what was shared in the server and fits what was typed; in a direct message that is nothing."""
    if interaction.guild_id is None:
        return []
    return await interaction.client.studio.gallery.suggest(str(interaction.guild_id), what, typed, MAX_CHOICES)
