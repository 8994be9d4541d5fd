"""The bot's presence: the loaded model and the number of waiting jobs."""

from __future__ import annotations

from collections import Counter

import discord
from discord.ext import commands, tasks

from cogs.client import Tappa
from cogs.i18n.language import SOURCE, Language, language_of
from studio.studio import Studio

EVERY_SECONDS = 15
"""Discord takes five changes of presence in 20 seconds."""


class PresenceCog(commands.Cog):
    def __init__(self, bot: Tappa) -> None:
        self._bot = bot
        self._last_status = ""

    async def cog_unload(self) -> None:
        self.refresh.cancel()

    @tasks.loop(seconds=EVERY_SECONDS)
    async def refresh(self) -> None:
        status = status_text(self._bot.studio, self._language())
        if status != self._last_status:
            await self._bot.change_presence(activity=discord.CustomActivity(status))
            self._last_status = status

    def _language(self) -> Language:
        """Return the language of most servers: they all see the same presence."""
        spoken = Counter(language_of(guild.preferred_locale).tag for guild in self._bot.guilds)
        return language_of(spoken.most_common(1)[0][0] if spoken else SOURCE)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        self._last_status = ""  # Discord forgets the presence with each session
        if not self.refresh.is_running():
            self.refresh.start()


def status_text(studio: Studio, say: Language) -> str:
    """Return the line: "tappa-embedded-1 · paused · 2 animations waiting"."""
    if studio.ready is None:
        return say("loading the model")
    parts = [studio.ready.model]
    if studio.administration.is_paused(None):
        parts.append(say("paused"))
    if studio.waiting:
        parts.append(say.plural("{count} animation waiting", "{count} animations waiting", studio.waiting))
    return " · ".join(parts)


async def setup(bot: Tappa) -> None:
    await bot.add_cog(PresenceCog(bot))
