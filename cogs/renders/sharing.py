"""The buttons by which members share, vote and save; they work under results, in the gallery and in the showcase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord

from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.ui.button_rows import revise_rows
from cogs.ui.persistent import JobButton
from engine.errors import LimitError
from engine.protocol.messages import JobId
from studio.store import Share

if TYPE_CHECKING:
    from cogs.client import Tappa


class ShareButton(JobButton, action="share", emoji="🖼️"):
    """Shows its maker's render to the server; from then on there is a Vote button in its place."""

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it."""
        return say("Share")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Share what the message shows."""
        await interaction.response.defer()
        say, share = language_of(interaction.locale), await self._shared(interaction)
        if interaction.message is not None:
            vote = VoteButton(self.job, _public(interaction), votes=share.votes)
            await interaction.edit_original_response(view=revise_rows(interaction.message, {self.custom_id: vote}))
        await interaction.followup.send(say("It is in this server's gallery now: /gallery shows it."), ephemeral=True)

    async def _shared(self, interaction: discord.Interaction[Tappa]) -> Share:
        """Share it; where that happened before and only the row was not changed, that is made up for."""
        gallery, viewer = interaction.client.studio.gallery, viewer_of(interaction)
        try:
            return await gallery.share(self.job, viewer)
        except LimitError:
            share = await gallery.find(viewer.server, self.job)
            if share is None or share.member.id != viewer.member.id:
                raise
            return share


class VoteButton(JobButton, action="vote", emoji="👍"):
    """Gives a vote, or takes it back, and shows how many there are."""

    def __init__(self, job: JobId, say: Language, *, votes: int = 0) -> None:
        super().__init__(job, say, label=say("Vote · {count}", count=votes) if votes else "")

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it while there are no votes."""
        return say("Vote")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Count the vote; whoever else shows the count hears of it."""
        await interaction.response.defer()
        share, voted = await interaction.client.studio.gallery.vote(self.job, viewer_of(interaction))
        interaction.client.dispatch("vote", share)
        if interaction.message is not None:
            button = VoteButton(self.job, _public(interaction), votes=share.votes)
            await interaction.edit_original_response(view=revise_rows(interaction.message, {self.custom_id: button}))
        say = language_of(interaction.locale)
        await interaction.followup.send(
            say("Your vote counts; press again to take it back.") if voted else say("Your vote is taken back."),
            ephemeral=True,
        )


class SaveButton(JobButton, action="save", emoji="🔖"):
    """Puts a share on the list of whoever presses it, or takes it off."""

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it."""
        return say("Save")

    @tells_errors
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
