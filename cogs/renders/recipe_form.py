"""Forms about a render that exists. All they are about stands in their id, so they can be sent in after a restart.

A form that discord.py has sent is remembered by it until the bot stops. So that one which is sent in after that is not
lost, no form does anything by itself: `FormsCog` reads them all as they come in from Discord.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

import discord
import msgspec
from discord.ext import commands

from cogs.client import Tappa
from cogs.context.failures import tell_error, tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.orders.submit import acknowledge, require_may_write, submit
from cogs.renders.recipe_fields import Field, apply_extension, apply_remix, extend_fields, remix_fields
from cogs.ui.forms import Verb, read_inputs
from cogs.ui.persistent import JOB
from engine.errors import MemberError
from engine.protocol.messages import JobId
from engine.recipe.recipe import Recipe

_FORM_ID = re.compile(rf"tappa:form:(?P<verb>remix|extend):{JOB}")
_PATIENCE = 30 * 60.0


class RecipeForm(discord.ui.Modal):
    """A form for a job."""

    def __init__(self, verb: Verb, job: JobId, fields: tuple[Field, ...], say: Language) -> None:
        title = say("Remix") if verb == "remix" else say("Extend")
        super().__init__(title=title, custom_id=f"tappa:form:{verb}:{job}", timeout=_PATIENCE)
        for field in fields:
            self.add_item(discord.ui.Label(text=field.label, component=_input(field)))


class CorrectButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"tappa:correct:(?P<verb>remix|extend):{JOB}",
):
    """Opens a form again as it was sent in; after a restart of the bot, as it was before."""

    def __init__(self, verb: Verb, job: JobId, say: Language) -> None:
        label = say("Correct it")
        custom_id = f"tappa:correct:{verb}:{job}"
        super().__init__(discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id=custom_id))
        self.verb: Verb = verb
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(_verb(match), match["job"], language_of(interaction.locale))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the form."""
        typed = interaction.client.typed.find(str(interaction.user.id), self.verb, self.job)
        await open_form(interaction, self.verb, self.job, typed)


async def open_form(
    interaction: discord.Interaction[Tappa], verb: Verb, job: JobId, typed: Mapping[str, str] | None = None
) -> None:
    """Open the form for a job; where `typed` has a value, it stands there in place of the recipe's.

    A form has to be the first answer, so this is the one place that looks a row up before it answers.

    Raises:
        LimitError: the job is not for this member to see, or nothing that such a form can be about; or they may not
            write where they are.
    """
    require_may_write(interaction)  # before they type anything
    say = language_of(interaction.locale)
    recipe = await interaction.client.studio.history.recipe(job, viewer_of(interaction))
    fields = remix_fields(recipe, say) if verb == "remix" else extend_fields(recipe, say)
    await interaction.response.send_modal(RecipeForm(verb, job, _refilled(fields, typed or {}), say))


class FormsCog(commands.Cog):
    """Takes forms in."""

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Find the forms among everything that members do."""
        if interaction.type is not discord.InteractionType.modal_submit or interaction.data is None:
            return
        if match := _FORM_ID.fullmatch(str(interaction.data.get("custom_id"))):
            await Submission(_verb(match), match["job"]).take(interaction)


class Submission:
    """A form that was sent in."""

    def __init__(self, verb: Verb, job: JobId) -> None:
        self._verb: Verb = verb
        self._job = job

    @tells_errors
    async def take(self, interaction: discord.Interaction[Tappa]) -> None:
        """Order what it asks for; one that is refused can be corrected instead of typed again."""
        typed = dict(read_inputs(interaction.data))
        say = language_of(interaction.locale)
        try:
            require_may_write(interaction)
            message = await acknowledge(interaction)
            recipe = await interaction.client.studio.history.recipe(self._job, viewer_of(interaction))
            await submit(interaction, message, self._changed(recipe, typed, say), parent=self._job)
        except MemberError as error:
            interaction.client.typed.keep(str(interaction.user.id), self._verb, self._job, typed)
            view = discord.ui.View(timeout=None)
            view.add_item(CorrectButton(self._verb, self._job, say))
            await tell_error(interaction, error, view=view)

    def _changed(self, recipe: Recipe, typed: Mapping[str, str], say: Language) -> Recipe:
        return apply_remix(recipe, typed, say) if self._verb == "remix" else apply_extension(recipe, typed)


def _verb(match: re.Match[str]) -> Verb:
    return "remix" if match["verb"] == "remix" else "extend"


def _input(field: Field) -> discord.ui.TextInput[RecipeForm] | discord.ui.Select[RecipeForm]:
    if field.options:
        options = [
            discord.SelectOption(
                label=option.label,
                value=option.value,
                description=option.description,
                default=option.value == field.value,
            )
            for option in field.options
        ]
        return discord.ui.Select(custom_id=field.name, options=options, required=field.required)
    return discord.ui.TextInput(
        custom_id=field.name,
        style=discord.TextStyle.paragraph if field.lines else discord.TextStyle.short,
        default=field.value or None,
        placeholder=field.placeholder or None,
        required=field.required,
        max_length=field.most,
    )


def _refilled(fields: tuple[Field, ...], typed: Mapping[str, str]) -> tuple[Field, ...]:
    return tuple(msgspec.structs.replace(field, value=typed.get(field.name, field.value)) for field in fields)


async def setup(bot: Tappa) -> None:
    """Add it to the bot."""
    await bot.add_cog(FormsCog())
