"""/queue: what is running and waiting, and a way to call off one's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import discord
from discord import app_commands
from discord.ext import commands

from cogs.drafts import MAX_CONTENT
from cogs.failures import guarded
from cogs.progress import remaining
from cogs.text import inert, shorten
from cogs.wording import counted
from engine.messages import JobId
from engine.recipe import Giro, Morph, Recipe, Zoom
from engine.studio import QueueEntry

if TYPE_CHECKING:
    from bot import Tappa

_MOST_BUTTONS = 25
_TITLE = 60
_LABEL = 80


class QueueCog(commands.Cog):
    """The command."""

    @app_commands.command(description="What is running and waiting here, and how long it will take; only you see it")
    async def queue(self, interaction: discord.Interaction[Tappa]) -> None:
        """Answer with the queue; everything it says is in memory, so there is nothing to wait for."""
        content, view = queue_note(interaction)
        await interaction.response.send_message(content, view=view or discord.utils.MISSING, ephemeral=True)


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
        return cls(match["job"], "Cancel")

    @guarded
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Call the job off and show the queue without it."""
        await interaction.response.defer()
        await interaction.client.studio.cancel(self.job, by=str(interaction.user.id))
        content, view = queue_note(interaction)
        await interaction.edit_original_response(content=content, view=view)


def queue_note(interaction: discord.Interaction[Tappa]) -> tuple[str, discord.ui.View | None]:
    """Return what the member reads: the server's queue, or in a direct message their own; and their Cancel buttons."""
    studio, member = interaction.client.studio, str(interaction.user.id)
    server = str(interaction.guild_id) if interaction.guild_id else None
    entries = studio.queue(server) if server else studio.queue(member=member)
    elsewhere = studio.open_jobs - len(entries)
    return queue_text(entries, elsewhere, member), _view(
        [entry for entry in entries if entry.record.member.id == member]
    )


def queue_text(entries: Sequence[QueueEntry], elsewhere: int, member: str) -> str:
    """Write the queue in at most 2000 characters.

    Args:
        entries: the jobs to list, in order.
        elsewhere: how many more there are on other servers, which is all that is said about them.
        member: id of the one who reads; their own jobs are marked.
    """
    if not entries:
        return "Nothing is running or waiting here." + (f" {_elsewhere(elsewhere)}" if elsewhere else "")
    lines: list[str] = []
    tail = [_elsewhere(elsewhere)] if elsewhere else []
    for number, entry in enumerate(entries):
        line = _line(entry, own=entry.record.member.id == member)
        rest = f"and {counted(len(entries) - number, 'more animation')}"
        if len("\n".join([*lines, line, rest, *tail])) > MAX_CONTENT:
            lines.append(rest)
            break
        lines.append(line)
    return "\n".join([*lines, *tail])


def _line(entry: QueueEntry, *, own: bool) -> str:
    record, standing = entry.record, entry.standing
    whose = "yours" if own else inert(shorten(record.member.name, 40))
    what = inert(short_title(record.recipe))
    if record.state == "running" or (standing is not None and standing.position == 0):
        return f"▶ **{what}** · {whose} · {remaining(standing)}"
    place = f"{standing.position}." if standing else "·"
    return f"{inert(place)} **{what}** · {whose} · {remaining(standing)}"


def _elsewhere(count: int) -> str:
    return f"-# {counted(count, 'animation')} of other servers {'is' if count == 1 else 'are'} in the same line."


def _view(own: Sequence[QueueEntry]) -> discord.ui.View | None:
    if not own:
        return None
    view = discord.ui.View(timeout=None)
    for entry in own[:_MOST_BUTTONS]:
        view.add_item(DropButton(entry.record.id, shorten(f"Cancel {short_title(entry.record.recipe)}", _LABEL)))
    return view


def short_title(recipe: Recipe) -> str:
    """Return a few plain words by which to tell a job from another."""
    match recipe:
        case Giro(stages=stages):
            title = f"giro: {stages[0].prompt}"
        case Morph(source=source, target=target):
            title = f"morph: {source} → {target}"
        case Zoom(prompt=prompt):
            title = f"zoom: {prompt}"
    return shorten(title, _TITLE)


async def setup(bot: Tappa) -> None:
    """Add the command to the bot."""
    bot.add_dynamic_items(DropButton)
    await bot.add_cog(QueueCog())
