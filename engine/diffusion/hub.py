"""Fetching a model from the Hugging Face hub."""

from __future__ import annotations

import errno
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from engine.config import ModelConfig
from engine.errors import ModelError

WANTED = [
    "model_index.json",
    "card.toml",
    "scheduler/*.json",
    "tokenizer/*.json",
    "tokenizer/*.txt",
    "*/config.json",
    *(
        f"{folder}/{stem}{ending}"
        for folder, stem in (
            ("text_encoder", "model"),
            ("unet", "diffusion_pytorch_model"),
            ("vae", "diffusion_pytorch_model"),
        )
        for ending in (".safetensors", "-*-of-*.safetensors", ".safetensors.index.json")
    ),
]
"""What is needed of a repository: no pickles, no second copies of the weights, no safety checker."""
TOKEN_HELP = "put a token that may read it into HF_TOKEN, or its file's name into [model] token_file"


def download(config: ModelConfig) -> Path:
    """Fetch the model `config.source` from the hub, or find it in the local cache; without network the cache will do.

    Returns:
        the directory it lies in.

    Raises:
        ModelError: one line that says what to do.
    """
    source = config.source
    token = _read_token(config.token_file)
    try:
        path = snapshot_download(source, revision=config.revision, token=token, allow_patterns=WANTED)
    except HFValidationError:
        raise ModelError(
            f'[model] source "{source}" is neither "embedded", nor a directory, nor a hub id such as '
            '"CompVis/stable-diffusion-v1-4".'
        ) from None
    except GatedRepoError:
        raise ModelError(
            f"{source} is gated: accept its terms on the hub with your account, then {TOKEN_HELP}."
        ) from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"The hub shows no model {source}: check [model] source; if it is private, {TOKEN_HELP}."
        ) from None
    except RevisionNotFoundError:
        raise ModelError(f"{source} has no revision {config.revision}: check [model] revision.") from None
    except LocalEntryNotFoundError as error:
        raise ModelError(_explain_absence(source, error)) from None
    except HfHubHTTPError as error:
        raise ModelError(_explain_status(source, error)) from None
    except Exception as error:
        # The hub's library stands on others (HTTP, disk, its own transfer protocol) and lets their errors through.
        raise ModelError(_explain_transfer(source, error)) from error
    return Path(path)


def _read_token(token_file: str) -> str | None:
    """Return the first line of the token file; None leaves it to HF_TOKEN."""
    if not token_file:
        return None
    try:
        lines = Path(token_file).expanduser().read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"[model] token_file {token_file} cannot be read.") from None
    if not lines:
        raise ModelError(f"[model] token_file {token_file} is empty: its first line must be your hub token.")
    return lines[0]


def _explain_absence(source: str, error: LocalEntryNotFoundError) -> str:
    if isinstance(error.__cause__, HfHubHTTPError):
        return _explain_status(source, error.__cause__)
    return (
        f"{source} is not on this machine yet and the hub cannot be reached: check the network, or set [model] source "
        'to a directory or to "embedded".'
    )


def _explain_status(source: str, error: HfHubHTTPError) -> str:
    status = error.response.status_code
    if status in (401, 403):
        return f"The hub refuses {source} to this token: {TOKEN_HELP}."
    return f"The hub answered {status} for {source}: try again later, or set [model] source to a directory."


def _explain_transfer(source: str, error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "No space left" in str(error):
        return f"The disk is full, so {source} cannot be downloaded: free some space, or set HF_HOME to another disk."
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return f"{source} could not be downloaded ({reason[0].rstrip('.')}): check network and disk, and start again."
