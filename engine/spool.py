"""Frames on disk: what a job has finished so far, so that a crash costs no frame.

SPOOL/<job>/job.json     the plan the frames were made for
SPOOL/<job>/00012.png    frame 12
SPOOL/<job>/seconds      render time that earlier attempts have taken
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from engine.backend import Picture
from engine.messages import JobId, Plan

_PNG_END = b"IEND\xaeB`\x82"
_DAY = 24 * 60 * 60


class Folder:
    """The frames of one job. Files appear whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self, plan: Plan) -> None:
        """Make the folder ready for `plan`; frames that were made for another one are thrown away."""
        note = self.path / "job.json"
        wanted = msgspec.json.encode(plan)
        if not (note.exists() and note.read_bytes() == wanted):
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir(parents=True)
            self._write(note, wanted)

    def frames(self) -> set[int]:
        """Return the indices of the frames that are there in full."""
        return {int(path.stem) for path in self.path.glob("[0-9]*.png") if _is_whole(path)}

    def save(self, index: int, picture: Picture) -> None:
        """Keep frame `index`."""
        target = self._frame(index)
        partial = target.with_suffix(".partial")
        Image.fromarray(picture).save(partial, format="PNG", compress_level=1)
        partial.replace(target)

    def load(self, index: int) -> Image.Image:
        """Return frame `index`, an RGB picture equal to what was saved."""
        with Image.open(self._frame(index)) as image:
            return image.convert("RGB")

    def picture(self, index: int) -> Picture:
        """Return frame `index` as an array of shape (height, width, 3), uint8."""
        return np.asarray(self.load(index))

    @property
    def seconds(self) -> float:
        """Render time spent on the job so far, as last written down."""
        note = self.path / "seconds"
        return float(note.read_text()) if note.exists() else 0.0

    @seconds.setter
    def seconds(self, value: float) -> None:
        self._write(self.path / "seconds", f"{value:.3f}".encode())

    def remove(self) -> None:
        """Throw everything away."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _frame(self, index: int) -> Path:
        return self.path / f"{index:05d}.png"

    def _write(self, target: Path, data: bytes) -> None:
        partial = target.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(target)


class Spool:
    """The folders of all jobs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        root.mkdir(parents=True, exist_ok=True)

    def folder(self, job: JobId) -> Folder:
        """Return a job's folder, which need not exist yet."""
        return Folder(self._root / job)

    def prune(self, days: float) -> None:
        """Remove folders that nothing has touched for so many days: jobs that nobody came back for."""
        horizon = time.time() - days * _DAY
        for path in self._root.iterdir():
            if path.is_dir() and path.stat().st_mtime < horizon:
                shutil.rmtree(path, ignore_errors=True)


def _is_whole(path: Path) -> bool:
    """Whether a PNG was written to its end; a power cut can leave a renamed file without its data."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(_PNG_END)))
        return file.read() == _PNG_END
