"""/settings: a member's defaults for the options that they leave out."""

from __future__ import annotations

from collections.abc import Mapping

import discord
import msgspec
from discord import app_commands
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.kept_forms import find_form, form_key, refuse_form
from cogs.context.places import styles_here
from cogs.i18n.language import Language, language_of
from cogs.orders.camera_suggestions import suggest_focus
from cogs.orders.options import FocusOption, FramesOption, NegativeOption, StyleOption
from cogs.orders.prompt_suggestions import suggest_negative
from cogs.orders.styles import NONE, find_style_name, label_styles, suggest_style
from cogs.ui.button_rows import make_view
from cogs.ui.choices import EXAMPLES
from cogs.ui.forms import Field, SubmittedForm, make_form
from cogs.ui.markdown import code, inert
from cogs.ui.persistent import PersistentButton, PersistentSelect
from engine.errors import LimitError, MemberError
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import MAX_FRAMES, MAX_PROMPT
from studio.profiles.defaults import Defaults

NOT_CHOSEN = "-"
_MOST_OPTIONS = 25
_LONGEST_LABEL = 100
_FORM_ID = "tappa:settings:form"
_LOOP = {"yes": True, "no": False}


class SettingsCog(commands.Cog):
    @app_commands.command(
        description="What you want where you leave options out; without any here, all of it is shown",
        extras={EXAMPLES: ({}, {"style": "painting", "negative": "blurry, people"}, {"style": "none"})},
    )
    @app_commands.describe(
        style="Words that are added to every prompt; none is none",
        negative="What the pictures are to be led away from; none is nothing in particular",
        loop="Whether giros come back to where they started",
        morph_frames="How many frames of a morph are rendered",
        zoom_frames="How many frames one round of a zoom takes",
        focus="The point that a zoom moves towards: x,y from 0,0 (top left) to 1,1, or a name; none is auto",
    )
    @app_commands.rename(morph_frames="morph-frames", zoom_frames="zoom-frames")
    @app_commands.autocomplete(style=suggest_style, negative=suggest_negative, focus=suggest_focus)
    async def settings(
        self,
        interaction: Interaction,
        style: StyleOption | None = None,
        negative: NegativeOption | None = None,
        loop: bool | None = None,
        morph_frames: FramesOption | None = None,
        zoom_frames: FramesOption | None = None,
        focus: FocusOption | None = None,
    ) -> None:
        if focus := _parse_none(focus):
            parse_focus(focus)
        changes = {
            "style": None if style is None else find_style_name(style, styles_here(interaction)),
            "negative": _parse_none(negative),
            "loop": loop,
            "morph_frames": morph_frames,
            "zoom_frames": zoom_frames,
            "focus": focus,
        }
        await interaction.response.defer(ephemeral=True)
        given = {name: value for name, value in changes.items() if value is not None}
        profiles, member = interaction.client.studio.profiles, str(interaction.user.id)
        defaults = msgspec.structs.replace(await profiles.defaults(member), **given)
        if given:
            await profiles.set_defaults(member, defaults)
        content, view = settings_note(interaction, defaults)
        await interaction.followup.send(content, view=view)


class StyleSelect(PersistentSelect, template=r"tappa:settings:style"):
    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        """Save the choice; a style that the server has no more counts as none."""
        await interaction.response.defer()
        await _update_defaults(interaction, style=self.chosen if self.chosen in styles_here(interaction) else "")


class LoopSelect(PersistentSelect, template=r"tappa:settings:loop"):
    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await _update_defaults(interaction, loop=_LOOP.get(self.chosen))


class EditButton(PersistentButton, template=r"tappa:settings:edit"):
    """Opens the form for what cannot be chosen from a list."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await _open_form(interaction)


class CorrectSettingsButton(PersistentButton, template=r"tappa:settings:correct"):
    """Opens the form again as it was typed; if that is not kept any more, with the member's defaults."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await _open_form(interaction, await find_form(interaction, form_key(interaction, "settings"), dict[str, str]))


class ResetButton(PersistentButton, template=r"tappa:settings:reset"):
    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await _save_defaults(interaction, Defaults())


async def _open_form(interaction: Interaction, typed: Mapping[str, str] | None = None) -> None:
    """Open the form, with the member's defaults unless `typed`; it has to be the first answer."""
    say, profiles = language_of(interaction.locale), interaction.client.studio.profiles
    values = typed or _form_values(await profiles.defaults(str(interaction.user.id)))
    fields = [
        Field(name=name, label=label, value=values.get(name, ""), placeholder=example, most=most, required=False)
        for name, label, example, most in (
            ("negative", say("Negative prompt"), say("blurry, text"), MAX_PROMPT),
            ("morph", say("Frames of a morph"), "21", 4),
            ("zoom", say("Frames of a zoom"), "60", 4),
            ("focus", say("Focus of a zoom"), "0.5,0.65", 40),
        )
    ]
    form = make_form(title=say("Where you say nothing else"), custom_id=_FORM_ID, fields=fields)
    await interaction.response.send_modal(form)


def _form_values(defaults: Defaults) -> dict[str, str]:
    values: dict[str, object] = {"negative": defaults.negative, "focus": defaults.focus}
    values |= {"morph": defaults.morph_frames, "zoom": defaults.zoom_frames}
    return {name: str(value) for name, value in values.items() if value}


@tells_errors
async def handle_settings_form(form: SubmittedForm, interaction: Interaction) -> None:
    """Save what was typed or, if any of it cannot be, offer to correct it."""
    typed = {name: value.strip() for name, value in form.typed.items()}
    try:
        if focus := typed.get("focus", ""):
            parse_focus(focus)
        morph, zoom = (_parse_frames(typed.get(name, "")) for name in ("morph", "zoom"))
    except MemberError as error:
        label, style = language_of(interaction.locale)("Correct it"), discord.ButtonStyle.primary
        button = CorrectSettingsButton.make(label=label, style=style, custom_id="tappa:settings:correct")
        await refuse_form(interaction, error, form_key(interaction, "settings"), typed, button)
        return
    await interaction.response.defer()
    negative = typed.get("negative", "")
    await _update_defaults(interaction, negative=negative, morph_frames=morph, zoom_frames=zoom, focus=focus)


def settings_note(interaction: Interaction, defaults: Defaults) -> tuple[str, discord.ui.View]:
    """Return a member's defaults as text, and the items that change them."""
    say = language_of(interaction.locale)
    labels = label_styles(styles_here(interaction))
    styles = [discord.SelectOption(label=say("No style"), value=NOT_CHOSEN, default=defaults.style not in labels)]
    for name, label in list(labels.items())[: _MOST_OPTIONS - 1]:
        styles.append(discord.SelectOption(label=label[:_LONGEST_LABEL], value=name, default=name == defaults.style))
    loops = [
        discord.SelectOption(label=label, value=value, default=defaults.loop is _LOOP.get(value))
        for value, label in (
            (NOT_CHOSEN, say("Loop as the command or the preset says")),
            ("yes", say("Giros loop")),
            ("no", say("Giros end where they arrive")),
        )
    ]
    primary = discord.ButtonStyle.primary
    view = make_view(
        StyleSelect.make(custom_id="tappa:settings:style", placeholder=say("Style"), options=styles),
        LoopSelect.make(custom_id="tappa:settings:loop", placeholder=say("Loop"), options=loops),
        EditButton.make(label=say("Negative prompt, frames, focus"), style=primary, custom_id="tappa:settings:edit"),
        ResetButton.make(label=say("Reset everything"), custom_id="tappa:settings:reset"),
    )
    return settings_text(defaults, say, here=defaults.style in labels), view


def settings_text(defaults: Defaults, say: Language, *, here: bool) -> str:
    """Return a member's defaults as text; `here` says whether the server has their style."""
    unset = say("as the command says")
    style = inert(defaults.style) if defaults.style else say("none")
    if defaults.style and not here:
        style = say("{style}, which this server does not have", style=style)
    loop = {None: unset, True: say("yes"), False: say("no")}[defaults.loop]
    return "\n".join(
        (
            f"**{say('What you want where you say nothing else')}**",
            f"{say('Style')}: {style}",
            f"{say('Negative prompt')}: {code(defaults.negative) if defaults.negative else unset}",
            f"{say('Loop')}: {loop}",
            f"{say('Frames of a morph')}: {defaults.morph_frames or unset}",
            f"{say('Frames of a zoom')}: {defaults.zoom_frames or unset}",
            f"{say('Focus of a zoom')}: {code(defaults.focus) if defaults.focus else unset}",
            f"-# {say('A command with a seed takes none of this: it repeats an animation as it was.')}",
        )
    )


def _parse_none(typed: str | None) -> str | None:
    """Return what was typed; the word for none becomes an empty text."""
    return "" if typed is not None and typed.strip().casefold() == NONE else typed and typed.strip()


async def _update_defaults(interaction: Interaction, **changes: object) -> None:
    defaults = await interaction.client.studio.profiles.defaults(str(interaction.user.id))
    await _save_defaults(interaction, msgspec.structs.replace(defaults, **changes))


async def _save_defaults(interaction: Interaction, defaults: Defaults) -> None:
    await interaction.client.studio.profiles.set_defaults(str(interaction.user.id), defaults)
    content, view = settings_note(interaction, defaults)
    await interaction.edit_original_response(content=content, view=view)


def _parse_frames(typed: str) -> int | None:
    """Parse a number of frames; an empty field is None."""
    if not typed:
        return None
    try:
        frames = int(typed)
    except ValueError:
        frames = 0
    if not 2 <= frames <= MAX_FRAMES:
        raise LimitError("Frames are a whole number between 2 and {limit}.", limit=MAX_FRAMES)
    return frames


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(StyleSelect, LoopSelect, EditButton, CorrectSettingsButton, ResetButton)
    bot.forms.add(_FORM_ID, handle_settings_form)
    await bot.add_cog(SettingsCog())
