"""Which page of the gallery a message shows, as the custom_ids of its buttons have it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import get_args

import msgspec

from studio.store.page_finder import SortOrder

SEARCH_LENGTH = 50
"""Characters of a search: it has to fit a custom_id together with everything else."""

PAGE_REF = (
    rf"(?P<order>{'|'.join(get_args(SortOrder))}):(?P<offset>\d{{1,9}}):(?P<argument>[\s\S]{{0,{SEARCH_LENGTH}}})"
)
"""A page in a custom_id."""


class PageRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of which order; see `studio.store.page_finder.PageQuery`."""

    order: SortOrder = "new"
    offset: int = 0
    argument: str = ""

    def __str__(self) -> str:
        return f"{self.order}:{self.offset}:{self.argument}"

    @classmethod
    def parse(cls, fields: Mapping[str, str]) -> PageRef:
        """Return the page that a custom_id names; `fields` are the groups of PAGE_REF."""
        return msgspec.convert({**fields, "offset": int(fields["offset"])}, cls)

    def turn(self, by: int) -> PageRef:
        """Return the page that many pages on; past the last page the gallery shows the last one."""
        return msgspec.structs.replace(self, offset=max(0, self.offset + by))


def first_page_ref(order: str, argument: str = "") -> PageRef:
    """Return the first page of an order; the random order is shuffled anew."""
    argument = secrets.token_hex(4) if order == "random" else argument
    return PageRef(order=msgspec.convert(order, SortOrder), argument=argument)
