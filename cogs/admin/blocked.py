"""Who is blocked on a server, and a menu to let them in again: one cannot always pick somebody who has left."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Self

import discord
import msgspec

from cogs.admin.admin_reply import finish_action
from cogs.client import Tappa
from cogs.context.authority import Authority, authority_of, require_operator
from cogs.context.failures import tells_errors
from cogs.i18n.language import Language, language_of
from cogs.ui.markdown import inert, shorten
from engine.sentence import Sentence
from studio.store import Member
from studio.store.members import BlockedMember

PER_PAGE = 20
_NAME = 60
_WHICH = r"(?P<where>here|everywhere):(?P<page>\d{1,6})"


class BlockedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of those who are blocked on a server, or on all of them."""

    everywhere: bool = False
    page: int = 0

    def __str__(self) -> str:
        """Return it as it stands in a button's id."""
        return f"{'everywhere' if self.everywhere else 'here'}:{self.page}"

    @classmethod
    def of(cls, match: re.Match[str]) -> BlockedPage:
        """Read it from a button's id."""
        return cls(everywhere=match["where"] == "everywhere", page=int(match["page"]))

    def authority(self, interaction: discord.Interaction[Tappa]) -> Authority:
        """Return what somebody may do about it.

        Raises:
            LimitError: nothing.
        """
        return require_operator(interaction) if self.everywhere else authority_of(interaction)

    def server(self, authority: Authority) -> str | None:
        """Return the server's id, None for all."""
        return None if self.everywhere else authority.server


class BlockedPageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:blocked:{_WHICH}"
):
    """Turns to another page of the list."""

    def __init__(self, which: BlockedPage, label: str) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"tappa:blocked:{which}"))
        self.which = which

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(BlockedPage.of(match), "·")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Show the page, if whoever presses is still one who may."""
        await interaction.response.defer()
        await show_blocked(interaction, self.which)


class UnblockSelect(discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template=rf"tappa:unblock:{_WHICH}"):
    """Lets the member in again who is chosen."""

    def __init__(self, select: discord.ui.Select[discord.ui.View], which: BlockedPage) -> None:
        super().__init__(select)
        self.which = which

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the select again from what Discord kept of it."""
        assert isinstance(item, discord.ui.Select)  # its id is only ever given to one
        return cls(item, BlockedPage.of(match))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Unblock them, show the list without them, and write it down."""
        await interaction.response.defer()
        authority = self.which.authority(interaction)
        administration, server = interaction.client.studio.administration, self.which.server(authority)
        chosen = self.item.values[0]
        names = {one.member: one.name for one in await administration.blocked(server)}
        await administration.unblock(server, chosen)
        await show_blocked(interaction, self.which)
        if chosen in names:  # else somebody else was faster
            who = Member(id=chosen, name=names[chosen] or chosen)
            await finish_action(interaction, authority, [unblocked_action(who, everywhere=self.which.everywhere)])


def blocked_action(who: Member, *, everywhere: bool) -> Sentence:
    """Return what the log says of a member who was blocked."""
    values: dict[str, str | int | float | Sentence] = {"member": who.name, "id": who.id}
    if everywhere:
        return Sentence("Blocked {member} ({id}) on every server.", values)
    return Sentence("Blocked {member} ({id}).", values)


def unblocked_action(who: Member, *, everywhere: bool) -> Sentence:
    """Return what the log says of a member who was unblocked."""
    values: dict[str, str | int | float | Sentence] = {"member": who.name, "id": who.id}
    if everywhere:
        return Sentence("Unblocked {member} ({id}) on every server.", values)
    return Sentence("Unblocked {member} ({id}).", values)


async def show_blocked(interaction: discord.Interaction[Tappa], which: BlockedPage) -> None:
    """Let the answer to an acknowledged interaction show a page of the list; past the last page is the last one.

    Raises:
        LimitError: whoever asks may not see it.
    """
    say, authority = language_of(interaction.locale), which.authority(interaction)
    everybody = await interaction.client.studio.administration.blocked(which.server(authority))
    if not everybody:
        nobody = (
            say("Nobody is blocked on every server.") if which.everywhere else say("Nobody is blocked on this server.")
        )
        await interaction.edit_original_response(content=nobody, view=None)
        return
    last = (len(everybody) - 1) // PER_PAGE
    which = msgspec.structs.replace(which, page=min(which.page, last))
    shown = everybody[which.page * PER_PAGE : (which.page + 1) * PER_PAGE]
    lines = [_line(one, say) for one in shown]
    if last:
        lines.append(f"-# {say('Page {page} of {pages}', page=which.page + 1, pages=last + 1)}")
    await interaction.edit_original_response(content="\n".join(lines), view=_view(shown, which, last, say))


def _line(one: BlockedMember, say: Language) -> str:
    since = say("since {when}", when=f"<t:{int(one.since)}:d>")
    return (
        f"<@{one.member}> · {inert(shorten(one.name, _NAME))} · {since}" if one.name else f"<@{one.member}> · {since}"
    )


def _view(here: Sequence[BlockedMember], which: BlockedPage, last: int, say: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    options = [discord.SelectOption(label=shorten(one.name, _NAME) or one.member, value=one.member) for one in here]
    select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
        options=options, placeholder=say("Unblock…"), custom_id=f"tappa:unblock:{which}"
    )
    view.add_item(UnblockSelect(select, which))
    if which.page > 0:
        view.add_item(BlockedPageButton(msgspec.structs.replace(which, page=which.page - 1), say("Back")))
    if which.page < last:
        view.add_item(BlockedPageButton(msgspec.structs.replace(which, page=which.page + 1), say("More")))
    return view
