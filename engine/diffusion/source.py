"""Finding the model's files: the embedded one, a directory, or the hub."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.card import Card, read_card
from engine.config import ModelConfig
from engine.diffusion.hub import download
from engine.errors import ModelError

EMBEDDED = Path(__file__).resolve().parents[2] / "models" / "embedded"


@dataclass(frozen=True)
class ModelFiles:
    """Where a model lies, what it is called, and what its card says."""

    directory: Path
    name: str
    card: Card


def find_model(config: ModelConfig) -> ModelFiles:
    """Find the model that is configured; the hub is asked only if `config.source` can be nothing but its id.

    Raises:
        ModelError: one line that says what to do.
    """
    directory, name = _locate(config)
    card = read_card(directory)
    return ModelFiles(directory, card.name or name, card)


def _locate(config: ModelConfig) -> tuple[Path, str]:
    source = config.source
    if source == "embedded":
        return EMBEDDED, "embedded"
    directory = Path(source).expanduser()
    if directory.is_dir():
        return directory, directory.resolve().name
    if directory.exists():
        raise ModelError(f"{source} is a file; a model is a directory in diffusers layout, with a model_index.json.")
    if directory.is_absolute() or source.startswith((".", "~")):
        raise ModelError(f'There is no directory {source}: check [model] source, or set it to "embedded".')
    return download(config), source
