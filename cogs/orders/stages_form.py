"""The form for a giro's stages, and the way back to it with what was typed when something was wrong with that.

What the command said besides is kept in the store meanwhile: nobody types for long only to hear that the bot was
restarted. See `cogs.renders.recipe_form` for how such a form is read.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any, Self

import discord
import msgspec

from cogs.context.failures import tell_error, tells_errors
from cogs.i18n.language import Language, language_of
from cogs.orders.camera_options import View
from cogs.orders.request import Wishes, order
from cogs.ui.drafts import MAX_MODAL_TEXT
from cogs.ui.forms import read_inputs
from engine.errors import LimitError, MemberError
from engine.recipe.recipe import Mode
from engine.recipe.stages import parse_stages

if TYPE_CHECKING:
    from cogs.client import Tappa

_PATIENCE = 30 * 60.0
_FIELD = "stages"
_KEY_BYTES = 6
_KEY = rf"(?P<key>[0-9a-f]{{{2 * _KEY_BYTES}}})"
"""Shorter than a job, so that a button with one is not taken for one about a job."""
_FORM_ID = re.compile(rf"tappa:stages:{_KEY}")


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """A giro as it was asked for, not read yet; None is left to the member's defaults."""

    stages: str
    loop: bool | None = None
    mode: Mode | None = None
    view: View = View()
    style: str | None = None
    negative: str | None = None
    seed: int | None = None

    @property
    def wishes(self) -> Wishes:
        """The same with its stages read.

        Raises:
            RecipeError: they cannot be.
        """
        stages = msgspec.to_builtins(parse_stages(self.stages))
        given = {"stages": stages, "loop": self.loop, "mode": self.mode, **self.view.options()}
        return Wishes(kind="giro", options=given, style=self.style, negative=self.negative, seed=self.seed)


async def submit_giro(interaction: discord.Interaction[Tappa], journey: Journey, key: str | None = None) -> None:
    """Order a giro; one that is refused can be corrected instead of typed again.

    Args:
        interaction: that asks for it.
        journey: what is asked for.
        key: of the form that it was typed into, if it was.
    """
    try:
        await order(interaction, journey.wishes)
    except MemberError as error:
        view: discord.ui.View = discord.utils.MISSING
        if len(journey.stages) <= MAX_MODAL_TEXT:
            view = discord.ui.View(timeout=None)
            view.add_item(CorrectStagesButton(await _keep(interaction, journey, key), language_of(interaction.locale)))
        await tell_error(interaction, error, view=view)


async def open_stages_form(interaction: discord.Interaction[Tappa], journey: Journey) -> None:
    """Open the form for the stages of a giro; it has to be the first answer, so one row is written before it."""
    key = await _keep(interaction, journey)
    await interaction.response.send_modal(StagesForm(journey, key, language_of(interaction.locale)))


class StagesForm(discord.ui.Modal):
    """Asks for the stages; the rest was said in the command and is kept under the key that stands in the form's id."""

    def __init__(self, journey: Journey, key: str, say: Language) -> None:
        custom_id = f"tappa:stages:{key}"
        super().__init__(title=say("The stages of your giro"), custom_id=custom_id, timeout=_PATIENCE)
        stages: discord.ui.TextInput[StagesForm] = discord.ui.TextInput(
            custom_id=_FIELD,
            style=discord.TextStyle.paragraph,
            default=journey.stages,
            placeholder=say("a road by the sea, sunny day | 50"),
            max_length=MAX_MODAL_TEXT,
        )
        self.add_item(discord.ui.Label(text=say("One stage a line: prompt | frames"), component=stages))


class CorrectStagesButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:restage:{_KEY}"
):
    """Opens the form again as it was sent in."""

    def __init__(self, key: str, say: Language) -> None:
        label = say("Correct the stages")
        custom_id = f"tappa:restage:{key}"
        super().__init__(discord.ui.Button(label=label, style=discord.ButtonStyle.primary, custom_id=custom_id))
        self.key = key

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["key"], language_of(interaction.locale))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the form."""
        journey = await _find(interaction, self.key)
        if journey is None:
            raise LimitError("What you typed is not kept any more: it was too long ago.")
        await interaction.response.send_modal(StagesForm(journey, self.key, language_of(interaction.locale)))


async def take_stages_form(interaction: discord.Interaction[Tappa]) -> None:
    """Ride what a form says that was sent in, if it is one of those that ask for stages."""
    data: Any = interaction.data or {}
    if match := _FORM_ID.fullmatch(str(data.get("custom_id"))):
        await _Stages(match["key"]).take(interaction)


class _Stages:
    """A form that was sent in."""

    def __init__(self, key: str) -> None:
        self._key = key

    @tells_errors
    async def take(self, interaction: discord.Interaction[Tappa]) -> None:
        """Ride what was typed, the way that was said in the command."""
        stages = dict(read_inputs(interaction.data)).get(_FIELD, "")
        journey = await _find(interaction, self._key)
        if journey is not None:
            await submit_giro(interaction, msgspec.structs.replace(journey, stages=stages), self._key)
            return
        journey, say = Journey(stages=stages), language_of(interaction.locale)
        view = discord.ui.View(timeout=None)
        view.add_item(CorrectStagesButton(await _keep(interaction, journey), say))
        forgotten = LimitError(
            "This form was open for so long that only its stages are kept: send them in again as they are, or say the"
            " rest anew with /giro."
        )
        await tell_error(interaction, forgotten, view=view)


async def _keep(interaction: discord.Interaction[Tappa], journey: Journey, key: str | None = None) -> str:
    """Keep a journey for a form of whoever asks; return the key that it is found under."""
    key = key or secrets.token_hex(_KEY_BYTES)
    text = msgspec.json.encode(journey).decode()
    await interaction.client.studio.forms.keep(key, str(interaction.user.id), text)
    return key


async def _find(interaction: discord.Interaction[Tappa], key: str) -> Journey | None:
    """Return what stands behind a form; None where that is not kept any more, or by another version of this program."""
    text = await interaction.client.studio.forms.find(key, str(interaction.user.id))
    try:
        return None if text is None else msgspec.json.decode(text, type=Journey)
    except msgspec.DecodeError:
        return None
