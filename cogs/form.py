"""The form for a giro's stages, and the way back to it with what was typed when something was wrong with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
import msgspec

from cogs.drafts import MAX_MODAL_TEXT
from cogs.failures import guarded, tell
from cogs.options import build_recipe
from cogs.ordering import place
from engine.errors import MemberError
from engine.stages import parse_stages

if TYPE_CHECKING:
    from bot import Tappa

_PATIENCE = 30 * 60.0


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """A giro as it was asked for, not read yet."""

    stages: str
    loop: bool | None
    seed: int | None


async def ride(interaction: discord.Interaction[Tappa], journey: Journey) -> None:
    """Order a giro; one that is refused can be corrected instead of typed again."""
    try:
        stages = msgspec.to_builtins(parse_stages(journey.stages))
        await place(interaction, build_recipe("giro", journey.seed, stages=stages, loop=journey.loop))
    except MemberError as error:
        fits = len(journey.stages) <= MAX_MODAL_TEXT
        await tell(interaction, error, view=Correction(journey) if fits else discord.utils.MISSING)


class StagesForm(discord.ui.Modal, title="The stages of your giro"):
    """Asks for the stages; loop and seed were said in the command."""

    def __init__(self, journey: Journey) -> None:
        super().__init__(timeout=_PATIENCE)
        self._journey = journey
        self.stages: discord.ui.TextInput[StagesForm] = discord.ui.TextInput(
            label="One stage a line: prompt | frames",
            style=discord.TextStyle.paragraph,
            default=journey.stages,
            placeholder="a road by the sea, sunny day | 50",
            max_length=MAX_MODAL_TEXT,
        )
        self.add_item(self.stages)

    @guarded
    async def on_submit(self, interaction: discord.Interaction[Tappa]) -> None:
        """Ride what was typed."""
        await ride(interaction, msgspec.structs.replace(self._journey, stages=self.stages.value))


class Correction(discord.ui.View):
    """A button that opens the form again as it was sent."""

    def __init__(self, journey: Journey) -> None:
        super().__init__(timeout=_PATIENCE)
        self._journey = journey

    @discord.ui.button(label="Correct the stages", style=discord.ButtonStyle.primary)
    async def correct(self, interaction: discord.Interaction[Tappa], button: discord.ui.Button[Correction]) -> None:
        """Open the form."""
        await interaction.response.send_modal(StagesForm(self._journey))
