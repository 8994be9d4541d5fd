"""/queue: what is running and waiting, and a way to call off one's own, or for a moderator anybody's."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Self

import discord
import msgspec
from discord import app_commands
from discord.ext import commands

from cogs.context.failures import tells_errors
from cogs.context.places import may_see, place_of
from cogs.context.viewer import moderated_server
from cogs.i18n.language import Language, language_of
from cogs.renders.cancellation import call_off
from cogs.ui.headline import short_title
from cogs.ui.markdown import inert, shorten
from cogs.ui.menu import Menu
from cogs.ui.wording import format_remaining
from engine.protocol.messages import JobId
from studio.orders.admission import Allowance
from studio.rules.limits import format_duration
from studio.store import JobRecord
from studio.studio import QueueEntry

if TYPE_CHECKING:
    from cogs.client import Tappa

PER_PAGE = 8
"""Of so many lines, and what may stand under them, each fits a message however much of it has to be escaped."""

_NAME = 24
_WHAT = 50
_MOST_BUTTONS = 2
_MOST_OPTIONS = 25
"""Some of one's own jobs have a button each to call them off; more of them a menu, which takes less room on a phone."""

_LABEL = 80
_LAST_ROW = 4


class QueueCog(commands.Cog):
    """The command."""

    @app_commands.command(description="What is running and waiting here, and how long it will take; only you see it")
    async def queue(self, interaction: discord.Interaction[Tappa]) -> None:
        """Answer with the first page of the queue."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_queue(interaction, 0)


class DropButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"tappa:drop:(?P<job>[0-9a-f]{16})"
):
    """Calls off one of the member's own jobs, from the list that only they see."""

    def __init__(self, job: JobId, label: str) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"tappa:drop:{job}"))
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        say = language_of(interaction.locale)
        return cls(match["job"], say("Cancel"))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Call the job off and show the queue without it."""
        await interaction.response.defer()
        await call_off(interaction, self.job)
        await show_queue(interaction, 0)


class DropSelect(Menu, template=r"tappa:drops(:others)?"):
    """Calls off the job that is chosen, of the member's own or, in a menu for moderators, of the others'."""

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Call the job off and show the queue without it."""
        await interaction.response.defer()
        await call_off(interaction, self.item.values[0])
        await show_queue(interaction, 0)


class QueuePageButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=r"tappa:queue:(?P<way>back|stay|on):(?P<page>\d{1,6})",
):
    """Shows a page of the queue as it is now. The way is only there to tell the buttons apart."""

    def __init__(self, way: str, page: int, label: str) -> None:
        super().__init__(discord.ui.Button(label=label, custom_id=f"tappa:queue:{way}:{page}", row=_LAST_ROW))
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["way"], int(match["page"]), "·")

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Show the page; a queue that has become shorter shows its last one."""
        await interaction.response.defer()
        await show_queue(interaction, self.page)


async def show_queue(interaction: discord.Interaction[Tappa], number: int) -> None:
    """Let the answer to an acknowledged interaction show a page of the queue, counted from 0.

    That is the server's queue, or in a direct message the member's own; with their Cancel buttons and their quota. A
    moderator can call off all that is on the page.
    """
    say, where = language_of(interaction.locale), place_of(interaction)
    studio, member = interaction.client.studio, str(interaction.user.id)
    entries = studio.queue(where.server) if where.server else studio.queue(member=member)
    page = page_of(entries, studio.open_jobs - len(entries), number)
    own = [entry for entry in entries if entry.record.member.id == member]

    def visible(record: JobRecord) -> bool:
        return may_see(interaction, record.answer.channel)

    lines = [queue_text(page, member, say, visible)]
    if (allowance := await studio.admission.allowance(member, where)) is not None:
        lines.append(_allowance_line(allowance, say))
    view = _view(own, page, say)
    others = [entry for entry in page.entries if entry.record.member.id != member and visible(entry.record)]
    if others and moderated_server(interaction) is not None:
        view.add_item(_others_menu(others, say))
    await interaction.edit_original_response(content="\n".join(lines), view=view)


class QueuePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the queue.

    Attributes:
        entries: the jobs on it, in order.
        number, last: which page it is, counted from 0, and which is the last.
        elsewhere: how many jobs there are in other places, which is all that is said about them.
    """

    entries: Sequence[QueueEntry]
    number: int
    last: int
    elsewhere: int


def page_of(entries: Sequence[QueueEntry], elsewhere: int, number: int) -> QueuePage:
    """Return a page; past the last page is the last one."""
    last = max(0, len(entries) - 1) // PER_PAGE
    number = min(number, last)
    here = entries[number * PER_PAGE : (number + 1) * PER_PAGE]
    return QueuePage(entries=here, number=number, last=last, elsewhere=elsewhere)


def queue_text(page: QueuePage, member: str, say: Language, may_know: Callable[[JobRecord], bool]) -> str:
    """Write a page in at most 1800 characters, a quota being said under it.

    Args:
        page: what to write.
        member: id of who reads it; their own jobs are marked.
        say: their language.
        may_know: whether they may know of somebody else's job more than that it is in the line.
    """
    lines = []
    for entry in page.entries:
        own = entry.record.member.id == member
        lines.append(_line(entry, say, own=own) if own or may_know(entry.record) else _veiled(entry, say))
    lines = lines or [say("Nothing is running or waiting here.")]
    if page.elsewhere:
        lines.append(_elsewhere(page.elsewhere, say))
    if page.last:
        lines.append(f"-# {say('Page {page} of {pages}', page=page.number + 1, pages=page.last + 1)}")
    return "\n".join(lines)


def _line(entry: QueueEntry, say: Language, *, own: bool) -> str:
    whose = say("yours") if own else inert(shorten(entry.record.member.name, _NAME))
    what = inert(shorten(short_title(entry.record.recipe, say), _WHAT))
    return f"{_place(entry)} **{what}** · {whose} · {format_remaining(entry.standing, say)}"


def _veiled(entry: QueueEntry, say: Language) -> str:
    return f"{_place(entry)} {say('an animation in another channel')} · {format_remaining(entry.standing, say)}"


def _place(entry: QueueEntry) -> str:
    standing = entry.standing
    if entry.record.state == "running" or (standing is not None and standing.position == 0):
        return "▶"
    return inert(f"{standing.position}.") if standing else inert("·")


def _elsewhere(count: int, say: Language) -> str:
    return say.plural(
        "-# {count} animation from elsewhere is in the same line.",
        "-# {count} animations from elsewhere are in the same line.",
        count,
    )


def _allowance_line(allowance: Allowance, say: Language) -> str:
    line = say(
        "Your quota: {left} of {quota} of the engine's time are left; what was spent comes back after 24 hours.",
        left=format_duration(allowance.left),
        quota=format_duration(allowance.quota),
    )
    return f"-# {line}"


def _others_menu(others: Sequence[QueueEntry], say: Language) -> DropSelect:
    """Return what a moderator finds below the page of a server: the others' jobs on it, which never are too many."""
    options = [
        discord.SelectOption(
            label=f"{shorten(entry.record.member.name, _NAME)}: {short_title(entry.record.recipe, say)}",
            value=entry.record.id,
        )
        for entry in others
    ]
    placeholder = say("As a moderator: cancel another's…")
    return DropSelect(discord.ui.Select(options=options, placeholder=placeholder, custom_id="tappa:drops:others"))


def _view(own: Sequence[QueueEntry], page: QueuePage, say: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if len(own) <= _MOST_BUTTONS:
        for entry in own:
            label = say("Cancel {title}", title=short_title(entry.record.recipe, say))
            view.add_item(DropButton(entry.record.id, shorten(label, _LABEL)))
    else:
        options = [
            discord.SelectOption(label=short_title(entry.record.recipe, say), value=entry.record.id)
            for entry in own[:_MOST_OPTIONS]
        ]
        select: discord.ui.Select[discord.ui.View] = discord.ui.Select(
            options=options, placeholder=say("Cancel one of yours…"), custom_id="tappa:drops"
        )
        view.add_item(DropSelect(select))
    if page.number > 0:
        view.add_item(QueuePageButton("back", page.number - 1, say("Back")))
    view.add_item(QueuePageButton("stay", page.number, say("Refresh")))
    if page.number < page.last:
        view.add_item(QueuePageButton("on", page.number + 1, say("More")))
    return view


async def setup(bot: Tappa) -> None:
    """Add the command to the bot."""
    bot.add_dynamic_items(DropButton, DropSelect, QueuePageButton)
    await bot.add_cog(QueueCog())
