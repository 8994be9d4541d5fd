"""Nonces: Discord makes no second message of one nonce within some minutes, in whichever channel it is to be posted."""

from __future__ import annotations

import hashlib

_CHARACTERS = 24
"""Hexadecimal ones; a nonce holds 25 characters."""


def nonce_of(*about: str) -> str:
    """Return the nonce of what a message is about; its server belongs to that, for Discord compares across servers."""
    return hashlib.sha256("|".join(about).encode()).hexdigest()[:_CHARACTERS]
