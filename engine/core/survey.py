"""What a job's hidden frames look like, and what follows from it: where frames belong, and which seed is the best."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PIL import Image

from engine.backend import Picture
from engine.core.spacing import measure_position, rank_surveys, resolve_position
from engine.frames.contact_sheet import ContactSheetPlan, ContactSheetWriter
from engine.frames.frame_store import JobFrames
from engine.frames.veil import veil_picture
from engine.recipe.survey_result import SurveyResult
from engine.storyboard.morph_path import MeasuredPosition, SeedSurvey
from engine.storyboard.shot import Shot, is_hidden
from engine.storyboard.storyboard import Storyboard
from engine.vision.perception import Description, describe_picture

STILLS: Final = 5
"""Pictures of each seed on the contact sheet of tries, from one end of the way to the other."""
STILL_SIDE: Final = 128
"""Pixels of a still's longer side there."""
SHEET_BYTES: Final = 1024 * 1024
"""What the contact sheet of tries may take; where few bytes may be posted in all, an eighth of them."""


class MorphSurvey:
    """Looks at the frames of a job that say where others belong."""

    def __init__(self, board: Storyboard, folder: JobFrames) -> None:
        self._folder = folder
        self._looks: dict[int, Description] = {}
        self._size = (board.width, board.height)
        self._places = [
            shot.prompt
            for shot in board.shots
            if isinstance(shot.prompt, MeasuredPosition) and not is_hidden(shot.index)
        ]
        self._surveyed = self._places[0].required_frames if self._places else frozenset()
        self._tries = self._places[0].surveys if self._places and len(self._places[0].surveys) > 1 else ()
        self._stills = frozenset(frame for survey in self._tries for frame in _stills(survey))

    @property
    def has_tries(self) -> bool:
        """Whether there is a contact sheet to be made."""
        return bool(self._tries)

    def is_seen(self, index: int) -> bool:
        """Whether members see a frame: in the animation, or on the contact sheet of tries."""
        return not is_hidden(index) or index in self._stills

    def see(self, index: int, picture: Picture) -> None:
        """Look at a frame that was finished, if it matters."""
        if index in self._surveyed:
            self._looks[index] = describe_picture(picture)

    def settled(self, shot: Shot) -> Shot:
        """Return a shot with its place decided; the frames that this takes are finished."""
        if isinstance(shot.prompt, MeasuredPosition):
            self._look_at(shot.prompt.required_frames)
        return resolve_position(shot, self._looks)

    @property
    def found(self) -> SurveyResult | None:
        """What was decided, after the last surveyed frame is finished; None where nothing was to be."""
        if not self._places:
            return None
        self._look_at(self._surveyed)
        positions = tuple(measure_position(along, self._looks) for along in self._places)
        return SurveyResult(positions=positions, seeds=tuple(survey.seed for survey in self._order()))

    def sheet(self, limit_bytes: int, *, is_veiled: bool) -> bytes:
        """Return the contact sheet of the tries, the best first, as a PNG.

        Args:
            limit_bytes: its greatest size.
            is_veiled: whether pictures that the safety checker objects to are veiled.
        """
        self._look_at(self._surveyed)
        scale = min(1.0, STILL_SIDE / max(self._size))
        size = round(self._size[0] * scale), round(self._size[1] * scale)
        plan = ContactSheetPlan(limit_bytes=limit_bytes, stills=STILLS, seeds=len(self._tries), size=size)
        writer = ContactSheetWriter(plan)
        for survey in self._order():
            for frame in _stills(survey):
                writer.add(self._still(frame, is_veiled=is_veiled))
        return writer.finish().data

    def _order(self) -> list[SeedSurvey]:
        return rank_surveys(self._places[0], self._looks)

    def _still(self, frame: int, *, is_veiled: bool) -> Image.Image:
        image = self._folder.load(frame)
        return veil_picture(image) if is_veiled and self._folder.verdict(frame) else image

    def _look_at(self, frames: Iterable[int]) -> None:
        for frame in frames:
            if frame not in self._looks:
                self._looks[frame] = describe_picture(self._folder.picture(frame))


def limit_sheet_bytes(limit_bytes: int) -> int:
    """Return how much of what may be posted in all is kept for the contact sheet of tries."""
    return min(SHEET_BYTES, limit_bytes // 8)


def _stills(survey: SeedSurvey) -> list[int]:
    last = len(survey.frames) - 1
    return [survey.frames[round(number * last / (STILLS - 1))] for number in range(STILLS)]
