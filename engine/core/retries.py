"""Retries of frames that came out degenerate: with another seed and more noise, a limited number of times.

Which attempt is kept follows from the pictures alone, so a recipe replays to the same frames, even after a crash.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from engine.backend import Picture
from engine.storyboard.shot import FeedbackStart, Shot, retry_shot
from engine.vision.degenerate import FrameCheck, FrameContext, check_frame


class AcceptedFrame(msgspec.Struct, frozen=True):
    picture: Picture
    attempts: int


class _Attempts(msgspec.Struct):
    made: int
    best: Picture
    check: FrameCheck


class FrameRetries:
    """The frames of one job that are being retried."""

    def __init__(self) -> None:
        self._attempts: dict[int, _Attempts] = {}

    def next_shot(self, shot: Shot) -> Shot:
        attempts = self._attempts.get(shot.index)
        return retry_shot(shot, attempts.made) if attempts else shot

    def accept(self, shot: Shot, picture: Picture, sources: Mapping[int, Picture]) -> AcceptedFrame | None:
        """Check what a shot became; return None if it is to be retried, and the best attempt after the last retry."""
        check = check_frame(picture, find_context(shot, sources))
        attempts = self._attempts.get(shot.index)
        if attempts is None:
            attempts = self._attempts[shot.index] = _Attempts(0, picture, check)
        attempts.made += 1
        if check.rank > attempts.check.rank:
            attempts.best, attempts.check = picture, check
        if attempts.check.fault is not None and attempts.made <= shot.retries:
            return None
        del self._attempts[shot.index]
        return AcceptedFrame(attempts.best, attempts.made)


def find_context(shot: Shot, sources: Mapping[int, Picture]) -> FrameContext:
    start = shot.start
    before = sources[start.frame] if isinstance(start, FeedbackStart) and not start.camera.is_still else None
    goal = (sources[shot.goal.frame], sources[shot.goal.rather_than]) if shot.goal is not None else None
    return FrameContext(before=before, goal=goal)
