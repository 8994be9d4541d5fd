"""Teach left and right: python -m training.sides --latents DIR --autoencoder DIR --start MODEL --folder DIR --minutes 4

A denoiser that learns from captioned pictures alone sits in a saddle here: as long as it paints "trees on the right"
and "trees on the left" alike, nothing says in which direction to part them, and what a side explains of the error is
lost among what it does not. 1.25 million pictures did not lead out of it. So for a few minutes it is asked the question
itself: by how much do your answers to a caption and to its mirror image differ, from the same noise? Where a picture is
still nearly noise, that must be the difference of the two kinds of pictures' means. After 240 steps of 8 captions four
fifths of it were learnt; `training.denoiser` goes on from there.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training import loop, text
from training.denoiser import PLAN, TIMESTEPS, DenoiserTask
from training.drawing.facts import Facts
from training.guidance import scale_embedding
from training.latents import Latents

NEARLY_NOISE = 0.93
"""Where on the way from picture to noise nothing of the picture is left that would tell its side."""
WEIGHT = 4.0
"""Of the difference, beside the answers themselves."""
MIRROR = {"left": "right", "right": "left"}
Kind = tuple[str, str]
"""A scene and the side of what stands beside its road."""


def kind_of(facts: Facts) -> Kind | None:
    """Return what a picture is one of, by its sea's side or else by its trees'; None if it has no side."""
    side = facts.sea_side if facts.sea_side in MIRROR else facts.tree_side
    return (facts.scene, side) if side in MIRROR else None


@dataclass
class SidesTask(DenoiserTask):
    """The difference of the answers to mirrored captions, and a little of the velocity, so that the rest stays."""

    name: str = "sides"
    _pairs: np.ndarray[Any, np.dtype[np.int64]] = field(init=False)  # M×2: pictures and captions that name a side
    _differences: dict[Kind, Tensor] = field(init=False)  # mean latents of a kind minus its mirror image's, 12×16×16

    def __post_init__(self) -> None:
        super().__post_init__()
        kinds = [kind_of(facts) for facts in self.latents.facts[: self.latents.training]]
        means = {
            kind: self.latents.values[[row for row, other in enumerate(kinds) if other == kind]].float().mean(0)
            for kind in {kind for kind in kinds if kind is not None}
        }
        self._differences = {
            (scene, side): mean - means[scene, MIRROR[side]]
            for (scene, side), mean in means.items()
            if (scene, MIRROR[side]) in means
        }
        pairs = np.unique(np.concatenate([self.hard[name] for name in PLAN if name in self.hard]), axis=0)
        ids = self.captions.cpu()
        named = [kinds[row] in self._differences and self._names_a_side(ids[row, chosen]) for row, chosen in pairs]
        self._pairs = pairs[named]

    @property
    def _sides(self) -> tuple[int, int]:
        left, right = self.tokenizer("left right", add_special_tokens=False).input_ids
        return left, right

    def _names_a_side(self, ids: Tensor) -> bool:
        left, right = self._sides
        return bool((ids == left).any() or (ids == right).any())

    def mirrored(self, ids: Tensor) -> Tensor:
        """Return captions with left and right exchanged."""
        left, right = self._sides
        return torch.where(ids == left, right, torch.where(ids == right, left, ids))

    def network(self) -> nn.Module:
        network: Any = super().network()
        text.draw_apart(network["text"], self.tokenizer, tuple(MIRROR))
        return network  # type: ignore[no-any-return]

    def batch(self, rng: np.random.Generator) -> loop.Batch:
        """Pictures nearly all noise, with a caption that names a side."""
        rows, chosen = self._pairs[rng.integers(0, len(self._pairs), self.batch_size)].T
        kinds = [kind_of(self.latents.facts[row]) for row in rows]
        timesteps = rng.integers(int(NEARLY_NOISE * TIMESTEPS), TIMESTEPS, self.batch_size)
        return {
            "latents": self.latents.values[torch.from_numpy(rows).to(self.device)].float(),
            "ids": self.captions[torch.from_numpy(rows), torch.from_numpy(chosen)].long(),
            "timesteps": torch.from_numpy(timesteps).to(self.device),
            "differences": torch.stack([self._differences[kind] for kind in kinds if kind is not None]),
        }

    def loss(self, network: nn.Module, batch: loop.Batch) -> Tensor:
        answer, mirrored, velocity, wanted = self._answers(network, batch, torch.randn_like(batch["latents"]))
        total: Tensor = WEIGHT * (answer - mirrored - wanted).square().mean() + (answer - velocity).square().mean()
        return total

    def _answers(self, network: nn.Module, batch: loop.Batch, noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The answers to the captions and to their mirror images, and what the first and the difference should be."""
        alpha = self.alphas[batch["timesteps"]].view(-1, 1, 1, 1)
        noised = alpha.sqrt() * batch["latents"] + (1 - alpha).sqrt() * noise
        parts: Any = network
        with loop.half(self.device):
            states = parts["text"](torch.cat([batch["ids"], self.mirrored(batch["ids"])])).last_hidden_state
            scales = scale_embedding(torch.ones(2 * len(noised), device=noised.device))
            answers = parts["denoiser"](
                torch.cat([noised, noised]), batch["timesteps"].repeat(2), states, timestep_cond=scales
            ).sample.float()
        answer, mirrored = answers.chunk(2)
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * batch["latents"]
        return answer, mirrored, velocity, -(1 - alpha).sqrt() * batch["differences"]

    def measure(self, network: nn.Module) -> dict[str, float]:
        """How much of the difference the answers explain, from 0 for none to 1; the same noise every time."""
        batch = {name: value.to(self.device) for name, value in self.batch(np.random.default_rng(5)).items()}
        noise = torch.randn(batch["latents"].shape, generator=torch.Generator().manual_seed(5)).to(self.device)
        answer, mirrored, _, wanted = self._answers(network, batch, noise)
        left = (answer - mirrored - wanted).square().mean() / wanted.square().mean()
        return {"explained": 1 - left.item()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True, help="the exported autoencoder of the latents")
    parser.add_argument("--start", type=Path, required=True, help="a model with these latents, to go on from")
    parser.add_argument("--batch-size", type=int, default=8, help="captions a process; each is asked twice")
    loop.add_arguments(parser, learning_rate=5e-4)
    arguments = parser.parse_args()
    task = SidesTask(
        Latents(arguments.latents),
        arguments.autoencoder,
        arguments.device,
        arguments.batch_size,
        start=arguments.start,
    )
    loop.train(task, loop.schedule_of(arguments), loop.place_of(arguments))


if __name__ == "__main__":
    main()
