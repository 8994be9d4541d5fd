"""What answers to captions that differ in a few words are asked for."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from engine.diffusion.source import EMBEDDED
from training.contrasts import Averages, ContrastTask, mirrored, recoloured
from training.denoiser import DenoiserTask
from training.drawing.facts import Facts
from training.latents import Latents

LEFT = Facts("sea", sea_side="left", trees="pine", tree_side="right", jersey="pink")
RIGHT = LEFT.mirrored()
FOX = Facts("animal", animal="fox", place="plain")
RNG = np.random.default_rng(3)


@pytest.fixture
def task(tmp_path):
    """Riders by the sea, on either side of it, and foxes; the last two are held out."""
    facts = [LEFT] * 20 + [RIGHT] * 20 + [replace(LEFT, jersey="blue")] * 20 + [FOX] * 10
    values = np.random.default_rng(0).normal(size=(len(facts), 12, 16, 16)).astype(np.float16) * 0.1
    values[[facts_.sea_side == "left" for facts_ in facts]] += 1
    values[[facts_.jersey == "blue" for facts_ in facts], :, 8, 8] -= 2
    np.save(tmp_path / "latents-00000.npy", values)
    (tmp_path / "latents-00000.jsonl").write_text("\n".join(json.dumps(asdict(one)) for one in facts) + "\n")
    return ContrastTask(Latents(tmp_path, held_out=2), EMBEDDED / "vae", "cpu", batch_size=2, pairs=8, start=EMBEDDED)


def test_sides_are_exchanged_in_words_and_facts():
    assert mirrored("the sea on the left, trees on the right", LEFT) == (
        "the sea on the right, trees on the left",
        RIGHT,
    )
    assert mirrored("a bright road by the sea", LEFT) is None, "no side is named"


@pytest.mark.parametrize(
    "caption",
    ["a cyclist in a pink jersey, pink blossom", "a pink cyclist, pink blossom", "a bike rider in pink, pink blossom"],
)
def test_a_jersey_gets_another_colour_and_nothing_else_does(caption):
    other, facts = recoloured(caption, LEFT, RNG)
    assert facts == replace(LEFT, jersey=facts.jersey) and facts.jersey not in ("pink", "none", "many")
    assert other == caption.replace("pink", facts.jersey, 1)


@pytest.mark.parametrize(
    ("caption", "facts"),
    [("the maglia rosa, pink blossom", LEFT), ("the peloton", replace(LEFT, jersey="many")), ("a fox", FOX)],
)
def test_what_names_no_colour_of_a_jersey_stays(caption, facts):
    assert recoloured(caption, facts, RNG) is None


def test_averages_add_up_what_each_fact_brings():
    facts = [replace(FOX, light=light, season=season) for light in ("day", "night") for season in ("spring", "winter")]
    shift = {"day": 0.0, "night": 2.0, "spring": 0.0, "winter": -1.0}
    values = torch.stack([torch.full((12, 16, 16), shift[one.light] + shift[one.season]) for one in facts])
    averages = Averages(values.repeat(50, 1, 1, 1), facts * 50)
    night, day = averages.of(facts[2]), averages.of(facts[0])
    assert torch.allclose(night - day, torch.tensor(2.0), atol=0.1)
    assert torch.allclose(averages.of(facts[1]) - day, torch.tensor(-1.0), atol=0.1)


def test_answers_are_to_differ_as_such_pictures_do(task):
    batch = task.batch(np.random.default_rng(0))
    assert batch["pair_timesteps"].min() >= 900
    sides, jerseys = batch["pair_differences"][::2], batch["pair_differences"][1::2]
    on_the_left = batch["pair_latents"][::2].mean((1, 2, 3)) > 0.5
    assert torch.allclose(sides.mean((1, 2, 3)), torch.where(on_the_left, 1.0, -1.0), atol=0.35), "with a little ridge"
    assert (jerseys[:, :, 8, 8].abs() > 5 * jerseys[:, :, 0, 0].abs()).float().mean() > 0.8


class Answers(nn.Module):
    """A denoiser whose answers to captions and to the other ones differ by `share` of what they should."""

    def __init__(self, batch, alphas, share):
        super().__init__()
        alpha = alphas[batch["pair_timesteps"]].view(-1, 1, 1, 1)
        self.half = share * (1 - alpha).sqrt() * batch["pair_differences"] / 2

    def forward(self, noised, timesteps, states, timestep_cond):
        return SimpleNamespace(sample=torch.cat([-self.half, self.half]))


@pytest.mark.parametrize(("share", "explained"), [(0.0, 0.0), (0.5, 0.75), (1.0, 1.0), (-1.0, -3.0)])
def test_how_much_of_the_difference_is_explained(task, share, explained, monkeypatch):
    network = task.network()
    network["denoiser"] = Answers(task.pairs_of(np.random.default_rng(5)), task.alphas, share)
    monkeypatch.setattr(DenoiserTask, "measure", lambda *_: {"held_out": 0.5})
    expected = {"held_out": 0.5, "sides": explained, "jersey": explained}
    assert task.measure(network) == pytest.approx(expected, abs=1e-4)


def test_one_step(task):
    network = task.network()
    loss = task.loss(network, task.batch(np.random.default_rng(1)))
    loss.backward()
    assert torch.isfinite(loss)
    words = task.tokenizer("left right pink", add_special_tokens=False).input_ids
    table = network["text"].get_input_embeddings().weight
    assert (table.grad[words].abs().amax(1) > 0).all(), "what the words mean is learnt, too"
