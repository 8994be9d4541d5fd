"""Buttons and menus that work after a restart and under old messages: their custom_id holds all their state."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import discord

from cogs.i18n.language import Language
from engine.protocol.messages import JobId

JOB = r"(?P<job>[0-9a-f]{16})"
"""A job in a custom_id."""

Button: TypeAlias = discord.ui.Button[discord.ui.View]
Select: TypeAlias = discord.ui.Select[discord.ui.View]

_Item = TypeVar("_Item", bound=discord.ui.Item[Any])
_ABSTRACT = r"(?!)"  # matches nothing


class PersistentItem(discord.ui.DynamicItem[_Item], template=_ABSTRACT):
    """Wraps a button or a select that is about to be sent, or that Discord kept under a message.

    A subclass gives the `template` of its custom_id, a regular expression, and its `callback`; its setup() registers it
    with `bot.add_dynamic_items`.

    Attributes:
        fields: what the groups of the template found in the custom_id.
    """

    def __init__(self, item: _Item) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        assert match is not None, self.custom_id  # else nobody would answer it
        self.fields: dict[str, str] = match.groupdict()

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(item)  # type: ignore[arg-type]  # Discord keeps it as what it was sent as

    @property
    def job(self) -> JobId:
        return self.fields["job"]


class PersistentButton(PersistentItem[Button], template=_ABSTRACT):
    @classmethod
    def make(cls, **options: Any) -> Self:
        """Return a new button with the options of discord.ui.Button."""
        return cls(discord.ui.Button(**options))


class PersistentSelect(PersistentItem[Select], template=_ABSTRACT):
    """A menu of which one entry is chosen."""

    @classmethod
    def make(cls, **options: Any) -> Self:
        """Return a new menu with the options of discord.ui.Select."""
        return cls(discord.ui.Select(**options))

    @property
    def chosen(self) -> str:
        return self.item.values[0]


class JobButton(PersistentButton, template=_ABSTRACT):
    """A button about one job.

    Class arguments:
        action: what it does, as its custom_id has it.
        label: returns its label in a language.
        emoji: beside the label; empty for none.
    """

    _action: ClassVar[str]
    _label: ClassVar[Callable[[Language], str]]
    _emoji: ClassVar[str]

    def __init_subclass__(cls, *, action: str, label: Callable[[Language], str], emoji: str = "") -> None:
        super().__init_subclass__(template=rf"tappa:{action}:{JOB}")
        cls._action, cls._label, cls._emoji = action, label, emoji

    @classmethod
    def of(cls, job: JobId, say: Language, *, label: str = "") -> Self:
        """Return the button for a job; `label` replaces its own."""
        custom_id = f"tappa:{cls._action}:{job}"
        return cls.make(label=label or cls._label(say), emoji=cls._emoji or None, custom_id=custom_id)


class NumberButton(PersistentButton, template=_ABSTRACT):
    """A button for one of several pictures of a job, which are numbered from 1.

    Class arguments:
        action: what it does, as its custom_id has it.
        most: the highest number.
    """

    _action: ClassVar[str]

    def __init_subclass__(cls, *, action: str, most: int) -> None:
        numbers = "|".join(map(str, range(1, most + 1)))
        super().__init_subclass__(template=rf"tappa:{action}:(?P<number>{numbers}):{JOB}")
        cls._action = action

    @classmethod
    def of(cls, number: int, job: JobId) -> Self:
        style, custom_id = discord.ButtonStyle.primary, f"tappa:{cls._action}:{number}:{job}"
        return cls.make(label=str(number), style=style, custom_id=custom_id)

    @property
    def number(self) -> int:
        return int(self.fields["number"])
