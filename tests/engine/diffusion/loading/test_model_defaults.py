"""What is known of a model without a card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.config import ModelConfig
from engine.diffusion.loading.model_defaults import LCM, TURBO, infer_settings
from engine.diffusion.loading.source import find_model
from engine.recipe.settings import BUILT_IN, Overrides, Settings

EULER = {"_class_name": "EulerDiscreteScheduler"}
TRAILING = EULER | {"timestep_spacing": "trailing"}


def files(directory: Path, pipeline: str = "StableDiffusionPipeline", scheduler=None, side: int = 64) -> Path:
    contents = {
        "model_index.json": {"_class_name": pipeline},
        "scheduler/scheduler_config.json": scheduler or {"_class_name": "PNDMScheduler"},
        "unet/config.json": {"sample_size": side},
        "vae/config.json": {"block_out_channels": [128, 256, 512, 512]},
    }
    for name, content in contents.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(json.dumps(content))
    return directory


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Overrides(size=512)),
        ({"side": 96}, Overrides(size=768)),
        ({"pipeline": "StableDiffusionXLPipeline", "side": 128}, Overrides(size=1024, guidance=5.0)),
        ({"pipeline": "LatentConsistencyModelPipeline", "side": 96}, LCM | Overrides(size=768)),
        ({"scheduler": {"_class_name": "LCMScheduler"}}, LCM | Overrides(size=512)),
        ({"scheduler": TRAILING}, TURBO | Overrides(size=512)),
        ({"scheduler": EULER}, Overrides(size=512)),
        ({"scheduler": TRAILING | {"rescale_betas_zero_snr": True}}, Overrides(size=512)),
        ({"scheduler": TRAILING | {"prediction_type": "v_prediction"}}, Overrides(size=512)),
        ({"side": 7}, Overrides()),
    ],
)
def test_what_follows_from_a_models_files(tmp_path, given, expected):
    assert infer_settings(files(tmp_path, **given)) == expected


def test_files_that_cannot_be_read_say_nothing(tmp_path):
    files(tmp_path)
    for path in tmp_path.rglob("*.json"):
        path.write_text("{")
    assert infer_settings(tmp_path) == infer_settings(tmp_path / "nowhere") == Overrides()


def test_a_card_says_otherwise_and_a_distilled_model_makes_frames_in_two_calls(tmp_path):
    files(tmp_path, scheduler=TRAILING)
    card = find_model(ModelConfig(source=str(tmp_path))).card
    settings = Settings.from_layers([BUILT_IN.for_kind("giro"), card.for_kind("giro")])
    assert (settings.steps * settings.strength, settings.guidance, settings.scheduler) == (2, 1, "euler")

    (tmp_path / "card.toml").write_text("[common]\nsize = 256\nsteps = 1\n")
    card = find_model(ModelConfig(source=str(tmp_path))).card
    assert (card.common.size, card.common.steps, card.common.guidance) == (256, 1, 1.0)
