"""A rendered animation on disk: its frames as PNG in a folder of their own, named after all that they depend on."""

from __future__ import annotations

import fcntl
import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tqdm import tqdm

from benchmarks.quality.subject import Subject
from engine.backend import Picture
from engine.frames.frame_store import JobFrames
from engine.storyboard.shot import Camera
from engine.vision.perception import Description, describe_picture


class Method(ABC):
    """A way to render a subject: `name` as options and folders have it, `title` as the table has it."""

    name: str
    title: str
    each: int = 0
    """Pictures of each stage that are shown in turn, where that is all; 0 for an animation."""

    @abstractmethod
    def essence(self, subject: Subject) -> bytes:
        """Return all that the frames depend on, besides the model."""

    def cameras(self, subject: Subject, folder: JobFrames) -> Sequence[Camera | None]:
        """Return how the camera moved before each frame, None where a frame does not continue the one before."""
        return [None] * subject.frames

    def render(self, subject: Subject, folder: JobFrames) -> Iterator[int]:
        """Render the frames that `folder` lacks, yielding after each how many are there."""
        folder.path.mkdir(parents=True, exist_ok=True)
        there, scenery = folder.indices(), subject.scenery
        made: dict[Hashable, int] = {}
        for index in range(subject.frames):
            same = made.setdefault((scenery[index], index % self.each) if self.each else index, index)
            if index not in there:
                folder.save(index, self.make(subject, index, folder) if same == index else folder.picture(same))
            yield index + 1

    def make(self, subject: Subject, index: int, folder: JobFrames) -> Picture:
        """Return a frame; those before it are in the folder."""
        raise NotImplementedError


@dataclass(frozen=True)
class Film:
    """One subject by one method."""

    subject: Subject
    method: Method
    folder: JobFrames

    @property
    def is_complete(self) -> bool:
        return set(range(self.subject.frames)) <= self.folder.indices()

    @cached_property
    def pictures(self) -> list[Picture]:
        return [self.folder.picture(index) for index in range(self.subject.frames)]

    @cached_property
    def descriptions(self) -> list[Description]:
        """What the perceptual distance is taken of."""
        return [describe_picture(picture) for picture in self.pictures]

    @cached_property
    def cameras(self) -> Sequence[Camera | None]:
        return self.method.cameras(self.subject, self.folder)


def film(subject: Subject, method: Method, root: Path, model: str) -> Film:
    """Return the film of a subject, whether it was rendered or not; `model` tells the model from every other."""
    digest = hashlib.blake2b(method.essence(subject) + model.encode(), digest_size=5).hexdigest()
    return Film(subject, method, JobFrames(root / f"{subject.kind}-{subject.seed}-{method.name}-{digest}"))


def fingerprint(model: Path) -> str:
    """Return a digest of the weights of a model in diffusers' layout."""
    parts = "text_encoder", "unet", "vae"
    files = sorted(path for part in parts for path in (model / part).glob("*.safetensors"))
    return hashlib.blake2b(b"".join(path.read_bytes() for path in files), digest_size=8).hexdigest()


def render_all(films: Iterable[Film], deadline: float) -> bool:
    """Render what is missing until `deadline` (of `time.monotonic`), and return whether everything is there.

    Several processes may do so at a time: a film that another one is at comes last.
    """
    missing = [film for film in films if not film.is_complete]
    while missing and time.monotonic() <= deadline:
        left = [film for film in missing if not _render(film, deadline)]
        if len(left) == len(missing):
            time.sleep(1)  # others are at all of them
        missing = left
    return not missing


def _render(film: Film, deadline: float) -> bool:
    """Render a film unless another process does, as long as there is time; return whether it is complete."""
    path = film.folder.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not film.is_complete and time.monotonic() <= deadline:
            with tqdm(total=film.subject.frames, desc=path.name, unit="frame", disable=None) as bar:
                for there in film.method.render(film.subject, film.folder):
                    bar.update(there - bar.n)
                    if time.monotonic() > deadline:
                        break
        return film.is_complete
