"""The option that names a channel where commands can be used."""

from __future__ import annotations

from typing import TypeAlias

import discord
from discord import app_commands


class ChatTransformer(app_commands.Transformer):
    """A channel where commands can be used; a forum stands for all its posts.

    discord.py's own way to name a forum also names media channels, which Discord's specification does not have.
    """

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return [
            discord.ChannelType.text,
            discord.ChannelType.news,
            discord.ChannelType.voice,
            discord.ChannelType.forum,
        ]

    async def transform(
        self, interaction: discord.Interaction, value: app_commands.AppCommandChannel
    ) -> app_commands.AppCommandChannel:
        return value


ChatOption: TypeAlias = app_commands.Transform[app_commands.AppCommandChannel, ChatTransformer]
