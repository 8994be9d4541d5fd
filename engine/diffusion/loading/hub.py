"""Fetching a model from the Hugging Face hub."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import errors, snapshot_download

from engine.diffusion.loading.model_files import WEIGHTS
from engine.errors import ModelError
from engine.sentence import Sentence
from engine.text import first_line

ENDINGS = (".safetensors", "-*-of-*.safetensors", ".safetensors.index.json")
WANTED = [
    "model_index.json",
    "card.toml",
    "scheduler/*.json",
    "tokenizer/*.json",
    "tokenizer/*.txt",
    "tokenizer_2/*.json",
    "tokenizer_2/*.txt",
    "*/config.json",
    *(f"{part}/{stem}{ending}" for part, stem in WEIGHTS.items() if part != "safety_checker" for ending in ENDINGS),
]
"""Files of a model that are downloaded: no pickles, no second copies of the weights."""
VAE = ["config.json", *(f"{WEIGHTS['vae']}{ending}" for ending in ENDINGS)]
"""Files of a repository that holds nothing but a VAE."""
SAFETY_CHECKER = ["feature_extractor/*.json", *(f"safety_checker/model{ending}" for ending in ENDINGS)]
"""Files of a model's safety checker, which is half as large as the model."""
TOKEN_HELP = Sentence("put a token that may read it into HF_TOKEN, or its file's name into [model] token_file")


def fetch(source: str, revision: str, token_file: str, patterns: Sequence[str]) -> Path:
    """Fetch the files that match `patterns` from a repository on the hub, or from the local cache without network.

    Returns the directory that they lie in; raises ModelError with what to do.
    """
    token = _read_token(token_file)
    try:
        path = snapshot_download(source, revision=revision, token=token, allow_patterns=[*patterns])
    except errors.HFValidationError:
        raise ModelError(
            '[model] source "{source}" is neither "embedded", nor a directory, nor a hub id such as '
            '"CompVis/stable-diffusion-v1-4".',
            source=source,
        ) from None
    except errors.GatedRepoError:
        raise ModelError(
            "{source} is gated: accept its terms on the hub with your account, then {help}.",
            source=source,
            help=TOKEN_HELP,
        ) from None
    except errors.RepositoryNotFoundError:
        raise ModelError(
            "The hub shows no model {source}: check [model] source; if it is private, {help}.",
            source=source,
            help=TOKEN_HELP,
        ) from None
    except errors.RevisionNotFoundError:
        raise ModelError(
            "{source} has no revision {revision}: check [model] revision.", source=source, revision=revision
        ) from None
    except errors.LocalEntryNotFoundError as error:
        raise ModelError(_explain_absence(source, error)) from None
    except errors.HfHubHTTPError as error:
        raise ModelError(_explain_status(source, error)) from None
    except Exception as error:
        # The hub's library lets errors of its lower layers through: HTTP, disk, its transfer protocol.
        raise ModelError(_explain_transfer(source, error)) from error
    return Path(path)


def _read_token(token_file: str) -> str | None:
    """Return the first word of the token file; None leaves it to HF_TOKEN."""
    if not token_file:
        return None
    try:
        lines = Path(token_file).expanduser().read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        raise ModelError("[model] token_file {token_file} cannot be read.", token_file=token_file) from None
    if not lines:
        raise ModelError(
            "[model] token_file {token_file} is empty: its first line must be your hub token.", token_file=token_file
        )
    return lines[0]


def _explain_absence(source: str, error: errors.LocalEntryNotFoundError) -> Sentence:
    if isinstance(error.__cause__, errors.HfHubHTTPError):
        return _explain_status(source, error.__cause__)
    return Sentence(
        "{source} is not on this machine yet and the hub cannot be reached: check the network, or set [model] source "
        'to a directory or to "embedded".',
        {"source": source},
    )


def _explain_status(source: str, error: errors.HfHubHTTPError) -> Sentence:
    status = error.response.status_code
    if status in (401, 403):
        return Sentence("The hub refuses {source} to this token: {help}.", {"source": source, "help": TOKEN_HELP})
    return Sentence(
        "The hub answered {status} for {source}: try again later, or set [model] source to a directory.",
        {"status": status, "source": source},
    )


def _explain_transfer(source: str, error: Exception) -> Sentence:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "No space left" in str(error):
        return Sentence(
            "The disk is full, so {source} cannot be downloaded: free some space, or set HF_HOME to another disk.",
            {"source": source},
        )
    return Sentence(
        "{source} could not be downloaded ({reason}): check network and disk, and start again.",
        {"source": source, "reason": first_line(error).rstrip(".")},
    )
