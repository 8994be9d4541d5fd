"""Whether frames show what their prompts say, as the judge sees it: a classifier that has learnt from drawings only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from benchmarks.quality.subject import Expected, Stage
from engine.vision.perception import Pixels
from training import classifier
from training.pictures import to_tensor

JUDGE: Final = Path("models/judge")


class Recognised(msgspec.Struct, frozen=True):
    """What is recognised in some frames.

    Attributes:
        main: share of the frames whose main concept was.
        every: share of the frames in which all concepts were that the prompt names.
        each: share of these concepts, over all frames.
    """

    main: float
    every: float
    each: float


class Judge:
    """What a picture shows, concept by concept; `digest` tells this judge from any other."""

    def __init__(self, network: classifier.Classifier, digest: str) -> None:
        self._network = network
        self.digest = digest

    def recognised(self, pictures: Sequence[Pixels], expected: Expected) -> Recognised:
        """Return the shares of frames that show what is expected; its first concept is the main one."""
        seen = self._network.judge(to_tensor(np.stack(pictures)))
        right = np.array(
            [[one[name] == value for name, value in expected.items()] for one in seen]
        )  # frames × concepts
        return Recognised(main=float(right[:, 0].mean()), every=float(right.all(1).mean()), each=float(right.mean()))

    def stages(self, pictures: Sequence[Pixels], stages: Sequence[Stage]) -> list[Recognised]:
        """Return what is recognised in the settled frames of each stage that has any."""
        return [
            self.recognised(pictures[stage.start : stage.stop], stage.expected)
            for stage in stages
            if stage.stop > stage.start
        ]


def load_judge(folder: Path) -> Judge | None:
    """Return the judge in a folder; None if there is none."""
    try:
        network = classifier.load(folder)
    except FileNotFoundError:
        return None
    weights = b"".join(weight.numpy().tobytes() for weight in network.state_dict().values())
    return Judge(network, hashlib.blake2b(weights, digest_size=8).hexdigest())
