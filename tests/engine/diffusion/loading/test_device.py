"""Devices and number formats."""

from __future__ import annotations

import pytest
import torch

from engine.diffusion.loading.device import choose_device, choose_dtype


def test_auto_takes_the_cpu_where_there_is_nothing_better(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for kind in ("mps", "xpu"):
        monkeypatch.setattr(f"accelerate.state.is_{kind}_available", lambda *_, **__: False)

    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")


def test_auto_takes_what_is_better_than_the_cpu(monkeypatch):
    choose_device("auto")  # what accelerate prepares once, it prepares for what is really there
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("accelerate.state.is_mps_available", lambda *_, **__: False)
    monkeypatch.setattr("accelerate.state.is_xpu_available", lambda *_, **__: True)

    assert choose_device("auto") == torch.device("xpu")


def test_a_second_card_is_the_one_that_streams_and_recordings_belong_to(monkeypatch):
    current = []

    class Cards:
        set_device = current.append

    monkeypatch.setattr(torch, "empty", lambda *args, **kwargs: None)
    monkeypatch.setattr(torch, "get_device_module", lambda device: Cards)

    assert choose_device("cuda:1") == torch.device("cuda:1")
    assert current == [torch.device("cuda:1")]


def test_a_cpu_computes_in_float32():
    assert choose_dtype("auto", torch.device("cpu")) == torch.float32


@pytest.mark.parametrize(("supported", "expected"), [(True, torch.bfloat16), (False, torch.float16)])
def test_a_graphics_card_computes_in_bfloat16_only_where_that_is_not_emulated(monkeypatch, supported, expected):
    def is_supported(including_emulation: bool = True) -> bool:
        return supported or including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_supported)

    assert choose_dtype("auto", torch.device("cuda")) == expected


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_a_format_that_is_asked_for_is_taken_anywhere(name):
    assert str(choose_dtype(name, torch.device("cpu"))) == f"torch.{name}"
