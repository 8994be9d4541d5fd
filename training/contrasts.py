"""Teach what a few words change: python -m training.contrasts --latents DIR --start MODEL --folder DIR …

A denoiser that learns from captioned pictures alone sits in a saddle here: as long as it paints "trees on the right"
and "trees on the left" alike, nothing says in which direction to part them, and what a side explains of the error is
lost among what it does not; the colour of a jersey, on a hundredth of the picture, even more so. 1.25 million pictures
did not lead out of it. So for a while it is also asked the question itself: by how much do your answers to two captions
that differ in those words alone differ, from the same noise? Where a picture is still nearly noise, that must be the
difference of what such pictures are on average. Four fifths of it were learnt for sides after 240 steps of eight pairs,
half of it for jerseys after 340. Alone, without the ordinary rows beside it, that spoils the answers at less noise.
Other concepts, which were learnt in part, are asked in the same way.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import loop, text
from training.denoiser import TIMESTEPS, DenoiserTask
from training.drawing.captions import said
from training.drawing.facts import CONCEPTS, Facts
from training.guidance import scale_embedding
from training.latents import Latents

NEARLY_NOISE = 0.9
"""Where on the way from picture to noise hardly anything of the picture is left that would tell the words."""
WEIGHT = 0.5
"""Of the pairs' share of what they should differ by, beside the error of the ordinary rows."""
SIZED = 256
"""Contrasts of a kind that say how large such differences are."""
MEASURED = 16
"""Contrasts of a kind that are measured."""
RIDGE = 5.0
_WITH_SCENE = ("tree_side", "sea_side", "light", "season", "region", "trees", "place", "animal")
_TOGETHER = (*(("scene", other) for other in _WITH_SCENE), ("trees", "tree_side"))
SIDES = "sides"
ALTERED = ("jersey", "season", "weather", "region", "trees", "field", "place", "animal")
"""Concepts that are exchanged for another picture's; sides are mirrored."""
ONLY_IN = {"animal": ("animal",)}
"""Scenes in which a concept is exchanged, where not in all: on stilts nearly all animals are frogs, and what a rabbit
there differs by cannot be told from a few. Asked all the same, frogs came down from their stilts."""
MOUNTAINS = "mountains"
ON_MOUNTAINS = ("climb", "descent")
"""Where a region is either the Dolomites or none, so that it can only be said or left unsaid."""
MIXED = 8
"""Pictures that stand for what a caption without a word leaves open."""


class Averages:
    """What latents are on average, by a picture's facts: a sum over them, fitted by least squares with a little ridge.

    Facts that change each other, such as a side and its scene, count together as well.
    """

    def __init__(self, latents: Tensor, facts: Sequence[Facts]) -> None:
        rows = [_terms(one) for one in facts]
        self._places = {term: place for place, term in enumerate(sorted({term for row in rows for term in row}))}
        found = torch.zeros(len(rows), len(self._places))
        for number, row in enumerate(rows):
            found[number, [self._places[term] for term in row]] = 1
        self._shape, self._device = latents.shape[1:], latents.device
        covariance = found.T @ found + RIDGE * torch.eye(len(self._places))
        self._sums = torch.linalg.solve(covariance, found.T @ latents.float().flatten(1).cpu()).to(self._device)

    def of(self, facts: Facts) -> Tensor:
        """Return the average of pictures of these facts, 12×16×16; what was never seen counts for nothing."""
        places = [self._places[term] for term in _terms(facts) if term in self._places]
        average: Tensor = self._sums[places].sum(0).view(self._shape)
        return average


def _terms(facts: Facts) -> list[tuple[str, ...]]:
    alone = [(name, getattr(facts, name)) for name in CONCEPTS]
    return [*alone, *((*names, *(getattr(facts, name) for name in names)) for names in _TOGETHER)]


@dataclass(frozen=True)
class Contrast:
    """A picture's caption, one that differs from it in what it says of one concept, and what that one may be of."""

    row: int
    caption: str
    other: str
    facts: tuple[Facts, ...]


def contrast(row: int, facts: Facts, altered: Facts, concepts: frozenset[str], seed: int) -> Contrast | None:
    """Return the captions that the same choices make of two pictures' facts; None if they do not say what differs."""
    caption, other = (said(one, np.random.default_rng(seed)) for one in (facts, altered))
    if caption.text == other.text or caption.says != other.says or not concepts & caption.says:
        return None
    return Contrast(row, caption.text, other.text, (altered,))


def left_unsaid(row: int, facts: Facts, concept: str, others: Sequence[Facts], seed: int) -> Contrast | None:
    """Return a caption that says a concept and one that leaves it open, as it is among `others`; None if it does not.

    There is nothing that would say "no mountains of the Dolomites"; only what is not said tells those apart.
    """
    caption = said(facts, np.random.default_rng(seed))
    other = said(replace(facts, **{concept: "none"}), np.random.default_rng(seed))
    if concept not in caption.says or other.says != caption.says - {concept}:
        return None
    open_to = tuple(replace(facts, **{concept: getattr(one, concept)}) for one in others)
    return Contrast(row, caption.text, other.text, open_to)


def contrasts_of(facts: Sequence[Facts], rng: np.random.Generator) -> dict[str, list[Contrast]]:
    """Return contrasts by their kind: of every picture with its mirror image, and with another value of a concept.

    The other value is that of another picture of the same scene, so nearly all of them can be drawn.
    """
    alike: dict[str, list[Facts]] = defaultdict(list)
    for one in facts:
        alike[one.scene].append(one)
    found: dict[str, list[Contrast]] = defaultdict(list)
    for row, one in enumerate(facts):
        others = alike[one.scene]
        changes = [(SIDES, one.mirrored(), frozenset(("tree_side", "sea_side")))]
        for concept in ALTERED:
            if one.scene not in ONLY_IN.get(concept, (one.scene,)):
                continue
            value = getattr(others[int(rng.integers(len(others)))], concept)
            if value != "none" != getattr(one, concept):
                changes.append((concept, replace(one, **{concept: value}), frozenset((concept,))))
        for kind, altered, concepts in changes:
            pair = contrast(row, one, altered, concepts, int(rng.integers(2**32)))
            if altered != one and pair is not None:
                found[kind].append(pair)
        if one.scene in ON_MOUNTAINS and one.region != "none":
            mixed = [others[int(place)] for place in rng.integers(len(others), size=MIXED)]
            pair = left_unsaid(row, one, "region", mixed, int(rng.integers(2**32)))
            if pair is not None:
                found[MOUNTAINS].append(pair)
    return dict(found)


@dataclass
class ContrastTask(DenoiserTask):
    """Beside the ordinary rows of a batch, `pairs` of captions and the difference of the answers to them."""

    name: str = "contrasts"
    pairs: int = 7
    _contrasts: dict[str, list[Contrast]] = field(init=False)
    _averages: Averages = field(init=False)
    _sizes: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        facts = self.latents.facts[: self.latents.training]
        self._averages = Averages(self.latents.values[: self.latents.training], facts)
        self._contrasts = contrasts_of(facts, np.random.default_rng(7))
        self._sizes = {kind: self._size(contrasts[:SIZED]) for kind, contrasts in self._contrasts.items()}

    def _size(self, contrasts: Sequence[Contrast]) -> float:
        """The mean square of what should differ, by which its error is divided: a jersey is small, a season is not."""
        return float(torch.stack([self._difference(one).square().mean() for one in contrasts]).mean())

    def _difference(self, one: Contrast) -> Tensor:
        others = torch.stack([self._averages.of(facts) for facts in one.facts]).mean(0)
        return self._averages.of(self.latents.facts[one.row]) - others

    def batch(self, rng: np.random.Generator) -> loop.Batch:
        """The ordinary rows, and pictures nearly all noise, each with a caption and another one."""
        return {**super().batch(rng), **self.pairs_of(rng)}

    def pairs_of(self, rng: np.random.Generator) -> loop.Batch:
        """The pairs of a batch, by names that begin with "pair_"; kinds of contrasts take turns."""
        turn = int(rng.integers(len(self._contrasts)))
        kinds = [list(self._contrasts)[(turn + place) % len(self._contrasts)] for place in range(self.pairs)]
        chosen = [self._contrasts[kind][int(rng.integers(len(self._contrasts[kind])))] for kind in kinds]
        return self._pairs(kinds, chosen, rng)

    def _pairs(self, kinds: Sequence[str], chosen: Sequence[Contrast], rng: np.random.Generator) -> loop.Batch:
        timesteps = rng.integers(int(NEARLY_NOISE * TIMESTEPS), TIMESTEPS, len(chosen))
        return {
            "pair_latents": self.latents.values[torch.tensor([one.row for one in chosen])].float(),
            "pair_ids": text.token_ids(self.tokenizer, [one.caption for one in chosen]),
            "pair_other_ids": text.token_ids(self.tokenizer, [one.other for one in chosen]),
            "pair_timesteps": torch.from_numpy(timesteps),
            "pair_differences": torch.stack([self._difference(one) for one in chosen]),
            "pair_weights": torch.tensor([1 / self._sizes[kind] for kind in kinds]),
        }

    def loss(self, network: nn.Module, batch: loop.Batch) -> Tensor:
        answered, wanted = self._differences(network, batch, torch.randn_like(batch["pair_latents"]))
        missed = (batch["pair_weights"] * (answered - wanted).square().mean((1, 2, 3))).mean()
        return super().loss(network, batch) + WEIGHT * missed

    def _differences(self, network: nn.Module, batch: loop.Batch, noise: Tensor) -> tuple[Tensor, Tensor]:
        """By how much the answers to the captions of each pair differ, and by how much they should."""
        alpha = self.alphas[batch["pair_timesteps"]].view(-1, 1, 1, 1)
        noised = alpha.sqrt() * batch["pair_latents"] + (1 - alpha).sqrt() * noise
        parts: Any = network
        with loop.half(self.device):
            states = parts["text"](torch.cat([batch["pair_ids"], batch["pair_other_ids"]])).last_hidden_state
            scales = scale_embedding(torch.ones(2 * len(noised), device=noised.device))
            answers = parts["denoiser"](
                torch.cat([noised, noised]), batch["pair_timesteps"].repeat(2), states, timestep_cond=scales
            ).sample.float()
        answer, other = answers.chunk(2)
        return answer - other, -(1 - alpha).sqrt() * batch["pair_differences"]

    def measure(self, network: nn.Module) -> dict[str, float]:
        """The error on held-out latents, and how much of each kind of difference the answers explain, from 0 to 1."""
        explained = {}
        for kind, contrasts in self._contrasts.items():
            pairs = self._pairs([kind] * MEASURED, contrasts[:MEASURED], np.random.default_rng(5))
            batch = {name: value.to(self.device) for name, value in pairs.items()}
            noise = torch.randn(batch["pair_latents"].shape, generator=torch.Generator().manual_seed(5))
            answered, wanted = self._differences(network, batch, noise.to(self.device))
            explained[kind] = 1 - ((answered - wanted).square().mean() / wanted.square().mean()).item()
        return {**super().measure(network), **explained}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="the exported autoencoder of the latents")
    parser.add_argument("--start", type=Path, required=True, help="a model with these latents, to go on from")
    parser.add_argument("--batch-size", type=int, default=16, help="ordinary rows a process")
    parser.add_argument("--pairs", type=int, default=7, help="pairs of captions beside them")
    parser.add_argument("--worn", type=float, default=0.06, help="as in training.denoiser")
    parser.add_argument("--hard", type=float, default=0.4, help="as in training.denoiser")
    loop.add_arguments(parser, learning_rate=5e-4)
    arguments = parser.parse_args()
    task = ContrastTask(
        Latents(arguments.latents),
        arguments.autoencoder,
        arguments.device,
        arguments.batch_size,
        start=arguments.start,
        worn_share=arguments.worn,
        hard_share=arguments.hard,
        pairs=arguments.pairs,
    )
    loop.train(task, loop.schedule_of(arguments), loop.place_of(arguments))


if __name__ == "__main__":
    main()
