"""What is left after many frames: python -m training.endurance --model DIR --classifier DIR --frames 300

Feedback zooms of a few prompts. At the start and along the way: the share of the prompt's concepts that the judge
still recognises, and the sharpness (mean difference of neighbouring pixels) as a share of the first frame's.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from training import classifier, feedback
from training.pictures import to_tensor
from training.prompts import FREE, Expected

PROMPTS: tuple[tuple[str, Expected], ...] = (
    ("a road by the sea, trees on the right, sunny day", {"scene": "sea", "light": "day"}),
    ("a country road in Tuscany with cypress trees at sunset", {"trees": "cypress", "light": "sunset"}),
    ("a narrow street in a medieval town at night", {"scene": "medieval", "light": "night"}),
    ("a fox in a meadow", {"animal": "fox"}),
    FREE[0],
)


@dataclass(frozen=True)
class Mark:
    """One look at one chain."""

    frame: int
    recognised: float
    sharpness: float


def sharpness(image: Image.Image) -> float:
    """The mean absolute difference of neighbouring pixels, in levels."""
    levels = np.asarray(image).astype(float)
    return float(np.abs(np.diff(levels, axis=0)).mean() + np.abs(np.diff(levels, axis=1)).mean())


def watch(
    studio: feedback.Studio, judge: classifier.Classifier, prompt: tuple[str, Expected], frames: int, looks: int
) -> list[Mark]:
    """A chain of `frames`, looked at `looks` times after its first frame, evenly."""
    words, expected = prompt
    every, marks = max(1, frames // looks), []
    for place, image in enumerate(tqdm(studio.zoom(words, frames + 1), total=frames + 1, desc=words[:30])):
        if place % every:
            continue
        seen = judge.judge(to_tensor(np.asarray(image)[None]))[0]
        right = [seen[name] == value for name, value in expected.items()]
        marks.append(Mark(place, sum(right) / len(right), sharpness(image)))
    return marks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classifier", type=Path, required=True, help="the folder of training.classifier")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--looks", type=int, default=6)
    feedback.add_arguments(parser)
    arguments = parser.parse_args()
    judge, studio = classifier.load(arguments.classifier), feedback.studio_of(arguments)
    chains = [watch(studio, judge, prompt, arguments.frames, arguments.looks) for prompt in PROMPTS]
    print("| frame | recognised | sharpness |\n|---|---|---|")
    for marks in zip(*chains, strict=True):
        recognised = np.mean([mark.recognised for mark in marks])
        kept = np.mean([mark.sharpness / chain[0].sharpness for mark, chain in zip(marks, chains, strict=True)])
        print(f"| {marks[0].frame} | {recognised:.2f} | {kept:.2f} |")


if __name__ == "__main__":
    main()
