"""Who is blocked on a server, and a menu to unblock them: Discord does not offer those who have left the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
import msgspec

from cogs.admin.admin_reply import finish_action
from cogs.client import Interaction, Tappa
from cogs.context.authority import authority_of
from cogs.context.failures import tells_errors
from cogs.i18n.language import Language, language_of
from cogs.ui.button_rows import make_view
from cogs.ui.markdown import inert, shorten
from cogs.ui.paging import EntryPage, cut_page
from cogs.ui.persistent import PersistentButton, PersistentSelect
from engine.sentence import Sentence
from studio.store import Member
from studio.store.members import BlockedMember

PER_PAGE = 20
_NAME = 60
_WHICH = r"(?P<where>here|everywhere):(?P<page>\d{1,6})"


class BlockedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the members who are blocked on a server, or everywhere."""

    everywhere: bool = False
    page: int = 0

    def __str__(self) -> str:
        return f"{'everywhere' if self.everywhere else 'here'}:{self.page}"

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> BlockedPage:
        """Return the page that a custom_id names; `fields` are the groups of its template."""
        return cls(everywhere=fields["where"] == "everywhere", page=int(fields["page"]))


class BlockedPageButton(PersistentButton, template=rf"tappa:blocked:{_WHICH}"):
    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await show_blocked(interaction, BlockedPage.parse(self.fields))


class UnblockSelect(PersistentSelect, template=rf"tappa:unblock:{_WHICH}"):
    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        which = BlockedPage.parse(self.fields)
        authority = authority_of(interaction, everywhere=which.everywhere)
        administration = interaction.client.studio.administration
        names = {blocked.member: blocked.name for blocked in await administration.blocked(authority.target)}
        await administration.unblock(authority.target, self.chosen)
        await show_blocked(interaction, which)
        if self.chosen in names:  # else somebody else was faster
            who = Member(id=self.chosen, name=names[self.chosen] or self.chosen)
            await finish_action(interaction, authority, [unblocked_action(who, everywhere=which.everywhere)])


def blocked_action(who: Member, *, everywhere: bool) -> Sentence:
    values: dict[str, Any] = {"member": who.name, "id": who.id}
    if everywhere:
        return Sentence("Blocked {member} ({id}) on every server.", values)
    return Sentence("Blocked {member} ({id}).", values)


def unblocked_action(who: Member, *, everywhere: bool) -> Sentence:
    values: dict[str, Any] = {"member": who.name, "id": who.id}
    if everywhere:
        return Sentence("Unblocked {member} ({id}) on every server.", values)
    return Sentence("Unblocked {member} ({id}).", values)


async def show_blocked(interaction: Interaction, which: BlockedPage) -> None:
    """Show a page of the list, or the last one, as the answer to an acknowledged interaction."""
    say, authority = language_of(interaction.locale), authority_of(interaction, everywhere=which.everywhere)
    everybody = await interaction.client.studio.administration.blocked(authority.target)
    if not everybody:
        everywhere, here = say("Nobody is blocked on every server."), say("Nobody is blocked on this server.")
        await interaction.edit_original_response(content=everywhere if which.everywhere else here, view=None)
        return
    page = cut_page(everybody, which.page, PER_PAGE)
    content = "\n".join([*(_line(blocked, say) for blocked in page.entries), *page.footer(say)])
    await interaction.edit_original_response(content=content, view=_view(page, which, say))


def _line(blocked: BlockedMember, say: Language) -> str:
    name = [inert(shorten(blocked.name, _NAME))] if blocked.name else []
    return " · ".join([f"<@{blocked.member}>", *name, say("since {when}", when=f"<t:{int(blocked.since)}:d>")])


def _view(page: EntryPage[BlockedMember], which: BlockedPage, say: Language) -> discord.ui.View:
    def make(label: str, number: int) -> BlockedPageButton:
        other = msgspec.structs.replace(which, page=number)
        return BlockedPageButton.make(label=label, custom_id=f"tappa:blocked:{other}")

    options = [
        discord.SelectOption(label=shorten(blocked.name, _NAME) or blocked.member, value=blocked.member)
        for blocked in page.entries
    ]
    custom_id = f"tappa:unblock:{msgspec.structs.replace(which, page=page.number)}"
    select = UnblockSelect.make(options=options, placeholder=say("Unblock…"), custom_id=custom_id)
    return make_view(select, *page.buttons(make, say))


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(BlockedPageButton, UnblockSelect)
