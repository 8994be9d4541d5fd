"""Whether frames show what their prompts say, as the judge sees it: a classifier that has learnt from drawings only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np

from benchmarks.quality.subject import Stage
from engine.vision.perception import Pixels
from training import classifier
from training.pictures import to_tensor

JUDGE: Final = Path("models/judge")


class Judge:
    """What a picture shows, concept by concept; `digest` tells this judge from any other."""

    def __init__(self, network: classifier.Classifier) -> None:
        self._network = network
        weights = b"".join(weight.numpy().tobytes() for weight in network.state_dict().values())
        self.digest = hashlib.blake2b(weights, digest_size=8).hexdigest()

    def figures(self, pictures: Sequence[Pixels], stages: Sequence[Stage]) -> dict[str, float]:
        """Return what is recognised in the settled frames of each stage that has any, as shares.

        `main`: frames whose main concept was, the first that is expected; `weakest` in the weakest stage, `stage_1` and
        so on in each. `every`: frames in which all concepts were that the prompt names. `each`: of these concepts.
        """
        right = []  # frames × concepts
        for stage in (stage for stage in stages if stage.stop > stage.start):
            found = self._network.judge(to_tensor(np.stack(pictures[stage.start : stage.stop])))
            right.append(np.array([[one[name] == value for name, value in stage.expected.items()] for one in found]))
        main = [float(stage[:, 0].mean()) for stage in right]
        return {
            "main": fmean(main),
            "every": fmean(float(stage.all(axis=1).mean()) for stage in right),
            "each": fmean(float(stage.mean()) for stage in right),
            "weakest": min(main),
        } | {f"stage_{number}": share for number, share in enumerate(main, 1)}


def load_judge(folder: Path) -> Judge | None:
    """Return the judge in a folder; None if there is none."""
    try:
        return Judge(classifier.load(folder))
    except FileNotFoundError:
        return None
