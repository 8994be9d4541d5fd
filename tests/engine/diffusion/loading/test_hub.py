"""Fetching a model from the hub, over real sockets to a hub of our own."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.loading import hub as hub_module
from engine.diffusion.loading.source import find_model
from engine.errors import ModelError
from tests.embedded import numpy_deprecation
from tests.engine.diffusion.loading.hub_server import Hub, running_hub
from tests.tiny_model import add_tiny_checker, copy_model, save_tiny_model

pytestmark = numpy_deprecation

NAME = "dreamers/tiny-dream"


def point_to(url: str, monkeypatch) -> None:
    """Let the hub's library believe that the hub is at `url`; it reads the environment only when it is imported."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with running_hub() as server:
        point_to(server.url, monkeypatch)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no-token"))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield server


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-dream")


def config(**changes) -> ModelConfig:
    return ModelConfig(source=NAME, device="cpu", **changes)


def refusal(**changes) -> str:
    with pytest.raises(ModelError) as caught:
        find_model(config(**changes))
    message = str(caught.value)
    assert "\n" not in message
    return message


# ---- what comes ----


def test_only_what_is_needed_is_fetched(hub: Hub, tiny):
    hub.add_directory(tiny)
    needed = set(hub.files)
    hub.files |= {
        "unet/diffusion_pytorch_model.bin": b"pickle",
        "unet/diffusion_pytorch_model.fp16.safetensors": b"a second copy",
        "unet/diffusion_pytorch_model.non_ema.safetensors": b"a third",
        "safety_checker/model.safetensors": b"not asked for",
        "v1-4.ckpt": b"pickle",
        "README.md": b"",
    }

    backend = load_backend(config(), threads=1)

    assert backend.name == NAME
    assert set(hub.downloaded) == needed


def test_the_safety_checker_comes_where_it_is_wanted(hub: Hub, tiny, tmp_path):
    hub.add_directory(add_tiny_checker(copy_model(tiny, tmp_path / "guarded"), threshold=-2))
    hub.files |= {"safety_checker/pytorch_model.bin": b"pickle"}

    backend = load_backend(config(), threads=1, safety_checker=True)

    assert backend.judges
    assert "safety_checker/pytorch_model.bin" not in hub.downloaded


def test_a_model_on_this_machine_needs_no_network(hub: Hub, tiny, monkeypatch):
    hub.add_directory(tiny)
    find_model(config())
    point_to("http://127.0.0.1:9", monkeypatch)

    assert find_model(config()).name == NAME


def test_a_repository_may_bring_a_card(hub: Hub, tiny):
    hub.add_directory(tiny)
    hub.files["card.toml"] = b'name = "Dream"'

    assert find_model(config()).name == "Dream"


def test_the_token_comes_from_the_file_that_is_configured(hub: Hub, tiny, tmp_path):
    hub.add_directory(tiny)
    (tmp_path / "token").write_text("hf_from_file\nsecond line\n")

    find_model(config(token_file=str(tmp_path / "token")))

    assert hub.tokens == {"Bearer hf_from_file"}


# ---- what goes wrong ----


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (404, "RepoNotFound", f"The hub shows no model {NAME}: check [model] source; if it is private"),
        (401, "RepoNotFound", f"The hub shows no model {NAME}: check [model] source; if it is private"),
        (403, "GatedRepo", f"{NAME} is gated: accept its terms on the hub"),
        (401, "GatedRepo", f"{NAME} is gated: accept its terms on the hub"),
        (404, "RevisionNotFound", f"{NAME} has no revision main: check [model] revision."),
        (403, "", f"The hub refuses {NAME} to this token"),
        (500, "", f"The hub answered 500 for {NAME}: try again later"),
    ],
)
def test_a_refusal_says_what_to_do(hub: Hub, status, code, sentence):
    hub.refusal = (status, code)

    message = refusal()

    assert sentence in message
    if status in (401, 403):
        assert "HF_TOKEN" in message


def test_no_network(hub: Hub, monkeypatch):
    point_to("http://127.0.0.1:9", monkeypatch)

    assert refusal() == (
        f"{NAME} is not on this machine yet and the hub cannot be reached: check the network, or set [model] source to "
        'a directory or to "embedded".'
    )


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("IO Error: No space left on device")]
)
def test_a_full_disk(monkeypatch, error):
    def full(*args, **kwargs):
        raise error

    monkeypatch.setattr(hub_module, "snapshot_download", full)

    assert refusal() == (
        f"The disk is full, so {NAME} cannot be downloaded: free some space, or set HF_HOME to another disk."
    )


def test_a_transfer_that_breaks_off(monkeypatch):
    def broken(*args, **kwargs):
        raise ConnectionResetError("Connection reset by peer\nlong story")

    monkeypatch.setattr(hub_module, "snapshot_download", broken)

    assert refusal() == (
        f"{NAME} could not be downloaded (Connection reset by peer): check network and disk, and start again."
    )


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"], ids=["missing", "empty", "not text"])
def test_a_token_file_that_holds_no_token(tmp_path, content):
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)

    assert refusal(token_file=str(path)).startswith(f"[model] token_file {path} ")


def test_a_name_that_is_no_hub_id():
    with pytest.raises(ModelError, match=r'source "my model!" is neither "embedded", nor a directory, nor a hub id'):
        find_model(ModelConfig(source="my model!"))
