"""The repository's own way, through the real storyboard and engine."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from benchmarks.quality.subject import Subject
from engine.backend import Backend, Picture
from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.errors import MemberError
from engine.frames.frame_store import FrameStore, JobFrames
from engine.protocol.messages import Done, Failed, Job, Progress
from engine.storyboard.builder import build_storyboard
from engine.storyboard.shot import Camera, FeedbackStart, Shot
from engine.vision.vanishing import aim_camera

NO_LIMIT: Final = 1 << 30
PICTURES_KEPT: Final = 16


@dataclass(frozen=True)
class Ours:
    """The default, or with some settings changed (the subject says which)."""

    backend: Backend
    name: str = "ours"
    title: str = "ours"

    def essence(self, subject: Subject) -> bytes:
        """Return the storyboard; see `Method.essence`."""
        return msgspec.json.encode([build_storyboard(subject.recipe, subject.settings), subject.recipe])

    def cameras(self, subject: Subject, folder: JobFrames) -> list[Camera | None]:
        """Return the storyboard's cameras, which have looked where they go; see `Method.cameras`."""
        shots = {shot.index: shot for shot in build_storyboard(subject.recipe, subject.settings).shots}
        picture = functools.lru_cache(maxsize=PICTURES_KEPT)(folder.picture)
        return [_camera(shots[index], picture) for index in range(subject.frames)]

    def render(self, subject: Subject, folder: JobFrames) -> Iterator[int]:
        """Render with a core of its own; see `Method.render`."""
        core = Core(self.backend, FrameStore(folder.path.parent), CoreConfig(engine=EngineConfig(jobs_at_once=1)))
        try:
            core.add(Job(id=folder.path.name, recipe=subject.recipe, owner="benchmark", limit_bytes=NO_LIMIT))
            while True:
                for event in core.step():
                    match event:
                        case Progress(frames_done=frames):
                            yield frames
                        case Failed(message=message):
                            raise MemberError(message)
                        case Done():
                            return
        finally:
            core.close()


def _camera(shot: Shot, picture: Callable[[int], Picture]) -> Camera | None:
    if not isinstance(shot.start, FeedbackStart) or shot.start.frame != shot.index - 1:
        return None
    start = aim_camera(shot, {index: picture(index) for index in shot.sources}).start
    assert isinstance(start, FeedbackStart)  # as it was
    return start.camera
