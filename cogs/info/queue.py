"""/queue: what is running and waiting, and ways to cancel one's own jobs, or for a moderator anybody's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import discord
from discord import app_commands
from discord.ext import commands

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.places import may_see, place_of
from cogs.context.viewer import moderated_server
from cogs.i18n.language import Language, language_of
from cogs.renders.cancellation import cancel_job
from cogs.ui.button_rows import Item, make_view
from cogs.ui.headline import short_title
from cogs.ui.markdown import inert, shorten
from cogs.ui.paging import EntryPage, cut_page
from cogs.ui.persistent import JOB, PersistentButton, PersistentSelect
from cogs.ui.wording import format_remaining
from engine.protocol.messages import JobId
from studio.orders.admission import Allowance
from studio.rules.limits import format_duration
from studio.store import JobRecord
from studio.studio import QueueEntry

PER_PAGE = 8
"""Lines that fit a message, with what may stand under them, however much of them has to be escaped."""

_NAME = 24
_WHAT = 50
_MOST_BUTTONS = 2
"""Number of one's own jobs that have a Cancel button each; more share a menu, which is smaller on a phone."""

_MOST_OPTIONS = 25

_LABEL = 80
_LAST_ROW = 4


class QueueCog(commands.Cog):
    @app_commands.command(description="What is running and waiting here, and how long it will take; only you see it")
    async def queue(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await show_queue(interaction, 0)


class DropButton(PersistentButton, template=rf"tappa:drop:{JOB}"):
    """Cancels one of the member's own jobs, from the list that only they see."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await _drop(interaction, self.job)


class DropSelect(PersistentSelect, template=r"tappa:drops(:others)?"):
    """Cancels the chosen job: the member's own or, in the menu for moderators, somebody else's."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await _drop(interaction, self.chosen)


class QueuePageButton(PersistentButton, template=r"tappa:queue:(?P<way>back|stay|on):(?P<page>\d{1,6})"):
    """Shows a page of the queue as it is now; the way only keeps the custom_ids apart."""

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await show_queue(interaction, int(self.fields["page"]))


async def _drop(interaction: Interaction, job: JobId) -> None:
    await interaction.response.defer()
    await cancel_job(interaction, job)
    await show_queue(interaction, 0)


async def show_queue(interaction: Interaction, number: int) -> None:
    """Show a page of the queue, counted from 0, or the last one, as the answer to an acknowledged interaction.

    It is the server's queue or, in a direct message, the member's own, with their quota and what cancels their jobs. A
    moderator can cancel everything on the page.
    """
    say, where = language_of(interaction.locale), place_of(interaction)
    studio, member = interaction.client.studio, str(interaction.user.id)
    entries = studio.queue(where.server) if where.server else studio.queue(member=member)
    page = cut_page(entries, number, PER_PAGE)
    own = [entry for entry in entries if entry.record.member.id == member]

    def is_visible(record: JobRecord) -> bool:
        return may_see(interaction, record.answer.channel)

    lines = [queue_text(page, studio.open_jobs - len(entries), member, say, is_visible)]
    if (allowance := await studio.admission.allowance(member, where)) is not None:
        lines.append(_allowance_line(allowance, say))
    items = [*_own_items(own, say), *_page_buttons(page, say)]
    others = [entry for entry in page.entries if entry.record.member.id != member and is_visible(entry.record)]
    if others and moderated_server(interaction) is not None:
        items.append(_others_menu(others, say))
    await interaction.edit_original_response(content="\n".join(lines), view=make_view(*items))


def queue_text(
    page: EntryPage[QueueEntry], elsewhere: int, member: str, say: Language, is_visible: Callable[[JobRecord], bool]
) -> str:
    """Return a page as text of at most 1800 characters, for `member` to read.

    `elsewhere` is the number of jobs on other servers. Of a job that is not visible to them it says only that it is
    queued.
    """
    lines = []
    for entry in page.entries:
        own = entry.record.member.id == member
        lines.append(_line(entry, say, own=own) if own or is_visible(entry.record) else _anonymous_line(entry, say))
    lines = lines or [say("Nothing is running or waiting here.")]
    if elsewhere:
        lines.append(
            say.plural(
                "-# {count} animation from elsewhere is in the same line.",
                "-# {count} animations from elsewhere are in the same line.",
                elsewhere,
            )
        )
    return "\n".join([*lines, *page.footer(say)])


def _line(entry: QueueEntry, say: Language, *, own: bool) -> str:
    whose = say("yours") if own else inert(shorten(entry.record.member.name, _NAME))
    what = inert(shorten(short_title(entry.record.recipe, say), _WHAT))
    return f"{_position_mark(entry)} **{what}** · {whose} · {format_remaining(entry.standing, say)}"


def _anonymous_line(entry: QueueEntry, say: Language) -> str:
    return f"{_position_mark(entry)} {say('an animation in another channel')} · {format_remaining(entry.standing, say)}"


def _position_mark(entry: QueueEntry) -> str:
    standing = entry.standing
    if entry.record.state == "running" or (standing is not None and standing.position == 0):
        return "▶"
    return inert(f"{standing.position}.") if standing else inert("·")


def _allowance_line(allowance: Allowance, say: Language) -> str:
    line = say(
        "Your quota: {left} of {quota} of the engine's time are left; what was spent comes back after 24 hours.",
        left=format_duration(allowance.left),
        quota=format_duration(allowance.quota),
    )
    return f"-# {line}"


def _others_menu(others: Sequence[QueueEntry], say: Language) -> DropSelect:
    """Return the menu by which a moderator cancels the others' jobs on a page."""
    records = [entry.record for entry in others]
    labels = [f"{shorten(record.member.name, _NAME)}: {short_title(record.recipe, say)}" for record in records]
    options = [
        discord.SelectOption(label=label, value=record.id) for label, record in zip(labels, records, strict=True)
    ]
    placeholder = say("As a moderator: cancel another's…")
    return DropSelect.make(options=options, placeholder=placeholder, custom_id="tappa:drops:others")


def _own_items(own: Sequence[QueueEntry], say: Language) -> list[Item]:
    titles = {entry.record.id: short_title(entry.record.recipe, say) for entry in own[:_MOST_OPTIONS]}
    if len(own) > _MOST_BUTTONS:
        options = [discord.SelectOption(label=title, value=job) for job, title in titles.items()]
        return [DropSelect.make(options=options, placeholder=say("Cancel one of yours…"), custom_id="tappa:drops")]
    labels = {job: shorten(say("Cancel {title}", title=title), _LABEL) for job, title in titles.items()}
    return [DropButton.make(label=label, custom_id=f"tappa:drop:{job}") for job, label in labels.items()]


def _page_buttons(page: EntryPage[QueueEntry], say: Language) -> Sequence[Item]:
    def make(label: str, number: int) -> QueuePageButton:
        way = {page.number - 1: "back", page.number: "stay"}.get(number, "on")
        return QueuePageButton.make(label=label, custom_id=f"tappa:queue:{way}:{number}", row=_LAST_ROW)

    return page.buttons(make, say, between=[make(say("Refresh"), page.number)])


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(DropButton, DropSelect, QueuePageButton)
    await bot.add_cog(QueueCog())
