"""Frames on disk: what a job has finished so far, so that a crash costs no frame.

SPOOL/<job>/job.json     the plan the frames were made for
SPOOL/<job>/00012.png    frame 12, with the safety checker's verdict in it if there was one
SPOOL/<job>/seconds      render time that earlier attempts have taken
SPOOL/<job>/shelved      the job is over, its frames are kept for jobs that continue it; how many bytes they take

When a job's frames were last of use is the time of the folder's last change, and nothing else.
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
_VERDICT = "Safety checker"
_TRIES = "Tries"
_WORDS = {True: "objects", False: "accepts"}
_DAY = 24 * 60 * 60


class JobFrames:
    """The frames of one job. Files appear whole or not at all.

    What a disk makes of them afterwards is another matter: whoever reads a frame may meet an OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def plan(self) -> Plan | None:
        """What the frames were made for, None if that cannot be said."""
        try:
            return msgspec.json.decode((self.path / "job.json").read_bytes(), type=Plan)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    @property
    def exists(self) -> bool:
        """Whether anything at all may be there."""
        return self.path.exists()

    def open(self, plan: Plan) -> Plan | None:
        """Make the folder ready for work; frames that were made for anything else than `plan` are thrown away.

        Those that are left have to be verified before a job goes on from them.

        Returns:
            the plan as it was when the work on it began; None if it has not.
        """
        begun = self.plan
        if begun is not None and (begun.recipe, begun.model) == (plan.recipe, plan.model):
            self.claim()
            return begun
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        return None

    def claim(self) -> None:
        """Note that a job goes on here: from now on no room is made of its frames."""
        (self.path / "shelved").unlink(missing_ok=True)

    def verify(self, indices: Iterable[int]) -> frozenset[int]:
        """Look at frames to the last byte, and throw those away that are damaged; return the others.

        That takes about a millisecond for a frame of 512 pixels, and much longer on a disk that is slow.
        """
        return frozenset(index for index in indices if self._keep_if_sound(index))

    def take_over(self, indices: Iterable[int], base: JobFrames) -> frozenset[int]:
        """Take sound frames over from another folder, which counts as use of that; return those that were there.

        Each is verified, as by `verify`.
        """
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
        """Note what the frames are made for."""
        self._write(self.path / "job.json", msgspec.json.encode(plan))

    def shelve(self) -> None:
        """Note that the job is over; what is not complete is of no use to anybody and thrown away."""
        plan = self.plan
        if plan is None or count_shown(self.frames()) < plan.frames:
            self.remove()
            return
        size = sum(path.stat().st_size for path in self.path.iterdir())
        self._write(self.path / "shelved", str(size).encode())

    def touch(self) -> None:
        """Note that the frames were of use."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.path)

    @property
    def used(self) -> float:
        """When the frames were last of use, in seconds since the epoch; raises FileNotFoundError."""
        return self.path.stat().st_mtime

    def frames(self) -> set[int]:
        """Return the indices of the frames that are there in full."""
        try:
            paths = list(self.path.iterdir())
        except FileNotFoundError:
            return set()
        return {int(path.stem) for path in paths if path.suffix == ".png" and _is_whole(path)}

    def save(self, index: int, picture: Picture, verdict: bool | None = None, tries: int = 1) -> None:
        """Keep frame `index`, and with it whether the safety checker objects to it; None if it was not asked.

        The verdict stands in the file itself: wherever the frame goes, it is not judged a second time. So does the
        number of tries it took.
        """
        note = PngInfo()
        if tries > 1:
            note.add_text(_TRIES, str(tries))
        if verdict is not None:
            note.add_text(_VERDICT, _WORDS[verdict])
        target = self._frame(index)
        partial = target.with_suffix(".partial")
        Image.fromarray(picture).save(partial, format="PNG", compress_level=1, pnginfo=note)
        partial.replace(target)

    def verdict(self, index: int) -> bool | None:
        """Return whether the safety checker objected to frame `index`; None if it was never asked."""
        with _opened(self._frame(index)) as image:
            word = image.info.get(_VERDICT)
        return next((verdict for verdict, known in _WORDS.items() if known == word), None)

    def tries(self, index: int) -> int:
        """Return how many pictures were made of frame `index` until one was kept."""
        with _opened(self._frame(index)) as image:
            return int(image.info.get(_TRIES, "1"))

    def load(self, index: int) -> Image.Image:
        """Return frame `index`, an RGB picture equal to what was saved."""
        with _opened(self._frame(index)) as image:
            return image.convert("RGB")

    def picture(self, index: int) -> Picture:
        """Return frame `index` as an array of shape (height, width, 3), uint8."""
        return np.asarray(self.load(index))

    @property
    def seconds(self) -> float:
        """Render time spent on the job so far, as last written down; 0 where a power cut has left nothing of that."""
        try:
            return float((self.path / "seconds").read_text())
        except (FileNotFoundError, ValueError):
            return 0.0

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._write(self.path / "seconds", f"{value:.3f}".encode())

    def remove(self) -> None:
        """Throw everything away."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _keep_if_sound(self, index: int) -> bool:
        """Throw frame `index` away if it is damaged; return whether it is kept."""
        try:
            with _opened(self._frame(index)) as image:
                image.verify()  # the sums of all its parts, a fifth of the time that reading it would take
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
    """The folders of all jobs.

    Args:
        root: where they are.
        keep_bytes: what the frames of jobs that are over may take; a frame that several jobs share counts for each.
    """

    def __init__(self, root: Path, keep_bytes: int = 0) -> None:
        self._root = root
        self._keep_bytes = keep_bytes
        root.mkdir(parents=True, exist_ok=True)

    def folder(self, job: JobId) -> JobFrames:
        """Return a job's folder, which need not exist yet."""
        return JobFrames(self._root / job)

    def shelve(self, job: JobId) -> None:
        """Note that a job is over, and make room: the frames that were of no use for longest go first."""
        self.folder(job).shelve()
        self.make_room()

    def make_room(self) -> None:
        """Remove jobs that are over, until the others fit; a job in work has no mark to be found by."""
        shelved = []
        for mark in self._root.glob("*/shelved"):
            with contextlib.suppress(FileNotFoundError, ValueError):  # taken up again by now; or torn by a power cut
                shelved.append((JobFrames(mark.parent).used, int(mark.read_text()), mark))
        room = self._keep_bytes
        for _, size, mark in sorted(shelved, reverse=True):
            room -= size
            if room < 0:
                JobFrames(mark.parent).remove()

    def prune(self, days: float) -> None:
        """Remove folders that were of no use for so many days: jobs that nobody came back for."""
        horizon = time.time() - days * _DAY
        for path in self._root.iterdir():
            if path.is_dir() and JobFrames(path).used < horizon:
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a frame; whatever is wrong with it, also while it is read, is an OSError."""
    try:
        with open_picture(path) as image:
            yield image
    except PictureError as error:
        raise OSError(str(error)) from error


def _is_whole(path: Path) -> bool:
    """Whether a PNG was written to its end; a power cut can leave a renamed file without its data.

    It is asked of every frame of a folder, often, so it does not look at what is in between.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(_PNG_END)))
            return file.read() == _PNG_END
    except FileNotFoundError:
        return False  # of a job that is over, and was removed meanwhile to make room
