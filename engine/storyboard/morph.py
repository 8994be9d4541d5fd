"""The morph: one thing turns into another, through any waypoints in between.

All frames start from the same noise and only the prompt moves: nothing drifts or flickers, and as no frame depends on
another they share calls. Where on the path each frame belongs is measured on hidden frames first
(`engine.core.spacing`). The seed's own method, each frame from the one before, is `morphing = "feedback"`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from engine.recipe.recipe import Morph
from engine.recipe.seeds import derive_seeds
from engine.recipe.settings import Settings
from engine.storyboard.morph_path import MeasuredPosition, NoiseStart, PromptPath, SeedSurvey
from engine.storyboard.shot import HIDDEN, FeedbackStart, Shot, frame_seed, noise_shot

MIN_SURVEY_STEPS = 8
"""Steps between the frames of a survey along the whole path; at least `MIN_LEG_STEPS` between two waypoints."""
MIN_LEG_STEPS = 4
FINALISTS = 4
"""Number of the tried seeds that are surveyed a second time, because the first survey does not see every jump."""


def shots(recipe: Morph, settings: Settings) -> Iterator[Shot]:
    """Yield the shots of a morph, the hidden ones first."""
    if settings.morphing == "feedback":
        yield from _feedback_shots(recipe, settings)
    elif settings.morphing == "even" and not recipe.positions:
        yield from _measured_shots(recipe, settings)
    else:
        for index, position in enumerate(recipe.positions or frame_shares(recipe)):
            yield _shot(recipe, settings, index, position)


def morph_path(recipe: Morph) -> PromptPath:
    """Return the path that a morph's frames lie on."""
    waypoints, template = recipe.waypoints, None if recipe.is_whole else recipe.prompt
    if recipe.effective_loop == "round" and recipe.source != recipe.target:
        return PromptPath((*waypoints, *waypoints[-2::-1]), template, detour=True)
    return PromptPath(waypoints, template)


def frame_shares(recipe: Morph) -> tuple[float, ...]:
    """Return the share of the path that lies before each frame; a round path ends where it began."""
    legs = recipe.frames if recipe.effective_loop == "round" else recipe.frames - 1
    return tuple(index / legs for index in range(recipe.frames))


def plan_surveys(recipe: Morph) -> tuple[SeedSurvey, ...]:
    """Return the surveys of the seeds that are tried, the recipe's own first."""
    legs = len(morph_path(recipe).waypoints) - 1
    steps = legs * max(MIN_LEG_STEPS, -(-MIN_SURVEY_STEPS // legs))
    positions = tuple(number / steps for number in range(steps + 1))
    seeds = (recipe.seed, *derive_seeds(recipe.seed, recipe.tries - 1))
    return tuple(
        SeedSurvey(seed, tuple(range(HIDDEN + number * (steps + 1), HIDDEN + (number + 1) * (steps + 1))), positions)
        for number, seed in enumerate(seeds)
    )


def _feedback_shots(recipe: Morph, settings: Settings) -> Iterator[Shot]:
    path = morph_path(recipe)
    for index, position in enumerate(frame_shares(recipe)):
        seed = frame_seed(recipe.seed, index)
        shot = noise_shot(index, path.prompt(position), settings, seed, recipe.negative)
        yield msgspec.structs.replace(shot, start=FeedbackStart(index - 1)) if index else shot


def _measured_shots(recipe: Morph, settings: Settings) -> Iterator[Shot]:
    path, surveys = morph_path(recipe), plan_surveys(recipe)
    for survey in surveys:
        for frame, position in zip(survey.frames, survey.positions, strict=True):
            yield _shot(recipe, settings, frame, position, survey.seed)
    first, count = surveys[-1].frames[-1] + 1, len(surveys[0].frames) - 1
    finals = tuple(
        tuple(range(first + count * number, first + count * (number + 1)))
        for number in range(min(FINALISTS, len(surveys)))
    )
    for rank, frames in enumerate(finals):
        for number, frame in enumerate(frames, 1):
            yield _shot(recipe, settings, frame, MeasuredPosition(path, number / (count + 1), surveys, rank))
    # With few frames, their spacing is coarser than what a third look could resolve.
    closest = tuple(frame + count for frame in finals[-1]) if recipe.frames > 2 * count else ()
    for number, frame in enumerate(closest, 1):
        yield _shot(recipe, settings, frame, MeasuredPosition(path, number / (count + 1), surveys, finals=finals))
    for index, share in enumerate(frame_shares(recipe)):
        yield _shot(recipe, settings, index, MeasuredPosition(path, share, surveys, finals=finals, closest=closest))


def _shot(
    recipe: Morph, settings: Settings, index: int, position: float | MeasuredPosition, seed: int | None = None
) -> Shot:
    """Return a shot from noise at a position on the path, with as many steps as a feedback frame takes.

    Surveyed frames take as many: with half as many the picture turns elsewhere, and the spacing misleads.
    """
    seed = recipe.seed if seed is None else seed
    path = morph_path(recipe)
    return Shot(
        index=index,
        prompt=position if isinstance(position, MeasuredPosition) else path.prompt(position),
        start=NoiseStart() if isinstance(position, MeasuredPosition) else path.noise(position, seed),
        steps=max(1, int(settings.steps * settings.strength)),
        strength=1.0,
        guidance=settings.guidance,
        guidance_rescale=settings.guidance_rescale,
        seed=seed,
        negative=recipe.negative,
    )
