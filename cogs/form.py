"""The form for a giro's stages, and the way back to it with what was typed when something was wrong with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import msgspec

from cogs.drafts import MAX_MODAL_TEXT
from cogs.failures import guarded, tell
from cogs.language import Language, language_of
from cogs.view import View
from cogs.wishes import Wishes, order
from engine.errors import MemberError
from engine.recipe import Mode
from engine.stages import parse_stages

if TYPE_CHECKING:
    from bot import Tappa

_PATIENCE = 30 * 60.0


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """A giro as it was asked for, not read yet; None is left to the member's defaults."""

    stages: str
    loop: bool | None
    mode: Mode | None
    view: View = View()
    style: str | None
    negative: str | None
    seed: int | None

    @property
    def wishes(self) -> Wishes:
        """The same with its stages read.

        Raises:
            RecipeError: they cannot be.
        """
        stages = msgspec.to_builtins(parse_stages(self.stages))
        given = {"stages": stages, "loop": self.loop, "mode": self.mode, **self.view.options()}
        return Wishes(kind="giro", options=given, style=self.style, negative=self.negative, seed=self.seed)


async def ride(interaction: discord.Interaction[Tappa], journey: Journey) -> None:
    """Order a giro; one that is refused can be corrected instead of typed again."""
    try:
        await order(interaction, journey.wishes)
    except MemberError as error:
        fits = len(journey.stages) <= MAX_MODAL_TEXT
        view = Correction(journey, language_of(interaction.locale)) if fits else discord.utils.MISSING
        await tell(interaction, error, view=view)


class StagesForm(discord.ui.Modal):
    """Asks for the stages; loop, mode and seed were said in the command."""

    def __init__(self, journey: Journey, say: Language) -> None:
        super().__init__(title=say("The stages of your giro"), timeout=_PATIENCE)
        self._journey = journey
        self.stages: discord.ui.TextInput[StagesForm] = discord.ui.TextInput(
            label=say("One stage a line: prompt | frames"),
            style=discord.TextStyle.paragraph,
            default=journey.stages,
            placeholder=say("a road by the sea, sunny day | 50"),
            max_length=MAX_MODAL_TEXT,
        )
        self.add_item(self.stages)

    @guarded
    async def on_submit(self, interaction: discord.Interaction[Tappa]) -> None:
        """Ride what was typed."""
        await ride(interaction, msgspec.structs.replace(self._journey, stages=self.stages.value))


class Correction(discord.ui.View):
    """A button that opens the form again as it was sent."""

    def __init__(self, journey: Journey, say: Language) -> None:
        super().__init__(timeout=_PATIENCE)
        self._journey = journey
        self.correct.label = say("Correct the stages")

    @discord.ui.button(style=discord.ButtonStyle.primary)
    async def correct(self, interaction: discord.Interaction[Tappa], button: discord.ui.Button[Correction]) -> None:
        """Open the form."""
        await interaction.response.send_modal(StagesForm(self._journey, language_of(interaction.locale)))
