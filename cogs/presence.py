"""What stands under the bot's name: the loaded model, and how many jobs wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord.ext import commands, tasks

from cogs.wording import counted
from engine.studio import Studio

if TYPE_CHECKING:
    from bot import Tappa

EVERY_SECONDS = 15
"""Discord takes five changes of presence in twenty seconds; one is plenty."""


class PresenceCog(commands.Cog):
    """Keeps the presence true."""

    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._shown = ""

    async def cog_load(self) -> None:
        """Begin."""
        self.refresh.start()

    async def cog_unload(self) -> None:
        """End."""
        self.refresh.cancel()

    @tasks.loop(seconds=EVERY_SECONDS)
    async def refresh(self) -> None:
        """Change the presence if there is something new to say."""
        status = status_text(self._bot.studio)
        if status != self._shown:
            await self._bot.change_presence(activity=discord.CustomActivity(status))
            self._shown = status

    @refresh.before_loop
    async def _wait(self) -> None:
        await self._bot.wait_until_ready()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Say it again after a new session: Discord has forgotten it."""
        self._shown = ""


def status_text(studio: Studio) -> str:
    """Return the line: "tappa-embedded-1 · 2 animations waiting"."""
    if studio.ready is None:
        return "loading the model"
    return studio.ready.model + (f" · {counted(studio.waiting, 'animation')} waiting" if studio.waiting else "")


async def setup(bot: Tappa) -> None:
    """Add it to the bot."""
    await bot.add_cog(PresenceCog(bot))
