"""Deleting a share: by its maker, or by a moderator, which is logged."""

from __future__ import annotations

from typing import Self

import discord

from cogs.client import Interaction, Tappa
from cogs.context.audit import log_actions
from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.renders.lineage import link_to
from cogs.ui.button_rows import revise_rows
from cogs.ui.headline import short_title
from cogs.ui.persistent import JOB, PersistentButton
from engine.protocol.messages import JobId
from engine.sentence import Sentence
from studio.gallery.gallery import Viewer
from studio.store import Share


class DeleteShareButton(PersistentButton, template=rf"tappa:(?P<verb>withdraw|withdrawn|kept):{JOB}"):
    """Deletes a share from a note that only one member sees: "withdraw" asks, the other two answer."""

    @classmethod
    def of(cls, verb: str, job: JobId, say: Language) -> Self:
        labels = {"withdraw": say("Delete"), "withdrawn": say("Delete it for good"), "kept": say("Keep it")}
        style = discord.ButtonStyle.secondary if verb == "kept" else discord.ButtonStyle.danger
        return cls.make(label=labels[verb], style=style, custom_id=f"tappa:{verb}:{job}")

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        say, message = language_of(interaction.locale), interaction.message
        verb, job = self.fields["verb"], self.job
        if verb == "withdrawn":
            text = await delete_share(interaction, job)
            await interaction.edit_original_response(content=text, view=None)
        elif message is not None:
            next_verbs = ("withdrawn", "kept") if verb == "withdraw" else ("withdraw",)
            removed = {f"tappa:{old}:{job}": None for old in ("withdraw", "withdrawn", "kept")}
            added = (DeleteShareButton.of(new, job, say) for new in next_verbs)
            await interaction.edit_original_response(view=revise_rows(message, removed, *added))


def may_delete(share: Share, viewer: Viewer) -> bool:
    """Whether somebody is offered to delete a share; the gallery checks again when they do."""
    return viewer.is_moderator or viewer.member.id == share.member.id


async def delete_share(interaction: Interaction, job: JobId) -> str:
    """Delete a share for whoever used an acknowledged interaction, if they may, and return what to tell them."""
    bot, viewer, say = interaction.client, viewer_of(interaction), language_of(interaction.locale)
    share = await bot.studio.gallery.delete(job, viewer)
    if viewer.member.id != share.member.id:
        title, maker = short_title(share.recipe, language_of(interaction.guild_locale)), share.member
        action = Sentence(
            "Deleted “{title}” of {maker} ({id}) from the gallery.",
            {"title": title, "maker": maker.name, "id": maker.id},
        )
        await log_actions(bot, viewer.member, [action], share.server)
    text = say("It is out of the gallery, with its votes and its file.")
    if (link := link_to(share)) is not None:
        text = f"{text}\n-# {say('[The message where it was posted]({link}) is left as it is.', link=link)}"
    return text


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(DeleteShareButton)
