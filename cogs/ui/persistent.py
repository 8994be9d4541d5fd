"""Buttons about one job: it stands in their custom id, so they work after a restart and under any message."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

import discord

from cogs.i18n.language import Language, language_of
from engine.protocol.messages import JobId

JOB = r"(?P<job>[0-9a-f]{16})"
"""A job in a custom id."""


class JobButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"(?!)"):
    """One of the buttons under a render; says what its label is, and what happens.

    Class arguments:
        action: what it does, as its custom id has it.
        emoji: beside the label; empty for none.
    """

    _action: ClassVar[str]
    _emoji: ClassVar[str]

    def __init_subclass__(cls, *, action: str, emoji: str = "") -> None:
        super().__init_subclass__(template=rf"tappa:{action}:{JOB}")
        cls._action, cls._emoji = action, emoji

    def __init__(self, job: JobId, say: Language, *, label: str = "") -> None:
        super().__init__(
            discord.ui.Button(
                label=label or self.label(say), emoji=self._emoji or None, custom_id=f"tappa:{self._action}:{job}"
            )
        )
        self.job = job

    @staticmethod
    def label(say: Language) -> str:
        """Return what stands on it."""
        raise NotImplementedError

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["job"], language_of(interaction.locale))


class NumberButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"(?!)"):
    """Stands for one of several pictures of a job, which are numbered from 1.

    Class arguments:
        action: what it does, as its custom id has it.
        most: the highest number.
    """

    _action: ClassVar[str]

    def __init_subclass__(cls, *, action: str, most: int) -> None:
        numbers = "|".join(map(str, range(1, most + 1)))
        super().__init_subclass__(template=rf"tappa:{action}:(?P<number>{numbers}):{JOB}")
        cls._action = action

    def __init__(self, number: int, job: JobId) -> None:
        super().__init__(
            discord.ui.Button(
                label=str(number),
                style=discord.ButtonStyle.primary,
                custom_id=f"tappa:{self._action}:{number}:{job}",
            )
        )
        self.number = number
        self.job = job

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(int(match["number"]), match["job"])
