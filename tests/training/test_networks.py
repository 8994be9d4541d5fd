"""The networks before training, and one step of each."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from training import autoencoder_net, denoiser
from training.autoencoder import AutoencoderTask
from training.classifier import Classifier, ClassifierTask
from training.denoiser import DenoiserTask
from training.drawing.facts import CONCEPTS, VALUES, sample
from training.drawing.picture import Picture
from training.latents import Latents
from training.pictures import Pictures, sheet, to_pixels, to_tensor


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A folder with one shard of a dozen pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    pictures = [Picture.draw(seed) for seed in range(12)]
    np.save(folder / "pictures-00000.npy", np.stack([np.asarray(picture.image) for picture in pictures]))
    lines = [json.dumps({"caption": picture.caption, **asdict(picture.facts)}) for picture in pictures]
    (folder / "pictures-00000.jsonl").write_text("\n".join(lines) + "\n")
    return folder, [picture.facts for picture in pictures]


@pytest.fixture(scope="module")
def autoencoder():
    torch.manual_seed(0)
    return autoencoder_net.build().eval()


def test_pixels_survive_the_way_to_tensors_and_back(drawn):
    pictures = Pictures(drawn[0], held_out=4)
    images = pictures.held_out()
    assert images.shape == (4, 3, 256, 256)
    assert np.array_equal(to_pixels(to_tensor(to_pixels(images))), to_pixels(images))
    assert sheet([to_pixels(images), to_pixels(images[:2])]).shape == (512, 1024, 3)


def test_the_untrained_autoencoder_already_shows_the_picture(drawn, autoencoder):
    images = Pictures(drawn[0], held_out=4).held_out()
    with torch.no_grad():
        latents = autoencoder.encode(images).latent_dist.mean
        output = autoencoder.decode(latents).sample
    assert latents.shape == (4, autoencoder_net.LATENT_CHANNELS, 16, 16)
    assert autoencoder_net.psnr(output, images) > 18


def test_normalising_changes_the_latents_and_not_the_pictures(drawn):
    torch.manual_seed(0)
    network = autoencoder_net.build().eval()
    images = Pictures(drawn[0], held_out=8).held_out()
    with torch.no_grad():
        before = network.decode(network.encode(images).latent_dist.mean).sample
        autoencoder_net.normalise(network, images)
        latents = network.encode(images).latent_dist.mean
        after = network.decode(latents).sample
    assert torch.allclose(before, after, atol=1e-2)
    scaled = latents * network.config.scaling_factor
    assert float(scaled.mean()) == pytest.approx(0, abs=0.02)
    assert float(scaled.square().mean()) == pytest.approx(1, abs=0.05)


def step(task, batch):
    network = task.network()
    loss = task.loss(network, batch)
    loss.backward()
    assert torch.isfinite(loss)
    assert any(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in network.parameters())


def test_one_step_of_the_autoencoder(drawn):
    task = AutoencoderTask(Pictures(drawn[0], held_out=4), "cpu")
    step(task, {"images": task.batch(np.random.default_rng(0))["images"][:1]})


def test_one_step_of_the_classifier(drawn):
    task = ClassifierTask(Pictures(drawn[0], held_out=4), drawn[1], "cpu", batch_size=4)
    step(task, task.batch(np.random.default_rng(0)))


def test_the_classifier_names_a_value_for_every_concept():
    judged = Classifier().eval().judge(torch.zeros(2, 3, 64, 64))
    assert all(seen[name] in VALUES[name] for seen in judged for name in CONCEPTS)


def test_one_step_of_the_denoiser(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "latents-00000.npy", rng.normal(size=(8, 12, 16, 16)).astype(np.float16))
    facts = [json.dumps(asdict(sample(rng))) for _ in range(8)]
    (tmp_path / "latents-00000.jsonl").write_text("\n".join(facts) + "\n")
    task = DenoiserTask(Latents(tmp_path, held_out=2), tmp_path, "cpu", batch_size=2, vocabulary_captions=500)
    step(task, task.batch(rng))


def test_the_scheduler_ends_in_pure_noise():
    scheduler = denoiser.build_scheduler()
    assert float(scheduler.alphas_cumprod[-1]) == pytest.approx(0, abs=1e-8)
    scheduler.set_timesteps(10)
    assert int(scheduler.timesteps[0]) == denoiser.TIMESTEPS - 1
