"""One drawn picture from one seed: its pixels, its facts, its caption."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from training.drawing.captions import caption
from training.drawing.facts import Facts, sample
from training.drawing.scenes import paint


@dataclass(frozen=True)
class Picture:
    """A 256×256 RGB picture, what it shows, and a caption that is true of it."""

    image: Image.Image
    facts: Facts
    caption: str

    @classmethod
    def draw(cls, seed: int) -> Picture:
        """The picture of a seed: always the same."""
        rng = np.random.default_rng(seed)
        return cls.of(sample(rng), rng)

    @classmethod
    def of(cls, facts: Facts, rng: np.random.Generator) -> Picture:
        """A picture of given facts. Half of them are mirrored, and their sides with them."""
        mirrored = bool(rng.random() < 0.5)
        image = paint(facts.mirrored() if mirrored else facts, rng)
        return cls(ImageOps.mirror(image) if mirrored else image, facts, caption(facts, rng))
