"""Loading a model: what is accepted, and the one line that everything else ends in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.loading import source as source_module
from engine.errors import ModelError
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import FeedbackStart
from tests.clip import write_clip_tokenizer
from tests.embedded import make_shot, numpy_deprecation, render, request
from tests.tiny_model import copy_model, save_tiny_model, tiny_xl_pipeline

pytestmark = numpy_deprecation


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A model as it should be. Tests that damage one copy it."""
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-dream")


@pytest.fixture
def model(sound, tmp_path) -> Path:
    return copy_model(sound, tmp_path / "tiny-dream")


def load(directory: Path | str):
    return load_backend(ModelConfig(source=str(directory), device="cpu"), threads=1)


def refusal(directory: Path | str) -> str:
    with pytest.raises(ModelError) as caught:
        load(directory)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    return message


def edit_json(path: Path, **changes) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# ---- what is accepted ----


def test_the_embedded_model_is_named_by_its_card():
    backend = load("embedded")

    assert backend.name == backend.card.name != ""
    assert (backend.device, backend.dtype) == ("cpu", "float32")


def test_a_directory_in_diffusers_layout_loads_and_renders(sound):
    backend = load(sound)
    noise, feedback = make_shot(NoiseStart()), make_shot(FeedbackStart(0), index=1)

    (first,) = render(backend, [request(noise, size=64)])
    (second,) = render(backend, [request(feedback, size=64, sources={0: first})])

    assert backend.name == "tiny-dream"
    assert first.shape == second.shape == (64, 64, 3)
    assert first.dtype == second.dtype == np.uint8
    assert not np.array_equal(first, second)


def test_a_card_beside_the_weights_names_the_model_and_its_taste(model):
    (model / "card.toml").write_text('name = "Dream"\n[common]\nsize = 96\n')

    backend = load(model)

    assert backend.name == "Dream"
    assert backend.card.common.size == 96


def test_half_precision_weights_are_computed_with_in_float32_on_a_cpu(tmp_path):
    backend = load(save_tiny_model(tmp_path / "half", dtype=torch.float16))

    stored = load_file(tmp_path / "half" / "unet" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float16}
    assert backend.dtype == "float32"
    assert backend._parts.unet.dtype == backend._parts.text_encoder.dtype == backend._parts.vae.dtype == torch.float32
    (picture,) = render(backend, [request(make_shot(NoiseStart()))])
    assert picture.std() > 0


def test_weights_in_several_files_load(model, tmp_path):
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(model / "unet")
    (model / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    unet.save_pretrained(model / "unet", max_shard_size="100KB")

    assert (model / "unet" / "diffusion_pytorch_model.safetensors.index.json").exists()
    load(model)


def test_the_vae_of_early_models_names_its_attention_otherwise_and_loads(model, sound):
    path = model / "vae" / "diffusion_pytorch_model.safetensors"
    old_names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    weights = {}
    for name, tensor in load_file(path).items():
        for new, old in old_names.items():
            name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
        weights[name] = tensor
    assert any("proj_attn" in name for name in weights)
    save_file(weights, path)

    shot = request(make_shot(NoiseStart()))
    assert np.array_equal(render(load(model), [shot])[0], render(load(sound), [shot])[0])


def test_a_safety_checker_is_neither_needed_nor_loaded(model):
    edit_json(model / "model_index.json", safety_checker=["stable_diffusion", "StableDiffusionSafetyChecker"])

    load(model)


@pytest.mark.parametrize("upcast", [True, False])
def test_a_vae_that_overflows_in_float16_stays_in_float32(model, upcast):
    edit_json(model / "vae" / "config.json", force_upcast=upcast)

    backend = load_backend(ModelConfig(source=str(model), device="cpu", dtype="float16"), threads=1)

    assert backend.dtype == "float16"
    assert backend._parts.vae.dtype == (torch.float32 if upcast else torch.float16)


def test_no_directory_ever_asks_the_hub(sound, monkeypatch):
    monkeypatch.setattr(source_module, "fetch", lambda *_: pytest.fail("the hub was asked"))

    load("embedded")
    load(sound)
    refusal("./nowhere")


# ---- no model there ----


def test_a_directory_that_is_not_there():
    assert refusal("./no/such/model") == (
        'There is no directory ./no/such/model: check [model] source, or set it to "embedded".'
    )


def test_a_single_file_checkpoint(tmp_path):
    (tmp_path / "v1-5.safetensors").write_bytes(b"")

    assert "is a file; a model is a directory in diffusers layout" in refusal(tmp_path / "v1-5.safetensors")


def test_a_directory_of_something_else(tmp_path):
    assert "has no model_index.json" in refusal(tmp_path)


def test_a_model_of_another_family(model):
    edit_json(model / "model_index.json", _class_name="FluxPipeline")

    assert "is a model for FluxPipeline; supported is Stable Diffusion 1, 2 or XL" in refusal(model)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer"])
def test_a_part_of_another_kind(model, part):
    edit_json(model / "model_index.json", **{part: ["diffusers", "SomethingElse"]})

    assert f"its {part} is of the kind SomethingElse" in refusal(model)


def test_an_inpainting_model(tmp_path):
    save_tiny_model(tmp_path / "inpaint", in_channels=9)

    assert "models for inpainting or upscaling are not supported" in refusal(tmp_path / "inpaint")


def test_a_unet_made_for_another_text_encoder(tmp_path):
    save_tiny_model(tmp_path / "mixed", cross_attention_dim=24)

    assert "expects a text encoder of width 24, and this one has 16" in refusal(tmp_path / "mixed")


def test_a_tokenizer_made_for_another_text_encoder(model):
    write_clip_tokenizer(model / "tokenizer")
    (model / "tokenizer" / "tokenizer.json").unlink()

    known = json.loads((model / "text_encoder" / "config.json").read_text())["vocab_size"]
    assert f"the tokenizer knows 49408 tokens, the text encoder only {known}" in refusal(model)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"cross_attention_dim": 16}, "expects a text encoder of width 16, and this one has 40"),
        ({"projection_class_embeddings_input_dim": 12 + 5 * 8}, "told more than prompts and a size, as refiners are"),
    ],
)
def test_a_unet_of_sdxl_that_does_not_fit_its_text_encoders(tmp_path, options, reason):
    tiny_xl_pipeline(**options).save_pretrained(tmp_path)

    assert reason in refusal(tmp_path)


@pytest.mark.parametrize("part", ["text_encoder_2", "tokenizer_2"])
def test_a_model_of_sdxl_without_its_second_text_encoder(tmp_path, part):
    tiny_xl_pipeline().save_pretrained(tmp_path)
    shutil.rmtree(tmp_path / part)

    assert refusal(tmp_path) == f"{tmp_path} is incomplete: it has no directory {part}."


# ---- damage ----


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer"])
def test_a_part_that_is_missing(model, part):
    for path in (model / part).iterdir():
        path.unlink()
    (model / part).rmdir()

    assert refusal(model) == f"{model} is incomplete: it has no directory {part}."


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_that_are_missing(model, part):
    next((model / part).glob("*.safetensors")).unlink()

    assert "is incomplete: it has no" in refusal(model)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_that_could_run_code_are_not_opened(model, part):
    weights = next((model / part).glob("*.safetensors"))
    weights.with_suffix(".bin").write_bytes(b"cos\nsystem\n")
    weights.unlink()

    assert "only safetensors are read" in refusal(model)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"\xff" * 5000])
def test_weights_that_are_damaged(model, part, damage):
    weights = next((model / part).glob("*.safetensors"))
    weights.write_bytes(damage(weights.read_bytes()))

    assert refusal(model).startswith(f"{model / part} is damaged or incomplete (")


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_of_which_some_are_missing(model, part):
    path = next((model / part).glob("*.safetensors"))
    weights = load_file(path)
    lost = sorted(weights)[len(weights) // 2]
    del weights[lost]
    save_file(weights, path, metadata={"format": "pt"})

    assert "weights are missing, such as" in refusal(model)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_weights_of_another_shape(model, part):
    path = next((model / part).glob("*.safetensors"))
    weights = load_file(path)
    name = next(name for name, tensor in weights.items() if tensor.ndim > 1)
    weights[name] = weights[name][:1].clone()
    save_file(weights, path, metadata={"format": "pt"})

    assert str(model / part) in refusal(model)


@pytest.mark.parametrize(
    "file",
    [
        "model_index.json",
        "scheduler/scheduler_config.json",
        "unet/config.json",
        "vae/config.json",
        "text_encoder/config.json",
        "tokenizer/tokenizer.json",
    ],
)
@pytest.mark.parametrize("content", ["{", "[]", None], ids=["cut off", "another shape", "missing"])
def test_a_configuration_that_is_damaged(model, file, content):
    if content is None:
        (model / file).unlink()
    else:
        (model / file).write_text(content)

    assert str((model / file).parent) in refusal(model)


@pytest.mark.parametrize(
    "changes", [{"beta_schedule": "none such"}, {"num_train_timesteps": "many"}, {"timestep_spacing": "odd"}]
)
def test_a_schedule_that_makes_no_sense(model, changes):
    edit_json(model / "scheduler" / "scheduler_config.json", **changes)

    assert refusal(model).startswith(f"{model / 'scheduler'} is damaged or incomplete (")


def test_a_card_that_is_wrong(model):
    (model / "card.toml").write_text("[common]\nsize = 100\n")

    assert "card.toml: common.size" in refusal(model)


# ---- devices ----


def test_a_device_that_is_not_there(sound, monkeypatch):
    monkeypatch.setattr(torch, "empty", lambda *args, **kwargs: (_ for _ in ()).throw(RuntimeError("No CUDA GPUs")))

    with pytest.raises(ModelError, match=r'device is "cuda:1", but there is none here; "auto" takes what there is'):
        load_backend(ModelConfig(source=str(sound), device="cuda:1"))
