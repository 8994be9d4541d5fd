"""The rows of buttons under a message that is there already, changed in places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord

Item = discord.ui.Item[Any]


def revise_rows(message: discord.Message, changes: Mapping[str, Item | None]) -> discord.ui.View:
    """Return a message's rows with some items replaced.

    Args:
        message: as Discord last described it.
        changes: by custom_id: what takes the item's place, or None where it goes.
    """
    view = discord.ui.View(timeout=None)
    for child in discord.ui.View.from_message(message, timeout=None).children:
        item = changes.get(getattr(child, "custom_id", None) or "", child)
        if item is not None:
            item.row = child.row
            view.add_item(item)
    return lasting_rows(view)


def lasting_rows(view: discord.ui.View) -> discord.ui.View:
    """Return a view that discord.py need not remember: all its items say in their custom_id what they are about."""
    view.stop()
    return view


def label_of(message: discord.Message, custom_id: str) -> str | None:
    """Return what stands on a button of a message, None if it has no such button."""
    for row in message.components:
        for item in getattr(row, "children", ()):
            if getattr(item, "custom_id", None) == custom_id:
                return str(getattr(item, "label", None) or "")
    return None
