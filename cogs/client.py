"""The Discord client that every cog is typed against. It knows no cog: bot.py says which to load, and what delivers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import discord
from discord.ext import commands

from cogs.i18n.language import Translator
from cogs.ui.forms import FormRouter
from studio.config.config import Config
from studio.config.config_file import ConfigFile
from studio.store import JobRecord
from studio.studio import Studio

_log = logging.getLogger("tappa")


class DeliveryService(Protocol):
    """Posts the results of jobs."""

    def start(self, record: JobRecord) -> None:
        """Start delivering a job, unless that is under way."""

    async def close(self) -> None:
        """Stop; unfinished deliveries go on after the next start."""


class Tappa(commands.Bot):
    """The Discord client.

    Attributes:
        configuration: config.toml and the settings in force; `config` is the latter at this moment.
        studio: takes orders; opened and closed by whoever runs the bot.
        deliveries: post the results; made by `deliver`.
        forms: finds the handler of each submitted form.
    """

    def __init__(
        self,
        configuration: ConfigFile,
        studio: Studio,
        *,
        extensions: Sequence[str],
        tree: type[discord.app_commands.CommandTree[Any]],
        deliver: Callable[[discord.Client], DeliveryService],
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=discord.app_commands.AppCommandContext(guild=True, dm_channel=True),
            allowed_installs=discord.app_commands.AppInstallationType(guild=True, user=False),
            proxy=configuration.current.discord.proxy or None,
            tree_cls=tree,
        )
        self.configuration = configuration
        self.studio = studio
        self.forms = FormRouter()
        self.deliveries = deliver(self)
        self._cog_modules = tuple(extensions)

    @property
    def config(self) -> Config:
        """The settings in force; look them up each time, for an admin may change them."""
        return self.configuration.current

    async def setup_hook(self) -> None:
        """Load the cogs; each registers its persistent buttons and forms."""
        await self.tree.set_translator(Translator())
        for extension in self._cog_modules:
            await self.load_extension(extension)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Route submitted forms; discord.py does the rest."""
        await self.forms.route(interaction)

    async def on_ready(self) -> None:
        _log.info("Online as %s on %d servers", self.user, len(self.guilds))

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Drop events after the client is closed: discord.py dispatches `ready` up to two seconds late."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def close(self) -> None:
        """Stop, while the studio is open; unfinished deliveries go on after the next start."""
        try:
            await self.deliveries.close()
        finally:
            await super().close()


Interaction: TypeAlias = discord.Interaction[Tappa]
