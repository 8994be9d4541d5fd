"""A loop closes in the camera: seen on a chain of starting images alone, as if the model changed nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.diffusion.sampling.feedback import compose_starting_image
from engine.diffusion.sampling.pictures import DevicePictures
from engine.diffusion.sampling.warp import warp
from engine.recipe.camera import parse_camera
from engine.recipe.recipe import Focus, Zoom
from engine.recipe.settings import Settings
from engine.storyboard.builder import build_storyboard
from engine.storyboard.shot import Camera, FeedbackStart
from engine.vision.vanishing import aim_camera

SIZE = 128
FRAMES = 32
INSIDE = slice(24, -24)


def picture(seed: int) -> np.ndarray:
    """Return soft blotches of colour."""
    coarse = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic").clamp(0, 1)
    return (smooth[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()


def chain(camera: str, focus: str | Focus) -> list[np.ndarray]:
    """Return the frames of a zoom whose model gives back what it is given; half-way it has come to another place."""
    recipe = Zoom(seed=1, prompt="a road", frames=FRAMES, camera=parse_camera(camera), focus=focus)  # type: ignore[arg-type]
    board = build_storyboard(recipe, Settings(size=SIZE, zoom=1.02))
    frames = [picture(0)]
    for shot in board.shots[1:]:
        there = aim_camera(shot, dict(enumerate(frames)))
        assert isinstance(there.start, FeedbackStart)
        image = (
            (compose_starting_image(there.start, dict(enumerate(frames)), DevicePictures(torch.device("cpu"))) + 1)
            / 2
            * 255
        )
        frames.append(image[0].permute(1, 2, 0).round().to(torch.uint8).numpy())
        if shot.index == FRAMES // 2:
            frames[-1] = picture(1)
    return frames


def tensor(frame: np.ndarray) -> Tensor:
    return torch.tensor(frame).permute(2, 0, 1)[None].float()


def difference(frame: np.ndarray, other: np.ndarray, move: Camera) -> float:
    return float((warp(tensor(frame), move) - tensor(other))[..., INSIDE, INSIDE].abs().mean())


def magnification(frame: np.ndarray, other: np.ndarray, focus: Focus) -> float:
    """Return by how much `other` is closer than `frame`: that of many zooms after which the two are most alike."""
    zooms = [1 + step / 1000 for step in range(-60, 61, 2)]
    return min(zooms, key=lambda zoom: difference(frame, other, Camera(zoom=zoom, focus_x=focus.x, focus_y=focus.y)))


@pytest.mark.parametrize(
    ("camera", "zoom"), [("forward", 1.02), ("back", 1 / 1.02), ("forward > back > forward", 1.02)]
)
def test_the_step_from_the_last_frame_to_the_first_magnifies_as_any_other(camera, zoom):
    focus = Focus(0.45, 0.4)
    frames = chain(camera, focus)

    assert magnification(frames[-1], frames[0], focus) == pytest.approx(zoom, abs=0.0021)
    assert magnification(frames[-2], frames[-1], focus) == pytest.approx(zoom, abs=0.0041)


@pytest.mark.parametrize("camera", ["drift left", "rise", "turn 1", "spiral > drift right"])
def test_other_moves_go_on_as_they_were_too(camera):
    frames = chain(camera, Focus(0.5, 0.5))
    board = build_storyboard(
        Zoom(seed=1, prompt="a road", frames=FRAMES, camera=parse_camera(camera), focus=Focus()),
        Settings(size=SIZE, zoom=1.02),
    )
    first = board.shots[1].start
    assert isinstance(first, FeedbackStart)

    assert difference(frames[-1], frames[0], first.camera) < difference(frames[-1], frames[0], Camera()) / 2
    assert difference(frames[-1], frames[0], first.camera) < 5


def test_an_aimed_camera_comes_back_as_well():
    frames = chain("forward", "auto")

    assert difference(frames[-1], frames[0], Camera()) < 30
    assert min(difference(frames[-1], frames[0], Camera(zoom=zoom)) for zoom in (1.015, 1.02, 1.025)) < 6
