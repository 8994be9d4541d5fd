"""What the denoiser learns from: latents of drawings, and of drawings that a feedback chain has worn."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from engine.diffusion.loading.source import EMBEDDED
from training.drawing.facts import facts_of
from training.drawing.picture import Picture
from training.latents import Encoder, Latents, encode_shard, stray, there_and_back
from training.pictures import to_tensor


@pytest.fixture(scope="module")
def images():
    return to_tensor(np.stack([np.asarray(Picture.draw(seed).image) for seed in range(3)]))


def generator():
    return torch.Generator().manual_seed(7)


def test_there_and_back_softens_and_moves_nothing(images):
    moved = there_and_back(images, generator())
    assert moved.shape == images.shape
    edges, softened = (part.diff(dim=3).abs().amax((1, 2, 3)) for part in (images, moved))
    assert (softened <= edges + 1e-4).all()
    error = (moved - images).abs().mean((1, 2, 3))
    assert (error > 0).all()
    assert (error < 0.06).all()


def test_strayed_colours_stay_colours(images):
    strayed = stray(images, generator())
    assert strayed.min() >= -1
    assert strayed.max() <= 1
    changed = (strayed - images).abs().mean((1, 2, 3))
    assert (changed > 0.005).any()
    assert (changed < 0.35).all()


def test_a_shard_becomes_latents_worn_latents_and_facts(tmp_path):
    pictures = [Picture.draw(seed) for seed in range(4)]
    np.save(tmp_path / "pictures-00003.npy", np.stack([np.asarray(picture.image) for picture in pictures]))
    lines = [json.dumps({"caption": picture.caption, **asdict(picture.facts)}) for picture in pictures]
    (tmp_path / "pictures-00003.jsonl").write_text("\n".join(lines) + "\n")
    encode_shard(Encoder(EMBEDDED / "vae", "cpu"), tmp_path / "pictures-00003.npy", tmp_path, worn=True)
    latents = Latents(tmp_path, held_out=1)
    assert latents.values.shape == latents.worn.shape == (4, 12, 16, 16)
    assert latents.training == 3
    assert latents.facts == [picture.facts for picture in pictures] == facts_of(tmp_path / "pictures-00003.jsonl")
    apart = (latents.values.float() - latents.worn.float()).square().mean().sqrt()
    assert 0.02 < apart < 0.6, "worn, and still the same picture"
