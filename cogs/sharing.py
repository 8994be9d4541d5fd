"""The buttons by which members share, vote and save; they work under results, in the gallery and in the showcase."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

import discord

from cogs.failures import guarded
from cogs.language import Language, language_of
from cogs.rows import revised
from cogs.viewer import viewer_of
from engine.errors import LimitError
from engine.messages import JobId
from engine.store import Share

if TYPE_CHECKING:
    from bot import Tappa

_JOB = r"(?P<job>[0-9a-f]{16})"


class ShareButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:share:{_JOB}"):
    """Shows its maker's render to the server; from then on there is a Vote button in its place."""

    def __init__(self, job: JobId, say: Language) -> None:
        super().__init__(discord.ui.Button(label=say("Share"), emoji="🖼️", custom_id=f"tappa:share:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["job"], language_of(interaction.locale))

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Share what the message shows."""
        await interaction.response.defer()
        say, share = language_of(interaction.locale), await self._shared(interaction)
        if interaction.message is not None:
            vote = VoteButton(self.job, share.votes, _public(interaction))
            await interaction.edit_original_response(view=revised(interaction.message, {self.custom_id: vote}))
        await interaction.followup.send(say("It is in this server's gallery now: /gallery shows it."), ephemeral=True)

    async def _shared(self, interaction: discord.Interaction[Tappa]) -> Share:
        """Share it; where that happened before and only the row was not changed, that is made up for."""
        gallery, viewer = interaction.client.studio.gallery, viewer_of(interaction)
        try:
            return await gallery.share(self.job, viewer)
        except LimitError:
            share = await gallery.find(self.job, viewer)
            if share is None or share.member.id != viewer.member.id:
                raise
            return share


class VoteButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:vote:{_JOB}"):
    """Gives a vote, or takes it back, and shows how many there are."""

    def __init__(self, job: JobId, votes: int, say: Language) -> None:
        label = say("Vote · {count}", count=votes) if votes else say("Vote")
        super().__init__(discord.ui.Button(label=label, emoji="👍", custom_id=f"tappa:vote:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["job"], 0, language_of(interaction.locale))

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Count the vote; whoever else shows the count hears of it."""
        await interaction.response.defer()
        share, voted = await interaction.client.studio.gallery.vote(self.job, viewer_of(interaction))
        interaction.client.dispatch("vote", share)
        if interaction.message is not None:
            button = VoteButton(self.job, share.votes, _public(interaction))
            await interaction.edit_original_response(view=revised(interaction.message, {self.custom_id: button}))
        say = language_of(interaction.locale)
        await interaction.followup.send(
            say("Your vote counts; press again to take it back.") if voted else say("Your vote is taken back."),
            ephemeral=True,
        )


class SaveButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:save:{_JOB}"):
    """Puts a share on the list of whoever presses it, or takes it off."""

    def __init__(self, job: JobId, say: Language) -> None:
        super().__init__(discord.ui.Button(label=say("Save"), emoji="🔖", custom_id=f"tappa:save:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["job"], language_of(interaction.locale))

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Save it, and say where it is found."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        is_saved = await interaction.client.studio.gallery.save(self.job, viewer_of(interaction))
        say = language_of(interaction.locale)
        await interaction.edit_original_response(
            content=say("Saved: it is under “saved” in your /gallery.")
            if is_saved
            else say("It is not among what you saved any more.")
        )


def _public(interaction: discord.Interaction[Tappa]) -> Language:
    """Return the language of a button: the server's where all see it, the member's where only they do."""
    is_private = interaction.message is not None and interaction.message.flags.ephemeral
    return language_of(interaction.locale if is_private else interaction.guild_locale)
