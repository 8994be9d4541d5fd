"""How giro and zoom get from one frame to the next: the camera's moves, its focus, and the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from engine.recipe.recipe import AutoFocus, Focus, Giro, Zoom
from engine.recipe.settings import Settings
from engine.storyboard.camera_moves import compose_moves, invert_move
from engine.storyboard.camera_track import CameraTrack
from engine.storyboard.loop_closure import Approach
from engine.storyboard.shot import (
    Anchor,
    Blend,
    Camera,
    CarriedNoise,
    FeedbackStart,
    FocusSource,
    Grade,
    Shot,
    frame_seed,
)

MAX_CARRIED_NOISES = 5
"""Number of earlier frames whose noise is carried along."""
FOCUS_FRAMES = 6
"""Recent frames in which the focus is looked for: enough to average out errors, few enough to keep in memory."""
FEATHER = 0.15
"""Width of a target frame's soft edge at the beginning of the approach, as a share of its side."""


class ColourTargets(msgspec.Struct, frozen=True):
    """What a frame's colours are drawn towards: its anchors, and what those are graded to."""

    anchors: tuple[Anchor, ...] = ()
    grade: Grade | None = None


NO_COLOUR_TARGETS = ColourTargets()


class CameraMotion(msgspec.Struct, frozen=True, kw_only=True):
    """The camera's way through an animation of `frames` frames.

    Attributes:
        seed: of the recipe.
        noise_warp: share of the noise that moves along with the camera.
        persistence: share of a frame's starting picture that stays in it.
    """

    frames: int
    track: CameraTrack
    focus: Focus | AutoFocus
    seed: int
    noise_warp: float
    persistence: float

    @classmethod
    def from_recipe(cls, recipe: Giro | Zoom, settings: Settings) -> CameraMotion:
        """Return the motion that a recipe asks for; a zoom always loops."""
        loops = not isinstance(recipe, Giro) or recipe.loop
        return cls(
            frames=recipe.frames,
            track=CameraTrack(keyframes=recipe.camera, loops=loops, forward=settings.zoom),
            focus=recipe.focus,
            seed=recipe.seed,
            noise_warp=settings.noise_warp,
            persistence=settings.persistence,
        )

    def continue_shot(
        self,
        shot: Shot,
        past: Sequence[int],
        approach: Approach | None = None,
        colours: ColourTargets = NO_COLOUR_TARGETS,
    ) -> Shot:
        """Return a shot, not the first, that starts from the last of the `past` frames and may look at all of them."""
        camera = self._set_focus(self._move_to(shot.index), _weigh_focus_sources(past[-FOCUS_FRAMES:], approach))
        blend = self._blend_towards(shot.index, approach) if approach else None
        return msgspec.structs.replace(
            shot,
            start=FeedbackStart(past[-1], camera, blend, colours.anchors, colours.grade, self.persistence),
            strength=approach.reduce_strength(shot.strength) if approach else shot.strength,
            carried_noise=self._carry_noise(shot.index, camera),
        )

    def _carry_noise(self, index: int, camera: Camera) -> tuple[CarriedNoise, ...]:
        """Return what noise frame `index` shares with the frames before it, weighted by powers of `noise_warp`.

        Frame 0's is left out: a picture was made of that noise alone. `camera` is the frame's own, for its focus.
        """
        reach = min(MAX_CARRIED_NOISES, index - 1) if self.noise_warp else 0
        powers = [self.noise_warp**age for age in range(reach + 1)]
        size = math.hypot(*powers)
        carried: list[CarriedNoise] = []
        moves_since = msgspec.structs.replace(camera, zoom=1.0, pan_x=0.0, pan_y=0.0, degrees=0.0)
        for age in range(1, reach + 1):
            moves_since = compose_moves((self._move_to(index - age + 1), moves_since), about=camera)
            carried.append(CarriedNoise(frame_seed(self.seed, index - age), powers[age] / size, moves_since))
        return tuple(carried)

    def _move_to(self, index: int) -> Camera:
        """Return the move to frame `index` from the one before; index `frames` is frame 0 again in a loop."""
        return self.track.move(index / self.frames)

    def _blend_towards(self, index: int, approach: Approach) -> Blend:
        """Return the target frame as seen from frame `index`: with the moves still to come undone.

        Those moves then end at the target, and the last step is a move like any other.
        """
        ahead = [self._move_to(number) for number in range(index + 1, approach.arrives + 1)]
        view = invert_move(compose_moves(ahead, about=Camera()))
        feather = FEATHER * len(ahead) / approach.length
        return Blend(approach.frame, approach.weight, self._set_focus(view, (FocusSource(approach.frame),)), feather)

    def _set_focus(self, move: Camera, focus_sources: tuple[FocusSource, ...]) -> Camera:
        if isinstance(self.focus, Focus):
            return msgspec.structs.replace(move, focus_x=self.focus.x, focus_y=self.focus.y)
        return msgspec.structs.replace(move, focus_sources=focus_sources)


def _weigh_focus_sources(recent: Sequence[int], approach: Approach | None) -> tuple[FocusSource, ...]:
    """Return the frames in which to look for the focus: recent ones, and increasingly the target of an approach."""
    weight = approach.weight if approach else 0.0
    sources = tuple(FocusSource(frame, (1 - weight) / len(recent)) for frame in recent)
    return (FocusSource(approach.frame, weight), *sources) if approach else sources
