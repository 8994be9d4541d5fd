"""Messages as they should look, before anything is sent."""

from __future__ import annotations

import io
from typing import Literal

import discord
import msgspec

MAX_CONTENT = 2000
ROOM = MAX_CONTENT - 100
"""Characters for a job's message: whom it is for may have to be said in front of it."""
MAX_DESCRIPTION = 1024
MAX_MODAL_TEXT = 4000
MAX_STAGES_TEXT = 6000
"""Characters of stages as an option of a command, the most that Discord takes there."""
REQUEST_BYTES = 25 * 1024 * 1024 - 64 * 1024
"""The most that one request may carry, less what the form around the file takes."""

Action = Literal["cancel", "again", "remix", "extend", "variations", "others", "pick", "share", "tries"]
"""What a message offers to do about its job: a button each, and of "pick" and "tries" one for each
seed that can be chosen."""


class Upload(msgspec.Struct, frozen=True):
    """A file to attach; `description` is what a screen reader says, and a spoiler is shown when it is clicked."""

    name: str
    data: bytes
    description: str
    is_spoiler: bool = False

    def as_file(self) -> discord.File:
        """Return it as discord.py wants it: an object that can be sent once."""
        description = self.description[:MAX_DESCRIPTION]
        return discord.File(io.BytesIO(self.data), self.name, spoiler=self.is_spoiler, description=description)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message: what it says, shows and offers.

    Attributes:
        content: markdown; at most 2000 characters.
        uploads: files in the place of those that are there; None leaves them as they are.
        actions: the buttons under it, from left to right.
        tries: how many seeds the contact sheet beside the animation shows.
    """

    content: str
    uploads: tuple[Upload, ...] | None = None
    actions: tuple[Action, ...] = ()
    tries: int = 0

    @property
    def largest(self) -> int:
        return max((len(upload.data) for upload in self.uploads or ()), default=0)
