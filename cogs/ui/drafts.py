"""Messages as they should look, before they are sent."""

from __future__ import annotations

import io
from typing import Literal

import discord
import msgspec

MAX_CONTENT = 2000
ROOM = MAX_CONTENT - 100
"""Characters of a job's message, less what may have to precede it: whom it is for."""
MAX_DESCRIPTION = 1024
MAX_MODAL_TEXT = 4000
MAX_STAGES_TEXT = 6000
"""Characters that Discord takes as an option of a command."""
REQUEST_BYTES = 25 * 1024 * 1024 - 64 * 1024
"""Bytes that one request may carry, less the form around the file."""

Action = Literal["cancel", "again", "remix", "extend", "variations", "others", "pick", "share", "tries"]
"""A button under a message about a job; "pick" and "tries" are one for each seed that can be chosen."""


class Upload(msgspec.Struct, frozen=True):
    """A file to attach; `description` is what a screen reader says, and a spoiler hides it until it is clicked."""

    name: str
    data: bytes
    description: str
    is_spoiler: bool = False

    def as_file(self) -> discord.File:
        """Return a discord.py file, which can be sent once."""
        description = self.description[:MAX_DESCRIPTION]
        return discord.File(io.BytesIO(self.data), self.name, spoiler=self.is_spoiler, description=description)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message: what it says, shows and offers.

    Attributes:
        content: markdown; at most 2000 characters.
        uploads: files that replace those in the message; None leaves them.
        actions: the buttons under it, from left to right.
        tries: number of seeds on the contact sheet beside the animation.
    """

    content: str
    uploads: tuple[Upload, ...] | None = None
    actions: tuple[Action, ...] = ()
    tries: int = 0

    @property
    def largest(self) -> int:
        return max((len(upload.data) for upload in self.uploads or ()), default=0)
