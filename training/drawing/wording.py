"""Captions said as members type: words that mean nothing to the pictures, keywords without their small words."""

from __future__ import annotations

import re

import numpy as np

SMALL = frozenset(("a", "an", "the", "of", "in", "at", "on", "with", "to", "and"))
# Common in prompts, and true of any picture or of none: whatever stands beside them, they change nothing.
_FILLERS = """
amazing animated artistic awesome breathtaking cinematic colourful cosy crisp dreaming dreamy
elegant epic famous fantastic finely funny gentle gorgeous grand here huge imagine impressive
inspiring just lonely lovely magic magical masterful modern moving nice nobody nostalgic our
peaceful perfect please pretty quiet really romantic serene show simple sharp slow slowly some
someone somewhere strange stunning super sweet that there tiny today travelling vivid walking want
warm where wide-angle wonderful you your 4k 8k hd trending artstation octane render bokeh lens depth
"""


def loosen(text: str, rng: np.random.Generator) -> str:
    """Say `text` less properly: without some small words, its parts in another order, or with words of no meaning."""
    if rng.random() < 0.5:
        text = re.sub(r"\S+ ?", lambda word: "" if word[0].strip() in SMALL and rng.random() < 0.7 else word[0], text)
    if rng.random() < 0.4:
        parts = text.split(", ")
        text = ", ".join(parts[int(place)] for place in rng.permutation(len(parts)))
    if rng.random() < 0.6:
        words, fillers = text.split(" "), _FILLERS.split()
        for _ in range(int(rng.integers(1, 4))):
            words.insert(int(rng.integers(0, len(words) + 1)), fillers[int(rng.integers(len(fillers)))])
        text = " ".join(words)
    return text.strip(" ,")
