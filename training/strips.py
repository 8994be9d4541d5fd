"""Film strips of a model: python -m training.strips --model DIR --out strips.png

A feedback zoom, a skunk that becomes a puppy, and the seven stages of the seed's giro.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from training import feedback
from training.pictures import Pixels, sheet
from training.prompts import GIRO


def strip(frames: Iterator[Image.Image], every: int = 1) -> Pixels:
    """Every so many frames in a row, 128×128 each."""
    return np.stack([np.asarray(frame.resize((128, 128))) for place, frame in enumerate(frames) if place % every == 0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=50, help="of the zoom")
    parser.add_argument("--prompt", default="a road by the sea, trees on the right, sunny day")
    feedback.add_arguments(parser)
    arguments = parser.parse_args()
    studio = feedback.studio_of(arguments)
    rows = [
        strip(studio.zoom(arguments.prompt, arguments.frames), max(1, arguments.frames // 12)),
        strip(studio.morph("a picture of a {}", ("skunk", "puppy"), 13)),
        strip(studio.first(studio.embed(studio.ids(prompt))) for prompt in GIRO),
    ]
    Image.fromarray(sheet(rows)).save(arguments.out)


if __name__ == "__main__":
    main()
