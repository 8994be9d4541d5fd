"""The buttons by which members share, vote and save; they work under results, in the gallery and in the showcase."""

from __future__ import annotations

from typing import Self

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.ui.button_rows import revise_rows
from cogs.ui.persistent import JobButton
from engine.errors import LimitError
from studio.store import Share


class ShareButton(JobButton, action="share", emoji="🖼️", label=lambda say: say("Share")):
    """Shows its maker's render to the server; from then on there is a Vote button in its place."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        say = language_of(interaction.locale)
        await _show_count(interaction, self.custom_id, await self._share(interaction))
        await interaction.followup.send(say("It is in this server's gallery now: /gallery shows it."), ephemeral=True)

    async def _share(self, interaction: Interaction) -> Share:
        """Share the render. If the member shared it before, return that share: the buttons may be out of date."""
        gallery, viewer = interaction.client.studio.gallery, viewer_of(interaction)
        try:
            return await gallery.share(self.job, viewer)
        except LimitError:
            share = await gallery.find(viewer.server, self.job)
            if share is None or share.member.id != viewer.member.id:
                raise
            return share


class VoteButton(JobButton, action="vote", emoji="👍", label=lambda say: say("Vote")):
    """Gives a vote, or takes it back, and shows how many there are."""

    @classmethod
    def with_count(cls, share: Share, say: Language) -> Self:
        return cls.of(share.id, say, label=say("Vote · {count}", count=share.votes) if share.votes else "")

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        share, has_voted = await interaction.client.studio.gallery.vote(self.job, viewer_of(interaction))
        interaction.client.dispatch("vote", share)
        await _show_count(interaction, self.custom_id, share)
        say = language_of(interaction.locale)
        given, taken_back = say("Your vote counts; press again to take it back."), say("Your vote is taken back.")
        await interaction.followup.send(given if has_voted else taken_back, ephemeral=True)


class SaveButton(JobButton, action="save", emoji="🔖", label=lambda say: say("Save")):
    """Adds a share to what whoever presses it has saved, or removes it."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        is_saved = await interaction.client.studio.gallery.save(self.job, viewer_of(interaction))
        say = language_of(interaction.locale)
        saved = say("Saved: it is under “saved” in your /gallery.")
        removed = say("It is not among what you saved any more.")
        await interaction.edit_original_response(content=saved if is_saved else removed)


async def _show_count(interaction: Interaction, custom_id: str, share: Share) -> None:
    """Replace a button of the message by a Vote button; its language is the server's if all see it."""
    if (message := interaction.message) is not None:
        say = language_of(interaction.locale if message.flags.ephemeral else interaction.guild_locale)
        changes = {custom_id: VoteButton.with_count(share, say)}
        await interaction.edit_original_response(view=revise_rows(message, changes))


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(ShareButton, VoteButton, SaveButton)
