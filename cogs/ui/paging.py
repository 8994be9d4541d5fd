"""Lists that are too long for one message, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import discord
import msgspec

from cogs.i18n.language import Language
from cogs.ui.button_rows import Item, make_view

_Entry = TypeVar("_Entry")


class EntryPage(msgspec.Struct, Generic[_Entry], frozen=True, kw_only=True):
    """A page of a list; `number` and `last` are counted from 0."""

    entries: Sequence[_Entry]
    number: int
    last: int

    def footer(self, say: Language) -> list[str]:
        """Return the line that says which page it is, where there are several."""
        if not self.last:
            return []
        return [f"-# {say('Page {page} of {pages}', page=self.number + 1, pages=self.last + 1)}"]

    def buttons(
        self, make: Callable[[str, int], Item], say: Language, *, between: Sequence[Item] = ()
    ) -> tuple[Item, ...]:
        """Return the buttons to the previous and next page; `make` gets a label and a page number."""
        back = [make(say("Back"), self.number - 1)] if self.number > 0 else []
        more = [make(say("More"), self.number + 1)] if self.number < self.last else []
        return (*back, *between, *more)

    def view(self, make: Callable[[str, int], Item], say: Language) -> discord.ui.View | None:
        """Return these buttons alone, None if there is only one page."""
        return make_view(*self.buttons(make, say)) if self.last else None


def cut_page(everything: Sequence[_Entry], number: int, size: int) -> EntryPage[_Entry]:
    """Return one page of `size` entries; past the last page is the last one."""
    last = max(0, len(everything) - 1) // size
    number = min(number, last)
    return EntryPage(entries=everything[number * size : (number + 1) * size], number=number, last=last)
