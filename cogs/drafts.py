"""Messages as they should look, before anything is sent."""

from __future__ import annotations

import io
from typing import Literal

import discord
import msgspec

MAX_CONTENT = 2000
MAX_DESCRIPTION = 1024
MAX_MODAL_TEXT = 4000
REQUEST_BYTES = 25 * 1024 * 1024 - 64 * 1024
"""The most that one request may carry, less what the form around the file takes."""

Action = Literal["again", "cancel"]


class Upload(msgspec.Struct, frozen=True):
    """A file to attach; `description` is what a screen reader says."""

    name: str
    data: bytes
    description: str

    def as_file(self) -> discord.File:
        """Return it as discord.py wants it: an object that can be sent once."""
        return discord.File(io.BytesIO(self.data), self.name, description=self.description[:MAX_DESCRIPTION])


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message: what it says, shows and offers.

    Attributes:
        content: markdown; at most 2000 characters.
        uploads: files in the place of those that are there; None leaves them as they are.
        action: the one button under it, if any.
    """

    content: str
    uploads: tuple[Upload, ...] | None = None
    action: Action | None = None

    @property
    def largest(self) -> int:
        """Size of its largest file in bytes."""
        return max((len(upload.data) for upload in self.uploads or ()), default=0)
