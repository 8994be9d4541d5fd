"""The model's own safety checker: where it is found, and that it says what diffusers' pipeline would say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.safety_checker import SafetyChecker
from engine.errors import ModelError
from tests.embedded import numpy_deprecation
from tests.tiny_model import add_tiny_checker, copy_model, save_tiny_model, tiny_checker, tiny_extractor, tiny_pipeline

pytestmark = numpy_deprecation

ALWAYS, NEVER = -2.0, 2.0


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-dream")


@pytest.fixture
def model(sound, tmp_path) -> Path:
    return copy_model(sound, tmp_path / "tiny-dream")


def load(directory: Path, *, safety_checker: bool = True):
    return load_backend(ModelConfig(source=str(directory), device="cpu"), threads=1, safety_checker=safety_checker)


def pictures(count: int) -> list[np.ndarray]:
    """Pictures of plain colours and noise: a random checker tells them apart."""
    random = np.random.default_rng(4)
    colours = random.integers(0, 256, (count, 1, 1, 3))
    noise = random.integers(-40, 41, (count, 48, 64, 3))
    return list((colours + noise).clip(0, 255).astype(np.uint8))


def pipelines_verdicts(pipeline: StableDiffusionPipeline, shown: list[np.ndarray]) -> list[bool]:
    """Ask diffusers' own pipeline, the way it asks for itself after it has decoded."""
    decoded = torch.tensor(np.stack(shown)).permute(0, 3, 1, 2).float() / 255 * 2 - 1
    _, verdicts = pipeline.run_safety_checker(decoded, "cpu", torch.float32)
    return verdicts


def divided(shown: list[np.ndarray]) -> float:
    """Return a threshold that about half of the pictures are above."""
    checker, pixels = tiny_checker(NEVER), tiny_extractor()(shown, return_tensors="pt").pixel_values
    embeds = torch.nn.functional.normalize(checker.visual_projection(checker.vision_model(pixels)[1]))
    cosines = embeds @ torch.nn.functional.normalize(checker.concept_embeds).T
    return cosines.max(1).values.median().item()


@torch.no_grad()
def test_its_verdicts_are_those_of_diffusers_own_pipeline(model):
    shown = pictures(12)
    threshold = divided(shown)
    backend = load(add_tiny_checker(model, threshold))
    pipeline = tiny_pipeline()
    pipeline.register_modules(safety_checker=tiny_checker(threshold), feature_extractor=tiny_extractor())
    verdicts = backend.judge(shown)
    assert verdicts == pipelines_verdicts(pipeline, shown)
    assert {True, False} == set(verdicts), "the comparison would show nothing"


@torch.no_grad()
def test_a_picture_is_judged_the_same_alone_in_company_and_among_other_sizes():
    shown = pictures(6)
    checker = SafetyChecker(tiny_checker(divided(shown)), tiny_extractor())
    alone = [checker.judge([picture])[0] for picture in shown]
    larger = np.zeros((96, 80, 3), np.uint8)
    assert checker.judge([*shown, larger])[:6] == alone


@pytest.mark.parametrize(("threshold", "verdict"), [(ALWAYS, True), (NEVER, False)])
def test_it_is_found_in_the_models_directory(model, threshold, verdict):
    backend = load(add_tiny_checker(model, threshold))
    assert backend.judges
    assert backend.judge(pictures(2)) == [verdict, verdict]


def test_a_model_that_ships_none_judges_nothing(model):
    assert not load(model).judges


def test_where_nobody_wants_it_it_is_not_loaded(model):
    assert not load(add_tiny_checker(model, ALWAYS), safety_checker=False).judges


def test_one_that_could_run_code_when_opened_is_left_alone(model):
    add_tiny_checker(model, ALWAYS)
    weights = model / "safety_checker" / "model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    assert not load(model).judges


def test_a_damaged_one_is_one_sentence_for_the_operator(model):
    add_tiny_checker(model, ALWAYS)
    (model / "safety_checker" / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(ModelError, match="safety_checker is damaged"):
        load(model)
