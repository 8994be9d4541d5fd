"""Frames on disk."""

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest

from engine.frames.frame_store import FrameStore, JobFrames
from engine.protocol.messages import Plan
from engine.recipe.recipe import Zoom


@pytest.fixture
def folder(tmp_path: Path) -> JobFrames:
    folder = FrameStore(tmp_path / "spool").frames_of("job")
    begin(folder)
    return folder


def begin(folder: JobFrames, model: str = "toy", frames: int = 60) -> None:
    if folder.open(plan(model, frames)) is None:
        folder.begin(plan(model, frames))
    folder.verify(folder.indices())


def plan(model: str = "toy", frames: int = 60) -> Plan:
    return Plan(recipe=Zoom(seed=1, prompt="a", frames=60), model=model, frames=frames, unet_calls=100)


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def test_a_frame_comes_back_to_the_last_bit(folder: JobFrames) -> None:
    folder.save(3, picture(3))
    assert np.array_equal(folder.picture(3), picture(3))
    assert folder.indices() == {3}


def test_the_same_plan_finds_its_frames_again(folder: JobFrames) -> None:
    folder.save(0, picture(0))
    begin(folder)
    assert folder.indices() == {0}


def test_another_plan_starts_from_nothing(folder: JobFrames) -> None:
    folder.save(0, picture(0))
    begin(folder, model="another")
    assert folder.indices() == set()


def test_a_frame_that_was_cut_short_does_not_count(folder: JobFrames) -> None:
    folder.save(0, picture(0))
    folder.save(1, picture(1))
    whole = (folder.path / "00001.png").read_bytes()
    (folder.path / "00001.png").write_bytes(whole[:-20])
    (folder.path / "00002.png").write_bytes(b"")
    assert folder.indices() == {0}


def damage(folder: JobFrames, index: int, at: float = 0.5) -> None:
    """Change one byte of a frame, `at` being where, as a share of it; as a file it stays as long as it was."""
    path = folder.path / f"{index:05d}.png"
    data = bytearray(path.read_bytes())
    data[int(at * len(data))] ^= 0xFF
    path.unlink()  # or the folder that it was taken over from would change as well
    path.write_bytes(data)


def test_a_damaged_frame_is_thrown_away_when_the_work_goes_on(folder: JobFrames) -> None:
    for index in range(3):
        folder.save(index, picture(index))
    damage(folder, 1)
    assert folder.indices() == {0, 1, 2}, "its beginning and its end are as they were"
    begin(folder)
    assert folder.indices() == {0, 2}


def test_a_damaged_frame_is_not_taken_over(tmp_path: Path) -> None:
    frame_store = FrameStore(tmp_path)
    finish(frame_store, "old")
    damage(frame_store.frames_of("old"), 0)
    heir = frame_store.frames_of("heir")
    begin(heir)
    assert heir.take_over([0, 1], frame_store.frames_of("old")) == {1}
    assert heir.indices() == {1}


def test_whichever_byte_is_damaged_reading_it_gives_the_picture_or_an_os_error(folder: JobFrames) -> None:
    tiny = picture(1)[:8, :8]
    folder.save(0, tiny, flagged=True, attempts=2)
    path = folder.path / "00000.png"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        for read in (folder.picture, folder.is_flagged, folder.attempts):
            with contextlib.suppress(OSError):
                read(0)
        if len(folder.indices()) == 1:
            begin(folder)
        if folder.indices():
            assert np.array_equal(folder.picture(0), tiny), f"byte {place} went unnoticed"


def test_time_spent_is_remembered(folder: JobFrames) -> None:
    assert folder.seconds == 0
    folder.seconds = 12.5
    assert JobFrames(folder.path).seconds == 12.5
    (folder.path / "seconds").write_bytes(b"")  # as a power cut leaves it
    assert folder.seconds == 0


def test_folders_that_nobody_came_back_for_are_removed(tmp_path: Path) -> None:
    frame_store = FrameStore(tmp_path)
    for name, age in (("old", 3 * 86400), ("young", 0)):
        begin(frame_store.frames_of(name))
        stamp = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (stamp, stamp))
    frame_store.prune(days=2)
    assert [path.name for path in tmp_path.iterdir()] == ["young"]


def test_a_frame_carries_its_verdict_wherever_it_goes(folder: JobFrames) -> None:
    for index, verdict in enumerate((True, False, None)):
        folder.save(index, picture(index), verdict)
    assert [folder.is_flagged(index) for index in range(3)] == [True, False, None]
    (folder.path / "00000.png").rename(folder.path / "00009.png")
    assert folder.is_flagged(9) is True
    assert np.array_equal(folder.picture(9), picture(0))


# ---- jobs that are over ----


def finish(frame_store: FrameStore, name: str, frames: int = 2, used: float = 0.0) -> int:
    """Render and shelve a job, last of use `used` seconds after the epoch; return what its frames take."""
    folder = frame_store.frames_of(name)
    begin(folder, frames=frames)
    for index in range(frames):
        folder.save(index, picture(index))
    folder.shelve()
    os.utime(folder.path, (used, used))
    return int((folder.path / "shelved").read_text())


def names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def test_the_frames_that_were_of_no_use_for_longest_go_first(tmp_path: Path) -> None:
    size = finish(FrameStore(tmp_path), "probe")
    frame_store = FrameStore(tmp_path, keep_bytes=3 * size)
    for number, name in enumerate(("c", "a", "probe", "b")):
        finish(frame_store, name, used=number)
    frame_store.make_room()
    assert names(tmp_path) == {"a", "probe", "b"}


def test_taking_frames_over_counts_as_use(tmp_path: Path) -> None:
    size = finish(FrameStore(tmp_path), "old", used=1)
    finish(FrameStore(tmp_path), "young", used=2)
    frame_store = FrameStore(tmp_path, keep_bytes=size)
    heir = frame_store.frames_of("heir")
    begin(heir)
    assert heir.take_over([0, 1, 7], frame_store.frames_of("old")) == {0, 1}
    assert heir.indices() == {0, 1} and np.array_equal(heir.picture(1), picture(1))
    frame_store.make_room()
    assert names(tmp_path) == {"old", "heir"}


def test_frames_that_were_taken_over_outlive_the_job_they_came_from(tmp_path: Path) -> None:
    frame_store = FrameStore(tmp_path)
    finish(frame_store, "old")
    heir = frame_store.frames_of("heir")
    begin(heir)
    heir.take_over([0], frame_store.frames_of("old"))
    frame_store.make_room()
    assert names(tmp_path) == {"heir"} and np.array_equal(heir.picture(0), picture(0))


def test_frames_that_are_taken_over_daily_are_never_pruned(tmp_path: Path) -> None:
    frame_store = FrameStore(tmp_path, keep_bytes=1_000_000)
    for name in ("remixed", "forsaken"):
        finish(frame_store, name, used=1)
        os.utime(tmp_path / name / "shelved", (1, 1))
    heir = frame_store.frames_of("heir")
    begin(heir)
    heir.take_over([0], frame_store.frames_of("remixed"))
    frame_store.prune(days=2)
    assert names(tmp_path) == {"remixed", "heir"}


def test_a_job_in_work_is_never_removed_to_make_room(tmp_path: Path) -> None:
    frame_store = FrameStore(tmp_path, keep_bytes=0)
    begin(frame_store.frames_of("in-work"))
    finish(frame_store, "taken-up-again")
    begin(frame_store.frames_of("taken-up-again"), frames=2)
    frame_store.make_room()
    assert names(tmp_path) == {"in-work", "taken-up-again"}
    assert frame_store.frames_of("taken-up-again").indices() == {0, 1}


def test_of_a_job_that_was_not_completed_nothing_is_kept(tmp_path: Path) -> None:
    frame_store = FrameStore(tmp_path, keep_bytes=1_000_000)
    begin(frame_store.frames_of("cut-short"))
    frame_store.frames_of("cut-short").save(0, picture(0))
    frame_store.shelve("cut-short")
    frame_store.shelve("never-begun")
    assert names(tmp_path) == set()


def test_the_plan_of_the_first_attempt_holds_for_the_next(folder: JobFrames) -> None:
    """What was taken over then is there now, and is counted as it was."""
    begun = Plan(recipe=plan().recipe, model="toy", frames=60, unet_calls=40, inherited=30)
    folder.begin(begun)
    assert folder.open(plan()) == begun
