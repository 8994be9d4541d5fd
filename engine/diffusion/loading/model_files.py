"""Checks of a model's files, with one clear line about what is wrong."""

from __future__ import annotations

import contextlib
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.text import first_line

SUPPORTED = ("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "LatentConsistencyModelPipeline")
SUPPORTED_XL = ("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline")
PARTS: dict[str, tuple[str, ...]] = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL", "AutoencoderTiny"),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
PARTS_XL = PARTS | {"text_encoder_2": ("CLIPTextModelWithProjection",), "tokenizer_2": PARTS["tokenizer"]}
"""The parts of a model, and the classes that each may have."""
WEIGHTS = {
    "unet": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
    "text_encoder_2": "model",
    "safety_checker": "model",
}
"""Stem of the files with each part's weights."""
LONGEST_REASON = 160
"""Characters of a library's message that are passed on."""


def check_layout(directory: Path) -> dict[str, Any]:
    """Check that a model can be run, before any weight is read; return its index."""
    index_file = directory / "model_index.json"
    if not index_file.exists():
        raise ModelError(
            "{directory} is no model in diffusers layout: it has no model_index.json.", directory=directory
        )
    index = read_json(index_file)
    pipeline = index.get("_class_name")
    if pipeline not in SUPPORTED + SUPPORTED_XL:
        raise ModelError(
            "{directory} is a model for {pipeline}; supported is Stable Diffusion 1, 2 or XL ({pipelines}).",
            directory=directory,
            pipeline=pipeline,
            pipelines=f"{SUPPORTED[0]}, {SUPPORTED_XL[0]}",
        )
    parts = PARTS_XL if pipeline in SUPPORTED_XL else PARTS
    for part, classes in parts.items():
        found = index.get(part) or [None, None]
        if found[1] not in classes:
            raise ModelError(
                "{directory}: its {part} is of the kind {found}; supported is {wanted}.",
                directory=directory,
                part=part,
                found=found[1],
                wanted=classes[0],
            )
        if not (directory / part).is_dir():
            raise ModelError("{directory} is incomplete: it has no directory {part}.", directory=directory, part=part)
    for part, stem in WEIGHTS.items():
        if part in parts:
            read_json(directory / part / "config.json")
            check_weights(directory / part, stem)
    for part in parts:
        if part.startswith("tokenizer"):
            _check_vocabulary(directory / part)
    return index


def _check_vocabulary(directory: Path) -> None:
    """Check that there is a vocabulary; without one a tokenizer still loads, but knows no word."""
    if not any((directory / name).exists() for name in ("tokenizer.json", "vocab.json")):
        raise ModelError(
            "{directory} is incomplete: it has neither tokenizer.json nor vocab.json.", directory=directory
        )


def has_safetensors(directory: Path, stem: str) -> bool:
    return any((directory / f"{stem}{ending}").exists() for ending in (".safetensors", ".safetensors.index.json"))


def check_weights(directory: Path, stem: str) -> None:
    if has_safetensors(directory, stem):
        return
    pickles = sorted(path.name for path in directory.iterdir() if path.suffix in (".bin", ".ckpt", ".pt", ".pth"))
    if pickles:
        raise ModelError(
            "{directory} holds its weights as {file}, which can run code when opened; only safetensors "
            "are read, so convert it or choose another revision.",
            directory=directory,
            file=pickles[0],
        )
    raise ModelError("{directory} is incomplete: it has no {stem}.safetensors.", directory=directory, stem=stem)


def read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError("{path} cannot be read ({reason}).", path=path, reason=_reason(error)) from None
    if not isinstance(content, dict):
        raise ModelError("{path} cannot be read (it is not a JSON object).", path=path)
    return content


@contextlib.contextmanager
def report_damage(directory: Path) -> Iterator[None]:
    """Turn whatever the libraries raise about a part's files into a ModelError; they have no common error for it."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            "{directory} is damaged or incomplete ({reason}).", directory=directory, reason=_reason(error)
        ) from error


def _reason(error: Exception) -> str:
    return textwrap.shorten(first_line(error), LONGEST_REASON, placeholder=" …").rstrip(".:")
