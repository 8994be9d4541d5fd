"""/settings: what a member wants wherever they leave an option out, shown and changed in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import discord
import msgspec
from discord import app_commands
from discord.ext import commands

from cogs.context.failures import tells_errors
from cogs.context.kept_forms import find_form, form_key, refuse_form
from cogs.context.places import styles_here
from cogs.i18n.language import Language, language_of
from cogs.orders.camera_options import suggest_focus
from cogs.orders.options import EXAMPLES, FocusOption, FramesOption, NegativeOption, StyleOption
from cogs.orders.prompt_suggestions import suggest_negative
from cogs.orders.styles import NONE, find_style_name, label_styles, suggest_style
from cogs.ui.forms import read_inputs
from cogs.ui.markdown import code, inert
from cogs.ui.menu import Menu
from engine.errors import LimitError, MemberError
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import MAX_FRAMES, MAX_PROMPT
from studio.profiles.defaults import Defaults

if TYPE_CHECKING:
    from cogs.client import Tappa

NOT_CHOSEN = "-"
_MOST_OPTIONS = 25
_LONGEST_LABEL = 100
_FORM_ID = "tappa:settings:form"
_HELD = "settings"
_PATIENCE = 30 * 60.0
_LOOP = {"yes": True, "no": False}


class SettingsCog(commands.Cog):
    """The command."""

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
    async def settings(
        self,
        interaction: discord.Interaction[Tappa],
        style: StyleOption | None = None,
        negative: NegativeOption | None = None,
        loop: bool | None = None,
        morph_frames: FramesOption | None = None,
        zoom_frames: FramesOption | None = None,
        focus: FocusOption | None = None,
    ) -> None:
        """Change what is said, and show the member's defaults with the means to change them all."""
        typed = {"negative": negative, "focus": focus}
        changes: dict[str, object] = {"loop": loop, "morph_frames": morph_frames, "zoom_frames": zoom_frames}
        changes |= {name: None if value is None else _unless_none(value) for name, value in typed.items()}
        if changes["focus"]:
            parse_focus(str(changes["focus"]))
        if style is not None:
            changes["style"] = find_style_name(style, styles_here(interaction))
        await interaction.response.defer(ephemeral=True)
        said = {name: value for name, value in changes.items() if value is not None}
        profiles, member = interaction.client.studio.profiles, str(interaction.user.id)
        defaults = msgspec.structs.replace(await profiles.defaults(member), **said)
        if said:
            await profiles.set_defaults(member, defaults)
        content, view = settings_note(interaction, defaults)
        await interaction.followup.send(content, view=view)

    @settings.autocomplete("style")
    async def suggest_style(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the styles."""
        return await suggest_style(interaction, typed)

    @settings.autocomplete("negative")
    async def suggest_negative(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer what pictures have been led away from."""
        return await suggest_negative(interaction, typed)

    @settings.autocomplete("focus")
    async def suggest_focus(
        self, interaction: discord.Interaction[Tappa], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Offer the points that have a name."""
        return await suggest_focus(interaction, typed)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Find the form among everything that members do; see `cogs.renders.recipe_form`."""
        if interaction.type is not discord.InteractionType.modal_submit or interaction.data is None:
            return
        if interaction.data.get("custom_id") == _FORM_ID:
            await _Typed().take(interaction)


class StyleSelect(Menu, template=r"tappa:settings:style"):
    """Chooses the style."""

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Keep the choice; one that is not there any more is none."""
        await interaction.response.defer()
        chosen = self.item.values[0]
        await _change(interaction, style=chosen if chosen in styles_here(interaction) else "")


class LoopSelect(Menu, template=r"tappa:settings:loop"):
    """Chooses whether giros loop."""

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Keep the choice."""
        await interaction.response.defer()
        await _change(interaction, loop=_LOOP.get(self.item.values[0]))


class EditButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"tappa:settings:edit"):
    """Opens the form for what is typed."""

    def __init__(self, label: str = "·") -> None:
        super().__init__(
            discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id="tappa:settings:edit")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls()

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the form; it has to be the first answer, so one row is looked up before it."""
        defaults = await interaction.client.studio.profiles.defaults(str(interaction.user.id))
        await interaction.response.send_modal(SettingsForm(_shown(defaults), language_of(interaction.locale)))


class CorrectSettingsButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"tappa:settings:correct"
):
    """Opens the form again as it was sent in; once that is not kept any more, as the settings are."""

    def __init__(self, label: str = "·") -> None:
        super().__init__(
            discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id="tappa:settings:correct")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls()

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the form; it has to be the first answer, so rows are looked up before it."""
        typed = await find_form(interaction, form_key(interaction, _HELD), dict[str, str])
        defaults = await interaction.client.studio.profiles.defaults(str(interaction.user.id))
        await interaction.response.send_modal(SettingsForm(typed or _shown(defaults), language_of(interaction.locale)))


class ResetButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"tappa:settings:reset"):
    """Takes everything back."""

    def __init__(self, label: str = "·") -> None:
        super().__init__(discord.ui.Button(label=label, custom_id="tappa:settings:reset"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls()

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Leave everything to the commands again."""
        await interaction.response.defer()
        await _keep(interaction, Defaults())


PERSISTENT = (StyleSelect, LoopSelect, EditButton, CorrectSettingsButton, ResetButton)


class SettingsForm(discord.ui.Modal):
    """Asks for what is typed; an empty field is left to the commands.

    Args:
        values: what stands in the fields.
        say: a member's language.
    """

    def __init__(self, values: Mapping[str, str], say: Language) -> None:
        super().__init__(title=say("Where you say nothing else"), custom_id=_FORM_ID, timeout=_PATIENCE)
        for name, label, example, longest in (
            ("negative", say("Negative prompt"), say("blurry, text"), MAX_PROMPT),
            ("morph", say("Frames of a morph"), "21", 4),
            ("zoom", say("Frames of a zoom"), "60", 4),
            ("focus", say("Focus of a zoom"), "0.5,0.65", 40),
        ):
            field: discord.ui.TextInput[SettingsForm] = discord.ui.TextInput(
                custom_id=name,
                default=values.get(name) or None,
                placeholder=example,
                required=False,
                max_length=longest,
            )
            self.add_item(discord.ui.Label(text=label, component=field))


class _Typed:
    """The form as it was sent in."""

    @tells_errors
    async def take(self, interaction: discord.Interaction[Tappa]) -> None:
        """Keep what was typed, if all of it can be; else it can be corrected instead of typed again."""
        typed = {name: value.strip() for name, value in read_inputs(interaction.data)}
        try:
            changes = _changes(typed)
        except MemberError as error:
            button = CorrectSettingsButton(language_of(interaction.locale)("Correct it"))
            await refuse_form(interaction, error, form_key(interaction, _HELD), typed, button)
            return
        await interaction.response.defer()
        await _change(interaction, **changes)


def _shown(defaults: Defaults) -> dict[str, str]:
    """Return what stands in the form for a member's defaults."""
    values: dict[str, object] = {"negative": defaults.negative, "focus": defaults.focus}
    values |= {"morph": defaults.morph_frames, "zoom": defaults.zoom_frames}
    return {name: str(value) for name, value in values.items() if value}


def _changes(typed: Mapping[str, str]) -> dict[str, object]:
    """Return what a form asks to be kept.

    Raises:
        MemberError: a point or a number in it cannot be read.
    """
    if focus := typed.get("focus", ""):
        parse_focus(focus)
    morph, zoom = (_frames(typed.get(name, "")) for name in ("morph", "zoom"))
    return {"negative": typed.get("negative", ""), "morph_frames": morph, "zoom_frames": zoom, "focus": focus}


def settings_note(interaction: discord.Interaction[Tappa], defaults: Defaults) -> tuple[str, discord.ui.View]:
    """Return what the member reads, and the means to change it."""
    say = language_of(interaction.locale)
    labels = label_styles(styles_here(interaction))
    view = discord.ui.View(timeout=None)
    style = [discord.SelectOption(label=say("No style"), value=NOT_CHOSEN, default=defaults.style not in labels)]
    for name, label in list(labels.items())[: _MOST_OPTIONS - 1]:
        style.append(discord.SelectOption(label=label[:_LONGEST_LABEL], value=name, default=name == defaults.style))
    loop = [
        discord.SelectOption(label=say("Loop as the command or the preset says"), value=NOT_CHOSEN),
        discord.SelectOption(label=say("Giros loop"), value="yes", default=defaults.loop is True),
        discord.SelectOption(label=say("Giros end where they arrive"), value="no", default=defaults.loop is False),
    ]
    loop[0].default = defaults.loop is None
    view.add_item(
        StyleSelect(discord.ui.Select(custom_id="tappa:settings:style", placeholder=say("Style"), options=style))
    )
    view.add_item(LoopSelect(discord.ui.Select(custom_id="tappa:settings:loop", placeholder=say("Loop"), options=loop)))
    view.add_item(EditButton(say("Negative prompt, frames, focus")))
    view.add_item(ResetButton(say("Reset everything")))
    return settings_text(defaults, say, here=defaults.style in labels), view


def settings_text(defaults: Defaults, say: Language, *, here: bool) -> str:
    """Write a member's defaults; `here` says whether their style is one of this server's."""
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


def _unless_none(typed: str) -> str:
    """Return what was typed, empty where that was the word for nothing."""
    return "" if typed.strip().casefold() == NONE else typed.strip()


async def _change(interaction: discord.Interaction[Tappa], **changes: object) -> None:
    defaults = await interaction.client.studio.profiles.defaults(str(interaction.user.id))
    await _keep(interaction, msgspec.structs.replace(defaults, **changes))


async def _keep(interaction: discord.Interaction[Tappa], defaults: Defaults) -> None:
    """Keep a member's defaults and show them as they are now."""
    await interaction.client.studio.profiles.set_defaults(str(interaction.user.id), defaults)
    content, view = settings_note(interaction, defaults)
    await interaction.edit_original_response(content=content, view=view)


def _frames(typed: str) -> int | None:
    """Read a number of frames; an empty field is none.

    Raises:
        LimitError: it is no number that an animation can have.
    """
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
    """Add the command to the bot."""
    bot.add_dynamic_items(*PERSISTENT)
    await bot.add_cog(SettingsCog())
