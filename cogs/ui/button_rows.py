"""The rows of buttons under a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import discord

Item: TypeAlias = discord.ui.Item[Any]


def make_view(*items: Item) -> discord.ui.View:
    """Return a view of persistent items; it is stopped, for discord.py need not remember it."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view


def revise_rows(message: discord.Message, changes: Mapping[str, Item | None], *added: Item) -> discord.ui.View:
    """Return a message's rows with items added at the end and others changed.

    `changes` maps the custom_id of an item to the one that replaces it, or to None to remove it.
    """
    items: list[Item] = []
    for child in discord.ui.View.from_message(message, timeout=None).children:
        item = changes.get(getattr(child, "custom_id", None) or "", child)
        if item is not None:
            item.row = child.row
            items.append(item)
    return make_view(*items, *added)


def label_of(message: discord.Message, custom_id: str) -> str | None:
    """Return the label of a message's button, None if it has no such button."""
    items = (item for row in message.components for item in getattr(row, "children", ()))
    found = (item for item in items if getattr(item, "custom_id", None) == custom_id)
    return next((str(getattr(item, "label", None) or "") for item in found), None)
