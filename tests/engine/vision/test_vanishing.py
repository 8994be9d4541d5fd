"""Where a road leads to: found in drawings whose vanishing point is known, and left alone where there is none."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

import training.drawing.scenes
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import Blend, Camera, CarriedNoise, FeedbackStart, FocusSource
from engine.vision.vanishing import aim_camera, find_focus, find_vanishing_point
from tests.embedded import make_shot
from training.drawing.canvas import SIZE, Canvas
from training.drawing.facts import Facts, sample
from training.drawing.scenes import paint
from training.drawing.view import View

STRAIGHT = ("countryside", "sea", "town", "avenue")
"""Scenes with a road that leads to one point; the others wind."""


@pytest.fixture
def roads(monkeypatch) -> list[tuple[np.ndarray, tuple[float, float]]]:
    """Drawings in all lights and weathers, each with the point that its road leads to."""
    views: list[View] = []
    painted = training.drawing.scenes.road.paint_road

    def noting(canvas: Canvas, facts: Facts, view: View, half: float, verge) -> None:
        views.append(view)
        painted(canvas, facts, view, half, verge)

    monkeypatch.setattr(training.drawing.scenes.road, "paint_road", noting)
    rng = np.random.default_rng(4)
    drawings = []
    while len(drawings) < 40:
        facts = sample(rng)
        if facts.scene in STRAIGHT:
            picture = np.asarray(paint(facts, rng).convert("RGB"))
            drawings.append((picture, (views[-1].vanishing_x / SIZE, views[-1].horizon / SIZE)))
    return drawings


def lines_to(x: float, y: float, size: int = 256) -> np.ndarray:
    """Return a picture of a road's two edges that meet at (x, y), in fractions."""
    down, across = np.mgrid[0:size, 0:size] / size
    below = down - y
    road = (below > 0) & (np.abs(across - x) < 0.9 * below)
    return np.where(road, 90, 180).astype(np.uint8)[..., None].repeat(3, -1)


def off(found: tuple[float, float], true: tuple[float, float]) -> float:
    return float(np.hypot(found[0] - true[0], found[1] - true[1]))


def test_most_drawn_roads_are_found_within_a_few_hundredths_of_the_picture(roads):
    errors = sorted(off(find_vanishing_point(picture)[:2], true) for picture, true in roads)
    to_the_centre = sorted(off((0.5, 0.5), true) for _, true in roads)

    assert errors[len(errors) // 2] < 0.04
    assert errors[len(errors) * 9 // 10] < 0.15
    assert errors[len(errors) // 2] < to_the_centre[len(errors) // 2] / 2


@pytest.mark.parametrize("point", [(0.5, 0.45), (0.35, 0.4), (0.62, 0.6)])
@pytest.mark.parametrize("size", [128, 256, 512])
def test_two_edges_are_enough(point, size):
    found = find_vanishing_point(lines_to(*point, size))

    assert off(found[:2], point) < 0.02
    assert found.agreement > 0.3


@pytest.mark.parametrize(
    "picture",
    [
        np.full((256, 256, 3), 77, np.uint8),
        np.full((128, 128, 3), 0, np.uint8),
        np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((32, 32))).astype(np.uint8)[..., None].repeat(3, -1) * 255,
    ],
    ids=["grey", "black", "level and upright"],
)
def test_where_nothing_slants_it_is_the_centre(picture):
    assert find_focus(picture) == pytest.approx((0.5, 0.5), abs=0.02)


def test_what_agrees_on_nothing_stays_near_the_centre():
    for seed in range(8):
        noise = np.random.default_rng(seed).integers(0, 256, (256, 256, 3), np.uint8)
        assert off(find_focus(noise), (0.5, 0.5)) < 0.2


def test_the_same_picture_leads_to_the_same_point():
    picture = lines_to(0.4, 0.4)

    assert find_vanishing_point(picture) == find_vanishing_point(picture.copy())


# ---- what a shot's cameras look at ----


def test_every_camera_of_a_shot_is_aimed_at_what_it_looks_at():
    pictures = {0: lines_to(0.4, 0.4), 1: lines_to(0.6, 0.5)}
    looking = Camera(zoom=1.1, focus_sources=(FocusSource(0, 1), FocusSource(1, 3)))
    shot = make_shot(FeedbackStart(1, looking, Blend(0, 0.5, Camera(focus_sources=(FocusSource(0),)))))

    there = aim_camera(shot, pictures)

    assert shot.sources == {0, 1}
    assert isinstance(there.start, FeedbackStart) and there.start.blend is not None
    camera, view = there.start.camera, there.start.blend.camera
    assert off((view.focus_x, view.focus_y), (0.4, 0.4)) < 0.02
    assert off((camera.focus_x, camera.focus_y), (0.55, 0.475)) < 0.02
    assert (camera.zoom, camera.focus_sources, view.focus_sources) == (1.1, (), ())


def test_the_noise_is_carried_towards_the_same_point():
    looking = Camera(zoom=1.1, focus_sources=(FocusSource(0),))
    shot = msgspec.structs.replace(make_shot(FeedbackStart(0, looking)), carried_noise=(CarriedNoise(5, 0.5, looking),))

    carrying = aim_camera(shot, {0: lines_to(0.4, 0.4)})

    assert isinstance(carrying.start, FeedbackStart)
    assert carrying.carried_noise[0].camera == carrying.start.camera


def test_a_shot_that_looks_at_nothing_stays_as_it_is():
    for start in (NoiseStart(), FeedbackStart(0, Camera(zoom=1.1, focus_x=0.3))):
        assert aim_camera(make_shot(start), {}) == make_shot(start)
