"""Train the judge: python -m training.classifier --pictures DIR --folder DIR

A small network that says which concepts a picture shows, one head each. It has seen drawings only, so it can be
asked about generated pictures; its next-to-last layer serves for the FID-like distance.

A judge on disk is two files: `judge.safetensors`, float16, and `judge.json`, the concepts it was taught with their
values and how often it is right about each.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training import loop
from training.drawing.facts import CONCEPTS, VALUES, Facts, facts_of
from training.pictures import Pictures

INPUT = 256
FEATURES = 160
HELD_OUT = 256
SHIFT = 12  # pixels that a picture is moved by at most, each way


class Classifier(nn.Module):
    """Six strided convolutions down to a 4×4 grid (sides matter), and a linear head for each concept.

    Args:
        values: what each concept can be; a judge that was taught fewer than today's still knows its own.
    """

    def __init__(self, values: Mapping[str, tuple[str, ...]] = VALUES) -> None:
        super().__init__()
        self.values = values
        widths = (3, 16, 32, 64, 112, 144, 144)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        self.features = nn.Linear(widths[-1] * 16, FEATURES)
        self.heads = nn.ModuleDict({name: nn.Linear(FEATURES, len(options)) for name, options in values.items()})

    def embed(self, images: Tensor) -> Tensor:
        """N×3×H×W in −1 … 1 to N×160; any size is brought to 256×256 first."""
        if images.shape[-1] > INPUT:
            images = F.interpolate(images, size=(INPUT, INPUT), mode="area")
        elif images.shape[-1] < INPUT:
            images = F.interpolate(images, size=(INPUT, INPUT), mode="bicubic")
        hidden: Tensor = self.features(self.body(images))
        return hidden

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        hidden = F.relu(self.embed(images))
        return {name: head(hidden) for name, head in self.heads.items()}

    def judge(self, images: Tensor) -> list[dict[str, str]]:
        """What each picture shows, by concept."""
        with torch.no_grad():
            best = {name: logits.argmax(1).tolist() for name, logits in self(images).items()}
        return [{name: self.values[name][best[name][row]] for name in best} for row in range(len(images))]


def load(folder: Path) -> Classifier:
    """The judge in `folder`, or the one that a run of this command left in its export folder.

    Raises:
        FileNotFoundError: there is none.
    """
    found = folder / "export" if (folder / "export").is_dir() else folder
    card = json.loads((found / "judge.json").read_text())
    network = Classifier({name: tuple(options) for name, options in card["values"].items()})
    network.load_state_dict(load_file(found / "judge.safetensors"))
    return network.eval()


def save(network: Classifier, folder: Path, right: Mapping[str, float]) -> None:
    """Write a judge; `right` is the share of held-out pictures that each head is right about."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: weight.half() if weight.is_floating_point() else weight
        for name, weight in network.state_dict().items()
        if not name.endswith("num_batches_tracked")  # counted in training only
    }
    save_file({name: weight.contiguous() for name, weight in weights.items()}, folder / "judge.safetensors")
    card = {"values": dict(network.values), "right": {name: round(share, 3) for name, share in right.items()}}
    (folder / "judge.json").write_text(json.dumps(card, indent=1) + "\n")


def labels_of(folder: Path) -> list[Facts]:
    """The facts of all pictures of a folder, in order."""
    return [facts for path in sorted(folder.glob("pictures-*.jsonl")) for facts in facts_of(path)]


@dataclass
class ClassifierTask:
    """Cross-entropy over all heads, on pictures with small shifts, blurs and changes of colour."""

    pictures: Pictures
    facts: list[Facts]
    device: str
    batch_size: int = 32
    name: str = "classifier"
    _labels: dict[str, Tensor] = field(init=False)

    def __post_init__(self) -> None:
        self._labels = {
            name: torch.tensor([VALUES[name].index(getattr(facts, name)) for facts in self.facts]).to(self.device)
            for name in CONCEPTS
        }

    def network(self) -> nn.Module:
        network: nn.Module = Classifier().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return network

    def batch(self, rng: np.random.Generator) -> loop.Batch:
        rows = rng.integers(0, len(self.pictures), self.batch_size)
        indices = torch.from_numpy(rows).to(self.device)
        images = self.pictures.whole(rows)
        if rng.random() < 0.5:  # as soft as a decoder leaves them
            images = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2, mode="bilinear")
        dy, dx = (int(v) for v in rng.integers(-SHIFT, SHIFT + 1, 2))
        padded = F.pad(images, (SHIFT, SHIFT, SHIFT, SHIFT), mode="replicate")
        images = torch.roll(padded, (dy, dx), (2, 3))[..., SHIFT:-SHIFT, SHIFT:-SHIFT]
        images = images * rng.uniform(0.85, 1.1) + rng.normal(0, 0.05)
        images = images + torch.randn_like(images) * rng.uniform(0, 0.08)
        images = images.contiguous(memory_format=torch.channels_last)  # in bfloat16 a third of the time, on a CPU too
        return {"images": images, **{name: labels[indices] for name, labels in self._labels.items()}}

    def loss(self, network: nn.Module, batch: loop.Batch) -> Tensor:
        with loop.half(self.device):
            output = network(batch["images"])
        total: Tensor = sum(
            (F.cross_entropy(output[name].float(), batch[name]) for name in CONCEPTS),
            torch.zeros((), device=self.device),
        )
        return total

    def measure(self, network: nn.Module) -> dict[str, float]:
        return accuracy(network, self.pictures.held_out(), self.facts[-HELD_OUT:], self.device)

    def look(self, network: nn.Module, path: Path) -> None:
        """A classifier has nothing to show."""

    def export(self, network: nn.Module, folder: Path) -> None:
        assert isinstance(network, Classifier)  # as made by `network`
        save(network, folder, self.measure(network))


def accuracy(network: Any, images: Tensor, facts: list[Facts], device: str) -> dict[str, float]:
    """The share of pictures each head is right about."""
    right = dict.fromkeys(CONCEPTS, 0)
    for start in range(0, len(images), 64):
        judged = network.judge(images[start : start + 64].to(device))
        for seen, true in zip(judged, facts[start : start + 64], strict=True):
            for name in CONCEPTS:
                right[name] += seen[name] == getattr(true, name)
    return {name: count / len(images) for name, count in right.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--batch-size", type=int, default=32)
    loop.add_arguments(parser, learning_rate=1e-3)
    arguments = parser.parse_args()
    task = ClassifierTask(
        Pictures(arguments.pictures, HELD_OUT, arguments.device),
        labels_of(arguments.pictures),
        arguments.device,
        arguments.batch_size,
    )
    loop.train(task, loop.schedule_of(arguments), loop.place_of(arguments))


if __name__ == "__main__":
    main()
