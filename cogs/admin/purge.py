"""Removing everything of a member's, after a confirmation."""

from __future__ import annotations

import discord

from cogs.admin.admin_reply import begin_action, finish_action
from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.i18n.language import language_of
from cogs.ui.button_rows import make_view
from cogs.ui.markdown import inert, shorten
from cogs.ui.persistent import PersistentButton
from engine.sentence import Sentence

_NAME = 40


async def ask_to_purge(interaction: Interaction, member: discord.User) -> None:
    say = language_of(interaction.locale)
    question = say(
        "Cancel all animations of {member} and delete everything they shared here? It cannot be brought back.",
        member=inert(member.display_name),
    )
    custom_id = f"tappa:purge:{member.id}:{shorten(member.display_name, _NAME)}"
    button = PurgeButton.make(label=say("Remove everything"), style=discord.ButtonStyle.danger, custom_id=custom_id)
    await interaction.response.send_message(question, view=make_view(button), ephemeral=True)


class PurgeButton(PersistentButton, template=r"tappa:purge:(?P<member>\d{1,20}):(?P<name>.{0,40})"):
    """Removes everything of a member's on the server where it is pressed; the name is for the log."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        authority = await begin_action(interaction)
        purged = await interaction.client.studio.administration.purge(authority.server, self.fields["member"])
        jobs, shares = (
            Sentence("{count} animation", {"count": count}, "{count} animations")
            for count in (purged.jobs, purged.shares)
        )
        action = Sentence(
            "Purged {member} ({id}): {jobs} cancelled, {shares} taken out of the gallery.",
            {"member": self.fields["name"], "id": self.fields["member"], "jobs": jobs, "shares": shares},
        )
        await finish_action(interaction, authority, [action])


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(PurgeButton)
