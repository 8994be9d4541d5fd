"""Colours for one GIF frame: a palette of its own and every pixel's nearest entry in it.

On feedback frames, where every pixel changes, a palette carried over from the frame before (reused, or moved by
k-means) was further from the picture *and* flickered more than a fresh one. No dither: it costs bytes and structural
similarity, and it boils from frame to frame.
"""

from __future__ import annotations

from typing import Final

from PIL import Image

SAMPLE: Final = (64, 64)  # pixels a palette is drawn from; 96 x 96 gain 0.1 dB and double the time
KMEANS_STOP: Final = 64  # k-means ends when fewer pixels of the sample than this change sides

# Pillow looks colours up in cells of 4 levels a channel and takes the entry nearest to a cell's darkest corner, not to
# its middle: on smooth skies that shows as patches of a wrong hue. A palette one level darker makes up for most of it:
# +0.5 to +2 dB at the same bytes and time.
CELL_BIAS: Final = 1


def quantize(frame: Image.Image, colours: int) -> Image.Image:
    """Return `frame` (RGB) as a palette image with at most `colours` colours (2..256).

    Maximum coverage first, so that a small saturated detail gets an entry; then k-means, so that large areas are even.
    """
    sample = frame.resize(SAMPLE, Image.Resampling.NEAREST)
    chosen = sample.quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=KMEANS_STOP)
    palette = chosen.getpalette("RGB")
    assert palette is not None  # a quantized image has one

    lookup = Image.new("P", (1, 1))
    lookup.putpalette([max(0, level - CELL_BIAS) for level in palette])
    mapped = frame.quantize(palette=lookup, dither=Image.Dither.NONE)

    highest = max(index for index, count in enumerate(mapped.histogram()) if count)
    mapped.putpalette(palette[: 3 * (highest + 1)])  # a flat frame needs no table of 256 entries
    return mapped
