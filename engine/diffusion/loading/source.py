"""Finding the model's files: the embedded one, a directory, or the hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.config import ModelConfig
from engine.diffusion.loading.card_file import read_card
from engine.diffusion.loading.hub import SAFETY_CHECKER, VAE, WANTED, fetch
from engine.diffusion.loading.model_defaults import infer_settings
from engine.errors import ModelError
from engine.protocol.card import Card

HUB_ID = re.compile(r"^\w[\w.-]*/\w[\w.-]*$")
EMBEDDED = Path(__file__).resolve().parents[3] / "models" / "embedded"


@dataclass(frozen=True)
class ModelFiles:
    """A model's directory, name and card, the latter on top of the settings that follow from its files."""

    directory: Path
    name: str
    card: Card


def find_model(config: ModelConfig, *, safety_checker: bool = False) -> ModelFiles:
    """Find the configured model; the hub is asked only if `config.source` can be nothing but a hub id.

    With `safety_checker` a download includes it. Raises ModelError with what to do.
    """
    directory, name = _find_directory(config, safety_checker=safety_checker)
    card = read_card(directory)
    card = msgspec.structs.replace(card, common=infer_settings(directory) | card.common)
    return ModelFiles(directory, card.name or name, card)


def find_tiny_vae(config: ModelConfig) -> Path | None:
    """Find the VAE that is configured to replace the model's own; raises ModelError with what to do."""
    if not config.tiny_vae:
        return None
    directory = Path(config.tiny_vae).expanduser()
    if directory.is_dir():
        return directory
    if not HUB_ID.match(config.tiny_vae):
        raise ModelError(
            '[model] tiny_vae "{source}" is neither a directory nor a hub id such as "madebyollin/taesd".',
            source=config.tiny_vae,
        )
    return fetch(config.tiny_vae, "main", config.token_file, VAE)


def _find_directory(config: ModelConfig, *, safety_checker: bool) -> tuple[Path, str]:
    source = config.source
    if source == "embedded":
        return EMBEDDED, "embedded"
    directory = Path(source).expanduser()
    if directory.is_dir():
        return directory, directory.resolve().name
    if directory.exists():
        raise ModelError(
            "{source} is a file; a model is a directory in diffusers layout, with a model_index.json.", source=source
        )
    if directory.is_absolute() or source.startswith((".", "~")):
        raise ModelError(
            'There is no directory {source}: check [model] source, or set it to "embedded".', source=source
        )
    patterns = WANTED + SAFETY_CHECKER if safety_checker else WANTED
    return fetch(source, config.revision, config.token_file, patterns), source
