"""The repository's own way, through the real storyboard and engine."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from benchmarks.quality.film import Method
from benchmarks.quality.subject import Subject
from engine.backend import Backend
from engine.config import EngineConfig
from engine.core.core import Core, CoreConfig
from engine.errors import MemberError
from engine.frames.frame_store import FrameStore, JobFrames
from engine.protocol.messages import Done, Failed, Job, Progress
from engine.storyboard.builder import build_storyboard
from engine.storyboard.shot import Camera, FeedbackStart
from engine.vision.vanishing import aim_camera


@dataclass(frozen=True)
class Ours(Method):
    """The default, or with some settings changed (the subject says which)."""

    backend: Backend
    name: str = "ours"
    title: str = "ours"

    def essence(self, subject: Subject) -> bytes:
        return msgspec.json.encode([build_storyboard(subject.recipe, subject.settings), subject.recipe])

    def cameras(self, subject: Subject, folder: JobFrames) -> list[Camera | None]:
        picture = functools.lru_cache(maxsize=16)(folder.picture)
        cameras: list[Camera | None] = [None] * subject.frames
        for shot in build_storyboard(subject.recipe, subject.settings).shots:
            is_shown = shot.index < subject.frames
            if is_shown and isinstance(shot.start, FeedbackStart) and shot.start.frame == shot.index - 1:
                aimed = aim_camera(shot, {index: picture(index) for index in shot.sources}).start
                assert isinstance(aimed, FeedbackStart)  # as it was
                cameras[shot.index] = aimed.camera
        return cameras

    def render(self, subject: Subject, folder: JobFrames) -> Iterator[int]:
        core = Core(self.backend, FrameStore(folder.path.parent), CoreConfig(engine=EngineConfig(jobs_at_once=1)))
        try:
            core.add(Job(id=folder.path.name, recipe=subject.recipe, owner="benchmark", limit_bytes=1 << 30))
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
