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

from engine.perception import Description, directness, distance, steps, variation, worst_jump
from engine.storyboard import Along, Shot, Survey

Looks = Mapping[int, Description]
"""What hidden frames look like, by index."""

LEAST_SHARE: Final = 0.05
"""A stretch of the way counts for at least this part of an average one, whatever little is to be seen there: it may be
more than a survey shows, and no two frames are the same."""


def settled(shot: Shot, looks: Looks) -> Shot:
    """Return a shot with its place on its path decided, by what the surveyed frames look like; others as they are."""
    if not isinstance(shot.prompt, Along):
        return shot
    along = shot.prompt
    survey = best(along.surveys, looks)
    position = place(along, survey, looks)
    return msgspec.structs.replace(
        shot, prompt=along.path.prompt(position), start=along.path.noise(position, survey.seed), seed=survey.seed
    )


def place(along: Along, survey: Survey, looks: Looks) -> float:
    """Return the position on the path that a share of what is to be seen comes to."""
    seen = list(zip(survey.positions, survey.frames, strict=True))
    if along.closer:
        shares = [number / (len(along.closer) + 1) for number in range(1, len(along.closer) + 1)]
        seen += [(_place_among(seen, looks, share), frame) for share, frame in zip(shares, along.closer, strict=True)]
    return _place_among(sorted(seen), looks, along.share)


def _place_among(seen: Sequence[tuple[float, int]], looks: Looks, share: float) -> float:
    """Return the position of a share, where frames were looked at, each with its own position, in order."""
    positions = [position for position, _ in seen]
    return at_share(positions, steps([looks[frame] for _, frame in seen]), share)


def at_share(positions: Sequence[float], distances: Sequence[float], share: float) -> float:
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


def best(surveys: Sequence[Survey], looks: Looks) -> Survey:
    """Return the survey that promises the best morph."""
    return ranked(surveys, looks)[0]


def ranked(surveys: Sequence[Survey], looks: Looks) -> list[Survey]:
    """Return surveys, the most promising first.

    Each is placed by its worst jump, by how uneven its steps are, by how direct the way is and by how different its
    two ends look; the sum of the four places decides, for none of these numbers is worth a fixed part of another.
    """
    if len(surveys) == 1:
        return list(surveys)
    pictures = [[looks[frame] for frame in survey.frames] for survey in surveys]
    measures: tuple[Callable[[list[Description]], float], ...] = (
        lambda seen: worst_jump(steps(seen)),
        lambda seen: variation(steps(seen)),
        lambda seen: -directness(seen),
        lambda seen: -max(distance(seen[0], other) for other in seen),
    )
    sums = [0] * len(surveys)
    for measure in measures:
        values = [measure(seen) for seen in pictures]
        for number, value in enumerate(values):
            sums[number] += sum(other < value for other in values)
    return [surveys[number] for number in sorted(range(len(surveys)), key=lambda number: sums[number])]
