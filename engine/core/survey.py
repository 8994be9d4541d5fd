"""What a morph's hidden frames show: where its frames belong, and which seed is the best."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PIL import Image

from engine.backend import Picture
from engine.core.spacing import locate, rank_surveys, resolve_position
from engine.frames.contact_sheet import ContactSheetPlan, ContactSheetWriter
from engine.frames.frame_store import JobFrames
from engine.frames.veil import veil_picture
from engine.recipe.survey_result import SurveyResult
from engine.storyboard.morph_path import MeasuredPosition, SeedSurvey
from engine.storyboard.shot import Shot, is_hidden
from engine.storyboard.storyboard import Storyboard
from engine.vision.perception import Description, describe_picture

STILLS: Final = 5
"""Pictures of each seed on the contact sheet, from one end of the path to the other."""
STILL_SIDE: Final = 128
"""Pixels of a still's longer side there."""
SHEET_BYTES: Final = 1024 * 1024
"""Largest contact sheet of seeds; an eighth of the job's limit where that is less."""


class MorphSurvey:
    """Describes the surveyed frames of a job, and resolves the positions that depend on them."""

    def __init__(self, board: Storyboard, frames: JobFrames) -> None:
        self._frames = frames
        self._descriptions: dict[int, Description] = {}
        self._size = (board.width, board.height)
        self._measured = [
            shot.prompt
            for shot in board.shots
            if isinstance(shot.prompt, MeasuredPosition) and not is_hidden(shot.index)
        ]
        self._surveyed = self._measured[0].required_frames if self._measured else frozenset()
        surveys = self._measured[0].surveys if self._measured else ()
        self._candidates = surveys if len(surveys) > 1 else ()
        self._stills = frozenset(frame for survey in self._candidates for frame in _pick_stills(survey))

    @property
    def compares_seeds(self) -> bool:
        return bool(self._candidates)

    def is_visible(self, index: int) -> bool:
        """Whether members see a frame: in the animation, or on the contact sheet of seeds."""
        return not is_hidden(index) or index in self._stills

    def note_frame(self, index: int, picture: Picture) -> None:
        if index in self._surveyed:
            self._descriptions[index] = describe_picture(picture)

    def resolve_position(self, shot: Shot) -> Shot:
        if isinstance(shot.prompt, MeasuredPosition):
            self._describe(shot.prompt.required_frames)
        return resolve_position(shot, self._descriptions)

    @property
    def result(self) -> SurveyResult | None:
        """What was decided, once all surveyed frames are finished; None if there was nothing to decide."""
        if not self._measured:
            return None
        self._describe(self._surveyed)
        positions = tuple(locate(measured, self._descriptions)[1] for measured in self._measured)
        return SurveyResult(positions=positions, seeds=tuple(survey.seed for survey in self._ranked_surveys()))

    def draw_sheet(self, limit_bytes: int, *, is_veiled: bool) -> bytes:
        """Return the contact sheet of the seeds, the best first, as a PNG; `is_veiled` veils flagged pictures."""
        self._describe(self._surveyed)
        scale = min(1.0, STILL_SIDE / max(self._size))
        size = round(self._size[0] * scale), round(self._size[1] * scale)
        plan = ContactSheetPlan(limit_bytes=limit_bytes, stills=STILLS, seeds=len(self._candidates), size=size)
        writer = ContactSheetWriter(plan)
        for survey in self._ranked_surveys():
            for frame in _pick_stills(survey):
                writer.add(self._load_still(frame, is_veiled=is_veiled))
        return writer.finish().data

    def _ranked_surveys(self) -> list[SeedSurvey]:
        return rank_surveys(self._measured[0], self._descriptions)

    def _load_still(self, frame: int, *, is_veiled: bool) -> Image.Image:
        image = self._frames.load(frame)
        return veil_picture(image) if is_veiled and self._frames.is_flagged(frame) else image

    def _describe(self, frames: Iterable[int]) -> None:
        for frame in frames:
            if frame not in self._descriptions:
                self._descriptions[frame] = describe_picture(self._frames.picture(frame))


def _pick_stills(survey: SeedSurvey) -> list[int]:
    last = len(survey.frames) - 1
    return [survey.frames[round(number * last / (STILLS - 1))] for number in range(STILLS)]
