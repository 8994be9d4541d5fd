"""How a CPU computes fastest is measured once and kept; the pictures stay what they are."""

from __future__ import annotations

import time

import msgspec
import numpy as np
import pytest
import torch

from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.diffusion.loading import calibration
from engine.diffusion.loading.calibration import FILE, CpuLayout, calibrate, pick_fastest, thread_counts
from engine.storyboard.morph_path import NoiseStart
from tests.embedded import make_shot, numpy_deprecation, render, request
from tests.tiny_model import save_tiny_model

pytestmark = numpy_deprecation


@pytest.fixture(autouse=True)
def same_threads():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


def load(directory, **options):
    return load_backend(ModelConfig(source=str(directory), device="cpu"), threads=1, **options)


def soon():
    return time.monotonic() + 60


@pytest.mark.parametrize(("cores", "counts"), [(1, [1]), (2, [1, 2]), (8, [7, 1, 2, 4, 8]), (6, [5, 1, 2, 4, 6])])
def test_all_cores_but_one_are_the_first_to_try(cores, counts):
    assert thread_counts(cores) == counts


@pytest.mark.parametrize(("times", "choice"), [([1.0, 0.99], 0), ([1.0, 0.9], 1), ([1.0, 0.9, 0.5], 2), ([1.0], 0)])
def test_what_comes_first_is_taken_unless_something_is_clearly_faster(times, choice):
    assert pick_fastest(range(len(times)), lambda index: times[index], soon()) == choice


def test_no_time_means_the_first():
    def never(candidate):
        raise AssertionError(f"{candidate} was tried")

    assert pick_fastest([1, 2], never, time.monotonic() - 1) == 1


def test_it_is_measured_once_for_each_model_and_choice_of_threads(tiny, tmp_path, monkeypatch):
    measured = []
    monkeypatch.setattr(
        calibration, "_measure", lambda parts, threads: (measured.append(threads) or CpuLayout(1), True)
    )
    parts = load(tiny)._parts
    for name, threads in (("one", 0), ("one", 0), ("one", 2), ("another", 0), ("one", 2)):
        assert calibrate(name, parts, threads, tmp_path) == CpuLayout(1)
    assert measured == [0, 2, 0]


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic


def test_a_measurement_without_time_to_end_is_not_kept(tiny, tmp_path, monkeypatch):
    clock = Clock()

    def busy(work) -> float:
        clock.now += calibration.BUDGET_SECONDS
        return clock.now

    parts = load(tiny)._parts
    monkeypatch.setattr(calibration, "time", clock)
    monkeypatch.setattr(calibration, "_best_time", busy)
    assert calibrate("one", parts, 1, tmp_path) == CpuLayout(1)
    assert not (tmp_path / FILE).exists()


def test_a_model_so_large_that_measuring_it_takes_minutes_is_called_once_and_never_again(tiny, tmp_path, monkeypatch):
    calls = []
    clock = Clock()

    def slow() -> None:
        calls.append(1)
        clock.now += calibration.BUDGET_SECONDS / 2

    parts = load(tiny)._parts
    monkeypatch.setattr(calibration, "time", clock)
    monkeypatch.setattr(calibration, "_unet_call", lambda parts: slow)
    for _ in range(2):
        assert calibrate("one", parts, 1, tmp_path) == CpuLayout(1)
    assert len(calls) == 1


@pytest.mark.parametrize("content", [b"", b"no json", b'{"a": 1}', b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_measured_again(tiny, tmp_path, monkeypatch, content):
    (tmp_path / FILE).write_bytes(content)
    monkeypatch.setattr(calibration, "_measure", lambda parts, threads: (CpuLayout(3), True))
    calibrate("one", load(tiny)._parts, 0, tmp_path)
    assert list(msgspec.json.decode((tmp_path / FILE).read_bytes(), type=dict[str, CpuLayout]).values()) == [
        CpuLayout(3)
    ]


def test_a_place_that_cannot_be_written_to_is_no_obstacle(tiny, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    assert calibrate("one", load(tiny)._parts, 1, blocked).threads == 1


def test_every_layout_gives_the_same_picture(tiny, tmp_path):
    shots = [request(make_shot(NoiseStart(), steps=3, seed=4), size=32)]
    expected = render(load(tiny), shots)[0].astype(int)
    backend = load(tiny, calibrations=tmp_path)
    assert (tmp_path / FILE).exists()
    for unet in (False, True):
        CpuLayout(1, unet_channels_last=unet, vae_channels_last=True).apply(backend._parts)
        assert np.abs(render(backend, shots)[0] - expected).max() <= 1
