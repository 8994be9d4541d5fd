"""Judge a model: python -m training.evaluate --model DIR --classifier DIR --out DIR --count 1000

Writes report.json, report.md and contact.png. The judge is the classifier trained on drawings only. The pictures are
kept in the folder too: run again there, it judges those that are there, so that another judge can look at them.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image
from scipy import linalg
from torch import Tensor
from tqdm import tqdm

from training import autoencoder_net, classifier, loop
from training.drawing.captions import describe
from training.drawing.facts import CONCEPTS, VALUES, Facts, sample
from training.drawing.picture import Picture
from training.pictures import sheet, to_pixels, to_tensor
from training.prompts import FREE, Expected

FIRST_SEED = 3_000_000  # drawings that nothing was trained on
# What the first embedded model was taught too: a fair ground to compare on.
FIRST_WORLD = {
    "weather": ("clear",),
    "region": ("none", "tuscany", "dolomites"),
    "trees": ("none", "cypress", "poplar", "leafy", "blossom", "pine"),
    "field": ("none",),
    "animal": ("none", "skunk", "puppy", "rabbit", "frog", "cat"),
    "jersey": ("none",),
}


@dataclass(frozen=True)
class Prompt:
    """A text, what a picture of it should show, and the kind of wording it is."""

    text: str
    expected: Expected
    kind: str
    facts: Facts | None = None


def template_prompts(count: int, first_world: bool) -> list[Prompt]:
    """Captions of fresh facts. `first_world` keeps to what the first embedded model was taught."""
    prompts: list[Prompt] = []
    seed = FIRST_SEED
    while len(prompts) < count:
        rng = np.random.default_rng(seed)
        seed += 1
        facts = sample(rng)
        known = facts.scene != "carving" and not (facts.scene == "stilts" and facts.animal != "frog")
        known = known and all(getattr(facts, name) in values for name, values in FIRST_WORLD.items())
        if first_world and not known:
            continue
        caption = describe(facts, rng)
        expected = {name: str(getattr(facts, name)) for name in sorted(caption.says)}
        prompts.append(Prompt(caption.text, expected, "template", facts))
    return prompts


def free_prompts(repeats: int) -> list[Prompt]:
    return [Prompt(text, expected, "free") for _ in range(repeats) for text, expected in FREE]


@dataclass(frozen=True)
class Generator:
    """A model with the settings it is judged at."""

    pipeline: Any
    steps: int
    guidance: float
    batch_size: int = 8

    @classmethod
    def load(cls, folder: Path, device: str, steps: int, guidance: float) -> Generator:
        pipeline = StableDiffusionPipeline.from_pretrained(
            folder, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False
        ).to(device)
        pipeline.set_progress_bar_config(disable=True)
        return cls(pipeline, steps, guidance)

    def images(self, texts: list[str], seed: int) -> Iterator[Tensor]:
        """One picture a text, in batches, N×3×H×W in −1 … 1. The seeds count up from `seed`."""
        for start in range(0, len(texts), self.batch_size):
            part = texts[start : start + self.batch_size]
            noise = [torch.Generator().manual_seed(seed + start + place) for place in range(len(part))]
            output = self.pipeline(
                part,
                num_inference_steps=self.steps,
                guidance_scale=self.guidance,
                generator=noise,
                output_type="pt",
            )
            yield output.images.float().cpu() * 2 - 1


@dataclass
class Tally:
    """Concepts asked for and recognised, and what was seen instead."""

    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    confusion: dict[str, Counter[tuple[str, str]]] = field(
        default_factory=lambda: {name: Counter() for name in ("animal", "scene")}
    )

    def add(self, expected: Expected, seen: dict[str, str]) -> None:
        for name, value in expected.items():
            self.asked[name] += 1
            self.right[name] += seen[name] == value
            if name in self.confusion:
                self.confusion[name][value, seen[name]] += 1

    def share(self) -> float:
        return sum(self.right.values()) / max(1, sum(self.asked.values()))

    def by_concept(self) -> dict[str, float]:
        return {name: self.right[name] / self.asked[name] for name in CONCEPTS if self.asked[name]}


@dataclass
class Sampled:
    """Generated pictures with their prompts and the judge's features of them."""

    prompts: list[Prompt]
    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    features: list[NDArray[np.float32]] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def sampled(generator: Generator, prompts: list[Prompt], seed: int, kept: Path) -> NDArray[np.uint8]:
    """A picture of each prompt, N×H×W×3: those in the file `kept`, or fresh ones, which it then holds."""
    if kept.exists():
        pictures: NDArray[np.uint8] = np.load(kept)
        return pictures
    parts = []
    for images in tqdm(generator.images([prompt.text for prompt in prompts], seed), desc="sample, in batches"):
        parts.append(to_pixels(images))
    pictures = np.concatenate(parts)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.save(kept, pictures)
    return pictures


def judged(judge: classifier.Classifier, prompts: list[Prompt], pictures: NDArray[np.uint8]) -> Sampled:
    """What the judge says of a picture of each prompt."""
    result = Sampled(prompts, list(pictures))
    for start in range(0, len(pictures), 64):
        images = to_tensor(pictures[start : start + 64])
        for prompt, seen in zip(prompts[start : start + 64], judge.judge(images), strict=True):
            result.tally.add(prompt.expected, seen)
        with torch.no_grad():
            result.features += list(judge.embed(images).numpy())
    return result


def frechet(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """The Fréchet distance between two sets of features, taken as Gaussians."""
    gap = first.mean(0) - second.mean(0)
    a, b = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = linalg.sqrtm(a @ b).real
    return float(gap @ gap + np.trace(a + b - 2 * root))


def drawn(prompts: list[Prompt]) -> NDArray[np.uint8]:
    """Fresh drawings of what the prompts were made from, N×256×256×3: what the judge can recognise at best."""
    pictures = []
    for place, prompt in enumerate(prompts):
        assert prompt.facts is not None  # a template prompt's
        image = Picture.of(prompt.facts, np.random.default_rng(FIRST_SEED + 500_000 + place)).image
        pictures.append(np.asarray(image))
    return np.stack(pictures)


def diversity(generator: Generator, judge: classifier.Classifier, texts: list[str], seeds: int = 4) -> float:
    """The mean distance between the features of pictures of one prompt and different seeds."""
    distances = []
    for text in texts:
        rows = [judge.embed(images) for images in generator.images([text] * seeds, 9_000)]
        distances.append(float(torch.pdist(torch.cat(rows).detach()).mean()))
    return float(np.mean(distances))


def reconstruction(generator: Generator, count: int = 512) -> float:
    """The autoencoder's PSNR on fresh drawings, at the model's own size.

    Drawings differ by 2.7 dB (one standard deviation), so the mean of 64 is known to a third of a decibel only, and
    that of 512 to an eighth.
    """
    network = generator.pipeline.vae
    size = generator.pipeline.unet.config.sample_size * generator.pipeline.vae_scale_factor
    figures = []
    for start in range(0, count, 8):
        drawn = [Picture.draw(FIRST_SEED + 800_000 + start + place) for place in range(8)]
        images = to_tensor(np.stack([np.asarray(picture.image) for picture in drawn]))
        images = F.interpolate(images, size=(size, size), mode="area")
        with torch.no_grad():
            output = network.decode(network.encode(images.to(network.device)).latent_dist.mean).sample.cpu()
        figures.append(autoencoder_net.psnr(output, images))
    return float(np.mean(figures))


def judge_accuracy(judge: classifier.Classifier, count: int = 512) -> dict[str, float]:
    """How far the judge itself is right, on fresh drawings, by concept."""
    drawn = [Picture.draw(FIRST_SEED + 900_000 + place) for place in range(count)]
    images = to_tensor(np.stack([np.asarray(picture.image) for picture in drawn]))
    return classifier.accuracy(judge, images, [picture.facts for picture in drawn], "cpu")


def confusion_table(tally: Tally, name: str) -> list[str]:
    """Rows: what was asked; columns: what the judge saw."""
    asked = [value for value in VALUES[name] if any(key[0] == value for key in tally.confusion[name])]
    lines = [
        f"| {name} asked \\ seen | " + " | ".join(VALUES[name]) + " |",
        "|---" * (len(VALUES[name]) + 1) + "|",
    ]
    for value in asked:
        row = [str(tally.confusion[name][value, seen] or "") for seen in VALUES[name]]
        lines.append(f"| {value} | " + " | ".join(row) + " |")
    return lines


def report(out: Path, figures: dict[str, Any], template: Sampled, free: Sampled, drawings: Sampled) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(figures, indent=1) + "\n")
    lines = ["| figure | value |", "|---|---|"]
    lines += [f"| {name} | {value:.3f} |" for name, value in figures.items() if isinstance(value, float)]
    lines += [
        "",
        "| concept | judge, all drawings | drawings of the template prompts | template prompts | free wordings |",
    ]
    lines.append("|---|---|---|---|---|")
    for name in CONCEPTS:
        cells = [
            figures["judge"].get(name),
            drawings.tally.by_concept().get(name),
            template.tally.by_concept().get(name),
            free.tally.by_concept().get(name),
        ]
        lines.append(f"| {name} | " + " | ".join("" if cell is None else f"{cell:.2f}" for cell in cells) + " |")
    for name in ("animal", "scene"):
        lines += ["", *confusion_table(template.tally, name)]
    (out / "report.md").write_text("\n".join(lines) + "\n")
    shown = [part.pictures[start : start + 12] for part in (template, free) for start in range(0, 48, 12)]
    rows = [np.stack(row)[:, ::2, ::2] for row in shown if row]
    Image.fromarray(sheet(rows)).save(out / "contact.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a model in diffusers' layout")
    parser.add_argument("--classifier", type=Path, required=True, help="the folder of training.classifier")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000, help="template prompts")
    parser.add_argument("--free-repeats", type=int, default=4, help="seeds for each free wording")
    parser.add_argument("--first-world", action="store_true", help="only what the first model was taught")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--device", default=loop.default_device())
    arguments = parser.parse_args()
    judge = classifier.load(arguments.classifier)
    generator = Generator.load(arguments.model, arguments.device, arguments.steps, arguments.guidance)
    prompts = template_prompts(arguments.count, arguments.first_world)
    free_texts = free_prompts(arguments.free_repeats)
    template = judged(judge, prompts, sampled(generator, prompts, 0, arguments.out / "template.npy"))
    free = judged(judge, free_texts, sampled(generator, free_texts, 100_000, arguments.out / "free.npy"))
    drawings = judged(judge, prompts, drawn(prompts))
    figures: dict[str, Any] = {
        "recognised, template prompts": template.tally.share(),
        "recognised, free wordings": free.tally.share(),
        "recognised, drawings of the template prompts": drawings.tally.share(),
        "distance to drawings": frechet(np.stack(template.features), np.stack(drawings.features)),
        "diversity": diversity(generator, judge, [text for text, _ in FREE[:12]]),
        "autoencoder PSNR": reconstruction(generator),
        "judge": judge_accuracy(judge),
    }
    report(arguments.out, figures, template, free, drawings)
    print((arguments.out / "report.md").read_text())


if __name__ == "__main__":
    main()
