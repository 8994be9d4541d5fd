"""The training loop: it learns, stops in time, and goes on from where it was."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from training.loop import Place, Schedule, Stopwatch, train


class Line:
    """Learn y = 3x."""

    name = "line"

    def __init__(self) -> None:
        self.looked: list[Path] = []

    def network(self) -> nn.Module:
        return nn.Linear(1, 1)

    def batch(self, rng):
        return {"x": torch.from_numpy(rng.normal(size=(8, 1))).float()}

    def loss(self, network, batch):
        return (network(batch["x"]) - 3 * batch["x"]).square().mean()

    def measure(self, network):
        return {"slope": float(network.weight)}

    def look(self, network, path):
        self.looked.append(path)

    def export(self, network, folder):
        folder.mkdir(exist_ok=True)
        torch.save(network.state_dict(), folder / "line.pt")


def schedule(steps: int, **changes) -> Schedule:
    return Schedule(minutes=5, steps=steps, learning_rate=0.05, warmup=1, ema=0.9, weight_decay=0, **changes)


def test_it_learns_and_exports_the_running_mean(tmp_path):
    mean = train(Line(), schedule(300), Place(tmp_path, workers=1))
    assert float(mean.weight) == pytest.approx(3, abs=0.1)
    assert torch.load(tmp_path / "export" / "line.pt", weights_only=True)["weight"].equal(mean.weight)
    assert "slope" in (tmp_path / "log.txt").read_text()


def test_it_goes_on_from_its_checkpoint(tmp_path):
    first = train(Line(), schedule(100), Place(tmp_path, workers=1))
    resumed = train(Line(), schedule(1), Place(tmp_path, workers=1))
    assert float(resumed.weight) == pytest.approx(float(first.weight), abs=0.05)
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == 101


class Witnessed(Line):
    """A line that leaves a note of every process that works on it."""

    def __init__(self, notes: Path) -> None:
        super().__init__()
        self.notes = notes

    def batch(self, rng):
        (self.notes / str(os.getpid())).touch()
        return super().batch(rng)


def test_two_processes_work_on_one_network(tmp_path):
    notes = tmp_path / "notes"
    notes.mkdir()
    mean = train(Witnessed(notes), schedule(300), Place(tmp_path, workers=2))
    pids = {int(note.name) for note in notes.iterdir()}
    assert len(pids) == 2 and os.getpid() not in pids
    assert float(mean.weight) == pytest.approx(3, abs=0.1), "what they learnt is here, in this process's memory"


def test_cooling_down_ends_at_nothing():
    cooling = Schedule(learning_rate=1.0, warmup=1, cooldown=True)
    rates = [cooling.rate(10, done) for done in np.linspace(0, 1, 5)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 1e-6
    assert Schedule(learning_rate=1.0, warmup=1).rate(10, 0.9) == pytest.approx(1.0)


def test_a_stopped_process_does_not_use_up_its_minutes(monkeypatch):
    now = iter([0.0, 1.0, 2.0, 5000.0, 5001.0])
    monkeypatch.setattr("training.loop.time.monotonic", lambda: next(now))
    watch = Stopwatch()
    for _ in range(4):
        watch.lap()
    assert watch.seconds == 3.0
