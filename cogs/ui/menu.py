"""Menus that still work after a restart: Discord keeps what they offer, and their id says what a choice does."""

from __future__ import annotations

import re
from typing import Any, Self

import discord


class Menu(discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template=r"(?!)"):
    """One of the menus, around the select that was sent or that Discord kept of it."""

    def __init__(self, select: discord.ui.Select[discord.ui.View]) -> None:
        super().__init__(select)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the menu again from what Discord kept of it."""
        assert isinstance(item, discord.ui.Select)  # its id is only ever given to one
        return cls(item)
