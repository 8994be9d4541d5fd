"""LoRAs: found, added to the weights as diffusers adds them, and refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from peft import LoraConfig as Adapter
from peft.utils import get_peft_model_state_dict

from engine.config import LoraConfig, ModelConfig
from engine.diffusion.loader import load_backend
from engine.errors import ModelError
from engine.storyboard.morph_path import NoiseStart
from tests.embedded import denoise_through, make_shot, numpy_deprecation, request
from tests.tiny_model import tiny_pipeline, tiny_xl_pipeline

pytestmark = numpy_deprecation
PROJECTIONS = ["to_q", "to_v"]


def save_lora(pipeline: Any, folder: Path, name: str = "style.safetensors", seed: int = 3) -> Path:
    """Save a LoRA of random weights for UNet and text encoder, as training scripts save one."""
    torch.manual_seed(seed)
    layers = {}
    for part, targets in (("unet", PROJECTIONS), ("text_encoder", ["q_proj", "v_proj"])):
        model = getattr(pipeline, part)
        model.add_adapter(Adapter(r=2, lora_alpha=4, target_modules=targets, init_lora_weights=False))
        layers[f"{part}_lora_layers"] = get_peft_model_state_dict(model)
    pipeline.save_lora_weights(folder, weight_name=name, **layers)
    return folder / name


@pytest.fixture(scope="module", params=["sd", "xl"])
def files(request, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("loras")
    make = tiny_pipeline if request.param == "sd" else tiny_xl_pipeline
    make().save_pretrained(folder / "model")
    return folder / "model", save_lora(make(), folder / "lora")


def latents(model: Path, **config: Any) -> torch.Tensor:
    backend = load_backend(ModelConfig(source=str(model), device="cpu", **config), threads=1)
    lanes = backend.open([request(make_shot(NoiseStart(), prompt="a frog", steps=3, guidance=3.0, seed=9), size=32)])
    denoise_through(backend, lanes, width=1)
    return lanes[0].latents


@pytest.mark.parametrize("weight", [1.0, 0.5])
def test_a_frame_is_that_of_diffusers_with_the_same_lora(files, weight):
    model, lora = files
    kind: Any = StableDiffusionXLPipeline if (model / "text_encoder_2").exists() else StableDiffusionPipeline
    pipeline = kind.from_pretrained(model)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="style")
    pipeline.set_adapters("style", weight)
    generator = torch.Generator("cpu").manual_seed(9)
    expected = pipeline(
        "a frog",
        height=32,
        width=32,
        num_inference_steps=3,
        guidance_scale=3.0,
        generator=generator,
        output_type="latent",
    ).images

    with_lora = latents(model, loras=(LoraConfig(source=str(lora), weight=weight),))

    assert (with_lora - expected).abs().max() < 1e-4
    assert (with_lora - latents(model)).abs().max() > 1e-2


def test_it_shows_in_the_models_name_for_its_pictures_are_others(files):
    model, lora = files
    loras = LoraConfig(source=str(lora.parent)), LoraConfig(source=str(lora), weight=0.5)
    backend = load_backend(ModelConfig(source=str(model), device="cpu", loras=loras), threads=1)
    assert backend.name == "model + lora + style ×0.5"


def refusal(model: Path, source: Path | str, **options: Any) -> str:
    lora = LoraConfig(source=str(source), **options)
    with pytest.raises(ModelError) as caught:
        load_backend(ModelConfig(source=str(model), device="cpu", loras=(lora,)), threads=1)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_no_lora_of_this_model_is_refused(files, tmp_path):
    model, lora = files
    other = tiny_pipeline(block_out_channels=(16, 32), cross_attention_dim=16)
    assert "wide.safetensors is damaged or incomplete (" in refusal(
        model, save_lora(other, tmp_path, "wide.safetensors")
    )
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(lora.read_bytes()[:1000])
    assert f"{cut} is damaged or incomplete (" in refusal(model, cut)
    assert "cut.safetensors, wide.safetensors); name one with file" in refusal(model, tmp_path)
    assert f"{tmp_path} has no file third.safetensors" in refusal(model, tmp_path, file="third.safetensors")


def test_nothing_but_safetensors_is_read(files, tmp_path):
    (tmp_path / "style.bin").write_bytes(b"cos\nsystem\n")
    assert "is no safetensors file; nothing else is read" in refusal(files[0], tmp_path / "style.bin")
    assert "has no file *.safetensors" in refusal(files[0], tmp_path)
    assert "neither a safetensors file, nor a directory, nor a hub id" in refusal(files[0], "./nowhere.safetensors")
