"""The buttons under an animation. What they are about stands in their id, so they outlive a restart of the bot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

import discord

from cogs.drafts import Action
from cogs.failures import guarded
from cogs.ordering import acknowledge, submit
from engine.messages import JobId

if TYPE_CHECKING:
    from bot import Tappa

_JOB = r"(?P<job>[0-9a-f]{16})"


class CancelButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:cancel:{_JOB}"):
    """Calls off the job of the message it stands under."""

    def __init__(self, job: JobId) -> None:
        super().__init__(discord.ui.Button(label="Cancel", custom_id=f"tappa:cancel:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["job"])

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Call the job off; whoever delivers it changes the message."""
        await interaction.response.defer()
        await interaction.client.studio.cancel(self.job, by=str(interaction.user.id))


class AgainButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:again:{_JOB}"):
    """Asks for the same animation with another seed, for whoever presses it."""

    def __init__(self, job: JobId) -> None:
        super().__init__(discord.ui.Button(label="Again, new seed", emoji="🎲", custom_id=f"tappa:again:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["job"])

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Place the order as if the command had been typed."""
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.again(self.job)
        await submit(interaction, message, recipe)


PERSISTENT = (CancelButton, AgainButton)


def view_of(job: JobId, action: Action | None) -> discord.ui.View | None:
    """Return the row of buttons for a message about `job`, or None for a message without."""
    if action is None:
        return None
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton(job) if action == "cancel" else AgainButton(job))
    return view
