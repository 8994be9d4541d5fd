"""Frames on disk, so that a crash costs no frame.

SPOOL/<job>/job.json     the plan the frames were made for
SPOOL/<job>/00012.png    frame 12; text chunks say how many attempts it took and whether the safety checker objected
SPOOL/<job>/seconds      render time that earlier attempts have taken
SPOOL/<job>/shelved      the job is over, its frames are kept for jobs that continue it; how many bytes they take

The folder's modification time alone says when a job's frames were last used.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.backend import Picture
from engine.errors import PictureError
from engine.protocol.messages import JobId, Plan
from engine.protocol.stored_picture import open_picture
from engine.storyboard.shot import count_shown

log = logging.getLogger(__name__)

_PNG_END = b"IEND\xaeB`\x82"
_FLAGGED = "Safety checker"
_ATTEMPTS = "Tries"
_WORDS = {True: "objects", False: "accepts"}
_DAY = 24 * 60 * 60


class JobFrames:
    """The frames of one job. Files appear whole or not at all; a disk that damages them later shows as an OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def plan(self) -> Plan | None:
        """What the frames were made for; None if unknown."""
        try:
            return msgspec.json.decode((self.path / "job.json").read_bytes(), type=Plan)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    @property
    def exists(self) -> bool:
        return self.path.exists()

    def open(self, plan: Plan) -> Plan | None:
        """Prepare the folder, and throw away frames of another plan; those that are left have to be verified.

        Returns the plan as it was when work on it began; None if it has not.
        """
        begun = self.plan
        if begun is not None and (begun.recipe, begun.model) == (plan.recipe, plan.model):
            self.claim()
            return begun
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        return None

    def claim(self) -> None:
        """Keep the frames from being removed to make room."""
        (self.path / "shelved").unlink(missing_ok=True)

    def verify(self, indices: Iterable[int]) -> frozenset[int]:
        """Read frames to the last byte, about 1 ms for 512 pixels, and remove damaged ones; return the others."""
        return frozenset(index for index in indices if self._keep_if_sound(index))

    def take_over(self, indices: Iterable[int], base: JobFrames) -> frozenset[int]:
        """Link undamaged frames from another job, which counts as use of it; return those that were there."""
        taken = set()
        for index in indices:
            try:
                os.link(base._frame(index), self._frame(index))  # no copy: a frame's file is never written again
            except FileNotFoundError:
                continue
            except OSError:  # no links on this file system
                shutil.copyfile(base._frame(index), self._frame(index))
            if self._keep_if_sound(index):
                taken.add(index)
        if taken:
            base.touch()
        return frozenset(taken)

    def begin(self, plan: Plan) -> None:
        self._write(self.path / "job.json", msgspec.json.encode(plan))

    def shelve(self) -> None:
        """Mark the job as over; an incomplete one is removed."""
        plan = self.plan
        if plan is None or count_shown(self.indices()) < plan.frames:
            self.remove()
        else:
            size = sum(path.stat().st_size for path in self.path.iterdir())
            self._write(self.path / "shelved", str(size).encode())

    def touch(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.path)

    @property
    def last_used(self) -> float:
        """Seconds since the epoch; raises FileNotFoundError."""
        return self.path.stat().st_mtime

    def indices(self) -> set[int]:
        """Return the indices of the frames that were written to their end."""
        try:
            paths = list(self.path.iterdir())
        except FileNotFoundError:
            return set()
        return {int(path.stem) for path in paths if path.suffix == ".png" and _is_whole(path)}

    def save(self, index: int, picture: Picture, flagged: bool | None = None, attempts: int = 1) -> None:
        note = PngInfo()
        if attempts > 1:
            note.add_text(_ATTEMPTS, str(attempts))
        if flagged is not None:
            note.add_text(_FLAGGED, _WORDS[flagged])
        target = self._frame(index)
        partial = target.with_suffix(".partial")
        Image.fromarray(picture).save(partial, format="PNG", compress_level=1, pnginfo=note)
        partial.replace(target)

    def is_flagged(self, index: int) -> bool | None:
        """Whether the safety checker objected to frame `index`; None if it was never asked."""
        with _open_frame(self._frame(index)) as image:
            word = image.info.get(_FLAGGED)
        return next((flagged for flagged, known in _WORDS.items() if known == word), None)

    def attempts(self, index: int) -> int:
        with _open_frame(self._frame(index)) as image:
            return int(image.info.get(_ATTEMPTS, "1"))

    def load(self, index: int) -> Image.Image:
        with _open_frame(self._frame(index)) as image:
            return image.convert("RGB")

    def picture(self, index: int) -> Picture:
        return np.asarray(self.load(index))

    @property
    def seconds(self) -> float:
        """Render time spent on the job so far; 0 if unknown, as after a power cut."""
        try:
            return float((self.path / "seconds").read_text())
        except (FileNotFoundError, ValueError):
            return 0.0

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._write(self.path / "seconds", f"{value:.3f}".encode())

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _keep_if_sound(self, index: int) -> bool:
        """Remove frame `index` if it is damaged; return whether it is kept."""
        try:
            with _open_frame(self._frame(index)) as image:
                image.verify()  # checksums only: a fifth of the time of decoding
        except OSError as error:
            log.warning("frame %d of %s cannot be read and is made again: %s", index, self.path, error)
            self._frame(index).unlink(missing_ok=True)
            return False
        return True

    def _frame(self, index: int) -> Path:
        return self.path / f"{index:05d}.png"

    def _write(self, target: Path, data: bytes) -> None:
        partial = target.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(target)


class FrameStore:
    """The frames of all jobs; those of finished jobs may take `keep_bytes`, where a shared frame counts for each."""

    def __init__(self, root: Path, keep_bytes: int = 0) -> None:
        self._root = root
        self._keep_bytes = keep_bytes
        root.mkdir(parents=True, exist_ok=True)

    def frames_of(self, job: JobId) -> JobFrames:
        return JobFrames(self._root / job)

    def shelve(self, job: JobId) -> None:
        self.frames_of(job).shelve()
        self.make_room()

    def make_room(self) -> None:
        """Remove finished jobs, the least recently used first, until the others fit."""
        shelved = []
        for mark in self._root.glob("*/shelved"):
            with contextlib.suppress(FileNotFoundError, ValueError):  # taken up again by now; or torn by a power cut
                shelved.append((JobFrames(mark.parent).last_used, int(mark.read_text()), mark))
        room = self._keep_bytes
        for _, size, mark in sorted(shelved, reverse=True):
            room -= size
            if room < 0:
                JobFrames(mark.parent).remove()

    def prune(self, days: float) -> None:
        """Remove jobs whose frames were not used for this many days."""
        horizon = time.time() - days * _DAY
        for path in self._root.iterdir():
            if path.is_dir() and JobFrames(path).last_used < horizon:
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _open_frame(path: Path) -> Iterator[Image.Image]:
    """Open a frame; whatever is wrong with it, even while it is read, is an OSError."""
    try:
        with open_picture(path) as image:
            yield image
    except PictureError as error:
        raise OSError(str(error)) from error


def _is_whole(path: Path) -> bool:
    """Whether a PNG was written to its end: a power cut can leave a renamed file without its data."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(_PNG_END)))
            return file.read() == _PNG_END
    except FileNotFoundError:
        return False  # of a job that is over, and was removed meanwhile to make room
