"""Taking a member's work away, after having asked."""

from __future__ import annotations

import re
from typing import Self

import discord

from cogs.admin.admin_reply import finish_action
from cogs.client import Tappa
from cogs.context.authority import authority_of
from cogs.context.failures import tells_errors
from cogs.i18n.language import language_of
from cogs.ui.markdown import inert, shorten
from engine.sentence import Sentence

_NAME = 40


async def ask_to_purge(interaction: discord.Interaction[Tappa], member: discord.User) -> None:
    """Ask whether all that a member has here is to go; nothing is removed before the answer."""
    say = language_of(interaction.locale)
    view = discord.ui.View(timeout=None)
    view.add_item(PurgeButton(str(member.id), shorten(member.display_name, _NAME), say("Remove everything")))
    question = say(
        "Cancel all animations of {member} and delete everything they shared here? It cannot be brought back.",
        member=inert(member.display_name),
    )
    await interaction.response.send_message(question, view=view, ephemeral=True)


class PurgeButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"tappa:purge:(?P<member>\d{1,20}):(?P<name>.{0,40})",
):
    """Removes what a member has on the server where it is pressed. The name is for the log only."""

    def __init__(self, member: str, name: str, label: str) -> None:
        custom_id = f"tappa:purge:{member}:{name}"
        super().__init__(discord.ui.Button(label=label, style=discord.ButtonStyle.danger, custom_id=custom_id))
        self.member = member
        self.name = name

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["member"], match["name"], "")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Remove it all, if whoever presses is still one who may."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        authority = authority_of(interaction)
        purged = await interaction.client.studio.administration.purge(authority.server, self.member)
        action = Sentence(
            "Purged {member} ({id}): {jobs} cancelled, {shares} taken out of the gallery.",
            {
                "member": self.name,
                "id": self.member,
                "jobs": Sentence("{count} animation", {"count": purged.jobs}, "{count} animations"),
                "shares": Sentence("{count} animation", {"count": purged.shares}, "{count} animations"),
            },
        )
        await finish_action(interaction, authority, [action])
