"""Left and right: what mirrored captions are asked for."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from engine.diffusion.source import EMBEDDED
from training.drawing.facts import Facts
from training.latents import Latents
from training.sides import SidesTask, kind_of
from training.text import draw_apart

LEFT = Facts("sea", sea_side="left", trees="pine", tree_side="right")
RIGHT = LEFT.mirrored()


@pytest.fixture
def task(tmp_path):
    """Twelve pictures by the sea, on either side of it, and two foxes; the last two are held out."""
    values = np.random.default_rng(0).normal(size=(14, 12, 16, 16)).astype(np.float16)
    values[:6] += 1  # where the sea is on the left
    np.save(tmp_path / "latents-00000.npy", values)
    facts = [LEFT] * 6 + [RIGHT] * 6 + [Facts("animal", animal="fox", place="plain")] * 2
    (tmp_path / "latents-00000.jsonl").write_text("\n".join(json.dumps(asdict(one)) for one in facts) + "\n")
    return SidesTask(Latents(tmp_path, held_out=2), EMBEDDED / "vae", "cpu", batch_size=4, start=EMBEDDED)


def test_what_a_picture_is_one_of():
    assert kind_of(LEFT) == ("sea", "left")
    assert kind_of(Facts("countryside", trees="pine", tree_side="right")) == ("countryside", "right")
    assert kind_of(Facts("avenue", trees="pine", tree_side="both")) is None


def test_captions_are_mirrored_by_their_words(task):
    both = "the sea on the left, trees on the right"
    ids = torch.tensor([task.tokenizer(both).input_ids])
    assert task.tokenizer.decode(task.mirrored(ids)[0, 1:-1]) == "the sea on the right , trees on the left"
    assert task.mirrored(task.mirrored(ids)).equal(ids)


def test_answers_are_to_differ_as_the_pictures_do(task):
    batch = task.batch(np.random.default_rng(0))
    assert batch["timesteps"].min() >= 930
    on_the_left = batch["latents"].mean((1, 2, 3)) > 0.5
    asked = batch["differences"].mean((1, 2, 3))
    assert torch.allclose(asked, torch.where(on_the_left, 1.0, -1.0), atol=0.05)


class Answers(nn.Module):
    """A denoiser whose answers to captions and to their mirror images differ by `share` of what they should."""

    def __init__(self, batch, alphas, share):
        super().__init__()
        alpha = alphas[batch["timesteps"]].view(-1, 1, 1, 1)
        self.half = share * (1 - alpha).sqrt() * batch["differences"] / 2

    def forward(self, noised, timesteps, states, timestep_cond):
        return SimpleNamespace(sample=torch.cat([-self.half, self.half]))


@pytest.mark.parametrize(("share", "explained"), [(0.0, 0.0), (0.5, 0.75), (1.0, 1.0), (-1.0, -3.0)])
def test_how_much_of_the_difference_is_explained(task, share, explained):
    network = task.network()
    network["denoiser"] = Answers(task.batch(np.random.default_rng(5)), task.alphas, share)
    assert task.measure(network)["explained"] == pytest.approx(explained, abs=1e-4)


def test_one_step(task):
    network = task.network()
    loss = task.loss(network, task.batch(np.random.default_rng(1)))
    loss.backward()
    assert torch.isfinite(loss)
    table = network["text"].get_input_embeddings().weight
    assert table.grad[list(task._sides)].abs().max() > 0, "what the words mean is learnt, too"


def test_words_that_a_model_does_not_tell_apart_are_drawn_apart_and_no_others(task):
    encoder = super(SidesTask, task).network()["text"]
    before = encoder.get_input_embeddings().weight.detach().clone()
    draw_apart(encoder, task.tokenizer, ("left", "right"))
    after = encoder.get_input_embeddings().weight
    left, right = task.tokenizer("left right", add_special_tokens=False).input_ids
    torch.testing.assert_close(after[left] - after[right], 4 * (before[left] - before[right]), atol=1e-5, rtol=1e-4)
    assert (before != after).any(1).nonzero().flatten().tolist() == sorted((left, right))
    with pytest.raises(ValueError, match="tokens"):
        draw_apart(encoder, task.tokenizer, ("leftwards",))
