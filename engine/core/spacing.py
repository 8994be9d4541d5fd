"""Where the frames of a morph belong: at even shares of what is to be seen on the way, measured on a survey.

Between two words a picture stays what it is for long and then turns within a small part of the way. So a few hidden
frames are looked at first; the distances of neighbours add up to what there is to see, and every frame gets an equal
share of it. All of it follows from the pictures on disk, so a job that is resumed or replayed decides the same again.

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

Looks = Mapping[int, Description]
"""What hidden frames look like, by index."""

LEAST_SHARE: Final = 0.05
"""A stretch of the way counts for at least this part of an average one, whatever little is to be seen there: it may be
more than a survey shows, and no two frames are the same."""


Seen = list[tuple[float, int]]
"""Positions on a path with the frames that were looked at there, in order."""


def resolve_position(shot: Shot, looks: Looks) -> Shot:
    """Return a shot with its place on its path decided, by what the surveyed frames look like; others as they are."""
    if not isinstance(shot.prompt, MeasuredPosition):
        return shot
    along = shot.prompt
    survey = rank_surveys(along, looks)[along.rank]
    position = measure_position(along, looks)
    return msgspec.structs.replace(
        shot, prompt=along.path.prompt(position), start=along.path.noise(position, survey.seed), seed=survey.seed
    )


def rank_surveys(along: MeasuredPosition, looks: Looks) -> list[SeedSurvey]:
    """Return the surveys of a place, the best first; what was looked at twice goes before what only promises."""
    return [survey for survey, _ in _seen(along, looks)]


def measure_position(along: MeasuredPosition, looks: Looks) -> float:
    """Return the position on the path that a share of what is to be seen comes to."""
    seen = _seen(along, looks)[along.rank][1]
    return _place_among(_closer(seen, along.closest, looks), looks, along.share)


def _seen(along: MeasuredPosition, looks: Looks) -> list[tuple[SeedSurvey, Seen]]:
    """Return the surveys of a place with all that was seen of each, the best first.

    Of those that were looked at twice, the best is the one whose widest gap is the least share of all there is to see:
    a cliff, which no frame can be put upon.
    """
    promising = [
        (survey, list(zip(survey.positions, survey.frames, strict=True)))
        for survey in rank_by_first_look(along.surveys, looks)
    ]
    count = len(along.finals)
    finals = [
        (survey, _closer(seen, frames, looks))
        for (survey, seen), frames in zip(promising[:count], along.finals, strict=True)
    ]
    if count > 1:
        finals.sort(key=lambda one: _widest_gap(one[1], looks))
    return finals + promising[count:]


def _closer(seen: Seen, frames: Sequence[int], looks: Looks) -> Seen:
    """Return what was seen with further frames, which lie at even shares of it."""
    shares = [number / (len(frames) + 1) for number in range(1, len(frames) + 1)]
    places = [_place_among(seen, looks, share) for share in shares]
    return sorted([*seen, *zip(places, frames, strict=True)])


def _widest_gap(seen: Seen, looks: Looks) -> float:
    gaps = measure_steps([looks[frame] for _, frame in seen])
    return max(gaps) / (sum(gaps) or 1.0)


def _place_among(seen: Seen, looks: Looks, share: float) -> float:
    """Return the position of a share, where frames were looked at, each with its own position, in order."""
    positions = [position for position, _ in seen]
    return position_at_share(positions, measure_steps([looks[frame] for _, frame in seen]), share)


def position_at_share(positions: Sequence[float], distances: Sequence[float], share: float) -> float:
    """Return where on a path `share` of all that is to be seen lies behind; never less for a greater share.

    Args:
        positions: of the frames that were looked at, ascending.
        distances: of neighbours among them, one fewer, at least 0.
        share: 0…1.
    """
    least = LEAST_SHARE * sum(distances) / len(distances) or 1.0
    seen = list(itertools.accumulate((max(step, least) for step in distances), initial=0.0))
    wanted = share * seen[-1]
    leg = min(bisect_right(seen, wanted), len(distances)) - 1
    into = min(1.0, (wanted - seen[leg]) / (seen[leg + 1] - seen[leg]))
    return positions[leg] + into * (positions[leg + 1] - positions[leg])


def rank_by_first_look(surveys: Sequence[SeedSurvey], looks: Looks) -> list[SeedSurvey]:
    """Return surveys, the most promising first.

    Each is placed by its worst jump, by how uneven its steps are, by how direct the way is and by how different its
    two ends look; the sum of the four places decides, for none of these numbers is worth a fixed part of another.
    """
    if len(surveys) == 1:
        return list(surveys)
    pictures = [[looks[frame] for frame in survey.frames] for survey in surveys]
    measures: tuple[Callable[[list[Description]], float], ...] = (
        lambda seen: worst_jump(measure_steps(seen)),
        lambda seen: variation(measure_steps(seen)),
        lambda seen: -directness(seen),
        lambda seen: -max(perceptual_distance(seen[0], other) for other in seen),
    )
    sums = [0] * len(surveys)
    for measure in measures:
        values = [measure(seen) for seen in pictures]
        for number, value in enumerate(values):
            sums[number] += sum(other < value for other in values)
    return [surveys[number] for number in sorted(range(len(surveys)), key=lambda number: sums[number])]
