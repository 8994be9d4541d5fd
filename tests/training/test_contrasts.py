"""What answers to captions that differ in a few words are asked for."""

import json
import re
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from engine.diffusion.loading.source import EMBEDDED
from training.contrasts import (
    ALTERED,
    MOUNTAINS,
    SIDES,
    Averages,
    ContrastTask,
    contrast,
    contrasts_of,
    left_unsaid,
)
from training.denoiser import DenoiserTask
from training.drawing.facts import Facts, sample
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


def test_two_captions_differ_in_one_concept_and_in_nothing_else():
    sunny = Facts("countryside", season="summer", trees="poplar", tree_side="left", field="vineyard")
    wintry = replace(sunny, season="winter")
    found = [contrast(0, sunny, wintry, frozenset(("season",)), seed) for seed in range(40)]
    pairs = [pair for pair in found if pair is not None]
    assert 10 < len(pairs) < 40, "where no season is said nothing differs"
    assert all(pair.facts == (wintry,) and pair.caption != pair.other for pair in pairs)
    words = re.compile("winter|wintry|snow")
    assert all(words.search(pair.other) and not words.search(pair.caption) for pair in pairs)


def test_every_kind_of_contrast_is_found_among_pictures():
    rng = np.random.default_rng(2)
    facts = [sample(rng) for _ in range(600)]
    found = contrasts_of(facts, rng)
    assert found.keys() == {SIDES, MOUNTAINS, *ALTERED}
    allowed = {SIDES: {"tree_side", "sea_side"}, MOUNTAINS: {"region"}}
    for kind, contrasts in found.items():
        for pair in contrasts:
            before = asdict(facts[pair.row])
            changed = {name for after in map(asdict, pair.facts) for name in before if before[name] != after[name]}
            assert changed <= allowed.get(kind, {kind})
            assert changed or kind == MOUNTAINS, "all pictures that were taken for it may be of the Dolomites"
            assert kind != "animal" or facts[pair.row].scene == "animal", "on stilts they are frogs"


def test_a_region_that_can_only_be_left_unsaid_is_held_against_all_that_this_leaves_open():
    climb = Facts("climb", region="dolomites", trees="pine")
    others = [climb, replace(climb, region="none", season="winter")]
    found = [left_unsaid(0, climb, "region", others, seed) for seed in range(40)]
    pairs = [pair for pair in found if pair is not None]
    assert len(pairs) > 5
    assert all("olomit" in pair.caption and "olomit" not in pair.other for pair in pairs)
    assert all(pair.facts == (climb, replace(climb, region="none")) for pair in pairs), "the season is its own"


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
    assert len(batch["pair_ids"]) == task.pairs
    sizes = batch["pair_differences"].square().mean((1, 2, 3))
    assert (sizes * batch["pair_weights"] < 4).all(), "errors count by what should differ"
    kinds = {kind: pairs for kind, pairs in task._contrasts.items() if kind in (SIDES, "jersey")}
    side, jersey = (task._difference(pairs[0]) for pairs in kinds.values())
    assert float(side.mean().abs()) == pytest.approx(1, abs=0.35), (
        "the sea makes all latents differ, less a little ridge"
    )
    assert float(jersey[:, 8, 8].abs().mean()) > 5 * float(jersey[:, 0, 0].abs().mean())


class Answers(nn.Module):
    """A denoiser whose answers to captions and to the other ones differ by `share` of what they should."""

    def __init__(self, batch, alphas, share):
        super().__init__()
        alpha = alphas[batch["pair_timesteps"]].view(-1, 1, 1, 1)
        self.half = share * (1 - alpha).sqrt() * batch["pair_differences"] / 2

    def forward(self, noised, timesteps, states, timestep_cond):
        return SimpleNamespace(sample=torch.cat([-self.half, self.half]))


def test_answers_that_are_the_averages_differ_by_what_they_should(task):
    batch = task.pairs_of(np.random.default_rng(5))
    network = task.network()
    network["denoiser"] = Answers(batch, task.alphas, share=1.0)
    answered, wanted = task._differences(network, batch, torch.zeros_like(batch["pair_latents"]))
    torch.testing.assert_close(answered, wanted)


@pytest.mark.parametrize(("share", "explained"), [(0.0, 0.0), (0.5, 0.75), (1.0, 1.0), (-1.0, -3.0)])
def test_how_much_of_each_kind_is_explained(task, share, explained, monkeypatch):
    def answering(network, batch, noise):
        return share * batch["pair_differences"], batch["pair_differences"]

    monkeypatch.setattr(task, "_differences", answering)
    monkeypatch.setattr(DenoiserTask, "measure", lambda *_: {"held_out": 0.5})
    found = task.measure(task.network())
    assert found.pop("held_out") == 0.5
    assert found and found == pytest.approx(dict.fromkeys(found, explained), abs=1e-4)


def test_one_step(task):
    network = task.network()
    loss = task.loss(network, task.batch(np.random.default_rng(1)))
    loss.backward()
    assert torch.isfinite(loss)
    words = task.tokenizer("left right pink", add_special_tokens=False).input_ids
    table = network["text"].get_input_embeddings().weight
    assert (table.grad[words].abs().amax(1) > 0).all(), "what the words mean is learnt, too"
