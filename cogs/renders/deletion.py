"""Taking a share back: by its maker, or by a moderator, which is written down."""

from __future__ import annotations

import re
from typing import Literal, Self

import discord

from cogs.client import Tappa
from cogs.context.audit import log_actions
from cogs.context.authority import Authority
from cogs.context.failures import tells_errors
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.renders.lineage import link_to
from cogs.ui.button_rows import revise_rows
from cogs.ui.headline import short_title
from engine.protocol.messages import JobId
from engine.sentence import Sentence
from studio.gallery.gallery import Viewer
from studio.store import Share

Verb = Literal["withdraw", "withdrawn", "kept"]


class WithdrawButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"tappa:(?P<verb>withdraw|withdrawn|kept):(?P<job>[0-9a-f]{16})",
):
    """Takes a share back from a note that only one member sees: "withdraw" asks, and two others answer."""

    def __init__(self, verb: Verb, job: JobId, say: Language) -> None:
        labels = {"withdraw": say("Delete"), "withdrawn": say("Delete it for good"), "kept": say("Keep it")}
        style = discord.ButtonStyle.secondary if verb == "kept" else discord.ButtonStyle.danger
        super().__init__(discord.ui.Button(label=labels[verb], style=style, custom_id=f"tappa:{verb}:{job}"))
        self.verb, self.job = verb, job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        verb: Verb = match["verb"]  # type: ignore[assignment]  # the template knows no others
        return cls(verb, match["job"], language_of(interaction.locale))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Ask, delete, or let be."""
        await interaction.response.defer()
        say, message = language_of(interaction.locale), interaction.message
        if self.verb == "withdrawn":
            told = await delete(interaction, self.job)
            await interaction.edit_original_response(content=told, view=None)
        elif message is not None:
            asked: tuple[Verb, ...] = ("withdrawn", "kept") if self.verb == "withdraw" else ("withdraw",)
            view = revise_rows(
                message, {f"tappa:{verb}:{self.job}": None for verb in ("withdraw", "withdrawn", "kept")}
            )
            for verb in asked:
                view.add_item(WithdrawButton(verb, self.job, say))
            await interaction.edit_original_response(view=view)


def may_delete(share: Share, viewer: Viewer) -> bool:
    """Return whether somebody is offered to take a share back; whether they may is asked again when they do."""
    return viewer.is_moderator or viewer.member.id == share.member.id


async def delete(interaction: discord.Interaction[Tappa], job: JobId) -> str:
    """Take a share back for whoever used an acknowledged interaction, and return what to tell them.

    Raises:
        LimitError: it is not in the gallery of that server, or not theirs to delete.
    """
    bot, viewer, say = interaction.client, viewer_of(interaction), language_of(interaction.locale)
    share = await bot.studio.gallery.delete(job, viewer)
    if viewer.member.id != share.member.id:
        moderator = Authority(member=viewer.member.id, name=viewer.member.name, server=share.server, is_operator=False)
        values: dict[str, str | int | float | Sentence] = {
            "title": short_title(share.recipe, language_of(interaction.guild_locale)),
            "maker": share.member.name,
            "id": share.member.id,
        }
        action = Sentence("Deleted “{title}” of {maker} ({id}) from the gallery.", values)
        await log_actions(bot, bot.config, moderator, [action], share.server)
    told = say("It is out of the gallery, with its votes and its file.")
    if (link := link_to(share)) is not None:
        told = f"{told}\n-# {say('[The message where it was posted]({link}) is left as it is.', link=link)}"
    return told
