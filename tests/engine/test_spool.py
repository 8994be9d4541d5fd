"""Frames on disk."""

import os
from pathlib import Path

import numpy as np
import pytest

from engine.messages import Plan
from engine.recipe import Zoom
from engine.spool import Folder, Spool


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Spool(tmp_path / "spool").folder("job")
    folder.prepare(plan())
    return folder


def plan(model: str = "toy") -> Plan:
    return Plan(recipe=Zoom(seed=1, prompt="a"), model=model, frames=60, unet_calls=100)


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def test_a_frame_comes_back_to_the_last_bit(folder: Folder) -> None:
    folder.save(3, picture(3))
    assert np.array_equal(folder.picture(3), picture(3))
    assert folder.frames() == {3}


def test_the_same_plan_finds_its_frames_again(folder: Folder) -> None:
    folder.save(0, picture(0))
    folder.prepare(plan())
    assert folder.frames() == {0}


def test_another_plan_starts_from_nothing(folder: Folder) -> None:
    folder.save(0, picture(0))
    folder.prepare(plan(model="another"))
    assert folder.frames() == set()


def test_a_frame_that_was_cut_short_does_not_count(folder: Folder) -> None:
    folder.save(0, picture(0))
    folder.save(1, picture(1))
    whole = (folder.path / "00001.png").read_bytes()
    (folder.path / "00001.png").write_bytes(whole[:-20])
    (folder.path / "00002.png").write_bytes(b"")
    assert folder.frames() == {0}


def test_time_spent_is_remembered(folder: Folder) -> None:
    assert folder.seconds == 0
    folder.seconds = 12.5
    assert Folder(folder.path).seconds == 12.5


def test_folders_that_nobody_came_back_for_are_removed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for name, age in (("old", 3 * 86400), ("young", 0)):
        spool.folder(name).prepare(plan())
        stamp = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (stamp, stamp))
    spool.prune(days=2)
    assert [path.name for path in tmp_path.iterdir()] == ["young"]
