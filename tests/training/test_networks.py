"""The networks before training, and one step of each."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from engine.diffusion.loading.source import EMBEDDED
from training import autoencoder_net, denoiser
from training.autoencoder import AutoencoderTask
from training.classifier import Classifier, ClassifierTask, load, save
from training.denoiser import DenoiserTask, build_denoiser, load_weights
from training.drawing.facts import CONCEPTS, VALUES, Facts, sample
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


def test_a_judge_on_disk_knows_what_it_knew_and_only_that(tmp_path):
    torch.manual_seed(0)
    network = Classifier({"scene": ("sea", "town"), "light": ("day", "night")}).eval()
    save(network, tmp_path, {"scene": 0.91234, "light": 1.0})
    images = torch.randn(6, 3, 128, 128)
    again = load(tmp_path)
    assert again.judge(images) == network.judge(images)
    assert json.loads((tmp_path / "judge.json").read_text())["right"] == {"scene": 0.912, "light": 1.0}


def some_latents(folder, worn=0, facts=None):
    rng = np.random.default_rng(0)
    np.save(folder / "latents-00000.npy", rng.normal(size=(8, 12, 16, 16)).astype(np.float16))
    if worn:
        np.save(folder / "worn-00000.npy", rng.normal(size=(worn, 12, 16, 16)).astype(np.float16))
    facts = facts or [sample(rng) for _ in range(8)]
    (folder / "latents-00000.jsonl").write_text("\n".join(json.dumps(asdict(one)) for one in facts) + "\n")
    return Latents(folder, held_out=2)


def test_one_step_of_the_denoiser(tmp_path):
    task = DenoiserTask(some_latents(tmp_path), tmp_path, "cpu", batch_size=2, vocabulary_captions=500)
    step(task, task.batch(np.random.default_rng(1)))


def test_training_goes_on_from_the_packed_model(tmp_path):
    task = DenoiserTask(some_latents(tmp_path), EMBEDDED / "vae", "cpu", batch_size=2, start=EMBEDDED)
    network = task.network()
    packed = load_file(EMBEDDED / "unet" / "diffusion_pytorch_model.safetensors")
    learned = network["denoiser"].state_dict()
    assert all(torch.equal(learned[name], value.float()) for name, value in packed.items())
    assert learned.keys() - packed.keys() <= {"time_embedding.cond_proj.weight"}
    step(task, task.batch(np.random.default_rng(1)))


def test_a_share_of_each_batch_learns_guidance_in_one_call(tmp_path):
    task = DenoiserTask(
        some_latents(tmp_path), tmp_path, "cpu", batch_size=8, guided_share=0.25, start=EMBEDDED, teacher=EMBEDDED
    )
    batch = task.batch(np.random.default_rng(1))
    assert (batch["scales"][:2] > 1).all()
    assert (batch["scales"][2:] == 1).all()
    step(task, batch)


def test_guidance_is_not_learnt_without_a_teacher(tmp_path):
    with pytest.raises(ValueError, match="teacher"):
        DenoiserTask(some_latents(tmp_path), tmp_path, "cpu", vocabulary_captions=500, guided_share=0.25)


def test_a_share_of_each_batch_begins_from_worn_pictures_and_is_asked_for_whole_ones(tmp_path):
    task = DenoiserTask(
        some_latents(tmp_path, worn=3), tmp_path, "cpu", batch_size=8, vocabulary_captions=500, worn_share=0.5
    )
    batch = task.batch(np.random.default_rng(1))
    assert batch["seen"][:4].equal(batch["latents"][:4])
    assert all(not seen.equal(whole) for seen, whole in zip(batch["seen"][4:], batch["latents"][4:], strict=True))
    clean = task.latents.values[:3].float()
    assert all((row == clean).flatten(1).all(1).any() for row in batch["latents"][4:]), "of those that are worn"
    assert batch["timesteps"][4:].min() >= 0.2 * denoiser.TIMESTEPS
    step(task, batch)


def test_a_share_of_each_batch_is_about_what_is_learnt_last(tmp_path, monkeypatch):
    monkeypatch.setattr(denoiser, "HARD", ("tree_side", "sea_side"))
    beside_the_sea = Facts("sea", sea_side="left", trees="pine", tree_side="right")
    latents = some_latents(tmp_path, facts=[beside_the_sea] * 3 + [Facts("animal", animal="fox", place="plain")] * 5)
    task = DenoiserTask(latents, tmp_path, "cpu", batch_size=8, vocabulary_captions=500, hard_share=0.5)
    batch = task.batch(np.random.default_rng(1))
    assert batch["hard"].tolist() == [False, True] * 4
    sides = {
        number for word in ("left", "right") for number in task.tokenizer(word, add_special_tokens=False).input_ids
    }
    for row in range(1, 8, 2):
        assert (latents.values[:3].float() == batch["latents"][row]).flatten(1).all(1).any()
        assert sides & set(batch["ids"][row].tolist()), "its caption names the side"
        assert batch["timesteps"][row] >= denoiser.TIMESTEPS // 2, "where a picture's plan is made"
    step(task, batch)


class Remembers(nn.Module):
    """A denoiser that answers with the velocity to `picture`, wherever it is asked from."""

    def __init__(self, picture, alphas):
        super().__init__()
        self.picture, self.alphas = picture, alphas

    def forward(self, noised, timesteps, states, timestep_cond):
        alpha = self.alphas[timesteps].view(-1, 1, 1, 1)
        return SimpleNamespace(sample=(alpha.sqrt() * noised - self.picture) / (1 - alpha).sqrt())


def test_the_target_is_the_velocity_that_leads_to_the_picture_as_it_was_drawn(tmp_path):
    task = DenoiserTask(
        some_latents(tmp_path, worn=3), tmp_path, "cpu", batch_size=8, vocabulary_captions=500, worn_share=0.5
    )
    batch = task.batch(np.random.default_rng(1))
    batch["timesteps"] = torch.linspace(100, 999, 8).long()
    network = task.network()
    alphas = denoiser.build_scheduler().alphas_cumprod
    network["denoiser"] = Remembers(batch["latents"], alphas)
    assert float(task.loss(network, batch)) == pytest.approx(0, abs=1e-4)


def test_a_model_that_was_never_told_a_scale_begins_by_ignoring_it(tmp_path):
    unet = build_denoiser()
    weights = unet.state_dict()
    del weights["time_embedding.cond_proj.weight"]
    again = build_denoiser()
    load_weights(again, weights)
    assert not again.time_embedding.cond_proj.weight.any()


def test_the_scheduler_ends_in_pure_noise():
    scheduler = denoiser.build_scheduler()
    assert float(scheduler.alphas_cumprod[-1]) == pytest.approx(0, abs=1e-8)
    scheduler.set_timesteps(10)
    assert int(scheduler.timesteps[0]) == denoiser.TIMESTEPS - 1
