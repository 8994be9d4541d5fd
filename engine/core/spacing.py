"""Where the frames of a morph belong: at even perceptual distances along its path, measured on a survey.

Between two words a picture stays the same for long and then turns within a small part of the path. So a few hidden
frames are rendered first; the distances of neighbours add up to the path's perceptual length, and every frame gets an
equal share of it. Only the pictures on disk decide, so a resumed or replayed job decides the same.

Re-spacing by perceptual distance: Zhang et al., "DiffMorpher", CVPR 2024.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from engine.storyboard.morph_path import MeasuredPosition, SeedSurvey
from engine.storyboard.shot import Shot
from engine.vision.perception import Description, directness, measure_steps, perceptual_distance, variation, worst_jump

Descriptions = Mapping[int, Description]
"""Of surveyed frames, by index."""

LEAST_SHARE: Final = 0.05
"""Least length of a survey's step, as a share of the mean: no two frames may get the same position."""

Samples = list[tuple[float, int]]
"""Positions on a path and the frames that were rendered there, in order."""


def resolve_position(shot: Shot, descriptions: Descriptions) -> Shot:
    """Return a shot with its position on its path decided by the surveyed frames; other shots as they are."""
    if not isinstance(shot.prompt, MeasuredPosition):
        return shot
    measured = shot.prompt
    survey, position = locate(measured, descriptions)
    return msgspec.structs.replace(
        shot, prompt=measured.path.prompt(position), start=measured.path.noise(position, survey.seed), seed=survey.seed
    )


def rank_surveys(measured: MeasuredPosition, descriptions: Descriptions) -> list[SeedSurvey]:
    """Return the surveys of a position, the best first; those refined by a second look go before the others."""
    return [survey for survey, _ in _rank(measured, descriptions)]


def locate(measured: MeasuredPosition, descriptions: Descriptions) -> tuple[SeedSurvey, float]:
    """Return the survey of the rank that is asked for, and the position at a fraction of its perceptual arc length."""
    survey, samples = _rank(measured, descriptions)[measured.rank]
    return survey, _position_among(_add_frames(samples, measured.closest, descriptions), descriptions, measured.share)


def _rank(measured: MeasuredPosition, descriptions: Descriptions) -> list[tuple[SeedSurvey, Samples]]:
    """Return the surveys of a position, each with its samples, the best first.

    Of those with a second look, the best has the widest gap that is the smallest share of the path's length: no frame
    can be put into a gap.
    """
    promising = [
        (survey, list(zip(survey.positions, survey.frames, strict=True)))
        for survey in rank_by_first_look(measured.surveys, descriptions)
    ]
    count = len(measured.finals)
    finals = [
        (survey, _add_frames(samples, frames, descriptions))
        for (survey, samples), frames in zip(promising[:count], measured.finals, strict=True)
    ]
    if count > 1:
        finals.sort(key=lambda ranked: _widest_gap(ranked[1], descriptions))
    return finals + promising[count:]


def _add_frames(samples: Samples, frames: Sequence[int], descriptions: Descriptions) -> Samples:
    """Return samples with further frames among them, which were rendered at even shares of their length."""
    shares = [number / (len(frames) + 1) for number in range(1, len(frames) + 1)]
    positions = [_position_among(samples, descriptions, share) for share in shares]
    return sorted([*samples, *zip(positions, frames, strict=True)])


def _widest_gap(samples: Samples, descriptions: Descriptions) -> float:
    gaps = measure_steps([descriptions[frame] for _, frame in samples])
    return max(gaps) / (sum(gaps) or 1.0)


def _position_among(samples: Samples, descriptions: Descriptions, share: float) -> float:
    steps = measure_steps([descriptions[frame] for _, frame in samples])
    return position_at_share([position for position, _ in samples], steps, share)


def position_at_share(positions: Sequence[float], distances: Sequence[float], share: float) -> float:
    """Return the position at a share of a path's perceptual length; it never falls as the share grows.

    Args:
        positions: of the sampled frames, ascending.
        distances: of neighbours among them, one fewer, at least 0.
        share: 0…1.
    """
    least = LEAST_SHARE * sum(distances) / len(distances) or 1.0
    lengths = list(itertools.accumulate((max(step, least) for step in distances), initial=0.0))
    wanted = share * lengths[-1]
    leg = min(bisect_right(lengths, wanted), len(distances)) - 1
    into = min(1.0, (wanted - lengths[leg]) / (lengths[leg + 1] - lengths[leg]))
    return positions[leg] + into * (positions[leg + 1] - positions[leg])


def rank_by_first_look(surveys: Sequence[SeedSurvey], descriptions: Descriptions) -> list[SeedSurvey]:
    """Return surveys, the most promising first.

    Each gets a rank by its worst jump, by the variation of its steps, by its directness and by how different its ends
    look. The sum of the four ranks decides, because there is no exchange rate between these numbers.
    """
    if len(surveys) == 1:
        return list(surveys)
    described = [[descriptions[frame] for frame in survey.frames] for survey in surveys]
    measures: tuple[Callable[[list[Description]], float], ...] = (
        lambda pictures: worst_jump(measure_steps(pictures)),
        lambda pictures: variation(measure_steps(pictures)),
        lambda pictures: -directness(pictures),
        lambda pictures: -max(perceptual_distance(pictures[0], other) for other in pictures),
    )
    sums = [0] * len(surveys)
    for measure in measures:
        values = [measure(pictures) for pictures in described]
        for number, value in enumerate(values):
            sums[number] += sum(other < value for other in values)
    return [surveys[number] for number in sorted(range(len(surveys)), key=lambda number: sums[number])]
