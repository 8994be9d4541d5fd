"""Hiding a picture: its colours stay, and nothing can be made out."""

from __future__ import annotations

from typing import Final

from PIL import Image

_ACROSS: Final = 6
"""Patches of colour along the longer side: too few for any outline."""


def veil_picture(image: Image.Image) -> Image.Image:
    """Return `image` as soft patches of colour in the same size, from which it cannot be recovered."""
    scale = _ACROSS / max(image.size)
    patches = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(patches, Image.Resampling.BOX).resize(image.size, Image.Resampling.BICUBIC)
