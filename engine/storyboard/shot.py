"""How each frame is made, as plain data.

A storyboard is a small graph: every shot says how ONE frame is made and names the earlier frames it needs. From that
follows what may run now (all its sources exist), what is independent and can share a batch, what the whole costs
before it starts, how to resume after a crash (the frames on disk are done) and how to replay.

Shots may be hidden: key frames and survey pictures that others start from, kept on disk like any frame, but never
shown. Their indices begin at `HIDDEN`, whatever the animation's length, so that those of a longer one are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from engine.storyboard.morph_path import MeasuredPosition, NoiseStart, PromptMix, TokenMix

Prompt = PromptMix | TokenMix | MeasuredPosition

HIDDEN = 10_000
"""The first index of frames that are not shown; far above what an animation can have."""


def is_hidden(index: int) -> bool:
    """Whether frame `index` is there for others to start from, and not shown."""
    return index >= HIDDEN


def count_shown(indices: Iterable[int]) -> int:
    """Return how many of these frames are shown."""
    return sum(not is_hidden(index) for index in indices)


class FocusSource(msgspec.Struct, frozen=True):
    """A look at an earlier frame for the point that its road leads to; weights count relative to one another."""

    frame: int
    weight: float = 1.0


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """How the view moves from a source frame to the next one.

    Attributes:
        zoom: magnification, 1.02 is 2 % closer.
        pan_x, pan_y: how far the view moves, in fractions of the picture's width and height, right and down.
        degrees: how far the view turns, clockwise.
        focus_x, focus_y: the point that stays where it is, in fractions from the top left corner.
        focus_sources: where to look for that point; if empty it is where `focus_x` and `focus_y` say.
    """

    zoom: float = 1.0
    pan_x: float = 0.0
    pan_y: float = 0.0
    degrees: float = 0.0
    focus_x: float = 0.5
    focus_y: float = 0.5
    focus_sources: tuple[FocusSource, ...] = ()

    @property
    def is_still(self) -> bool:
        """Whether the view does not move at all."""
        return (self.zoom, self.pan_x, self.pan_y, self.degrees) == (1.0, 0.0, 0.0, 0.0)


class Blend(msgspec.Struct, frozen=True):
    """Another frame mixed in, after the camera has moved: weight 0 leaves it out, 1 leaves nothing else.

    Attributes:
        camera: how that frame is seen from here.
        feather: width of the soft edge inside that frame's borders, as a share of its side. Beyond its borders its
            mirror image is mixed in, by the third power of the weight: next to nothing, until little else is left. At
            0 there is no edge.
    """

    frame: int
    weight: float
    camera: Camera = Camera()
    feather: float = 0.0


class Anchor(msgspec.Struct, frozen=True):
    """A frame whose colours a picture is drawn towards: weight 0 leaves them as they are, 1 takes over that frame's.

    Attributes:
        weight: for the colours of the whole picture, whatever is where.
        layout: for where they are, coarsely.
    """

    frame: int
    weight: float
    layout: float = 0.0


class Grade(msgspec.Struct, frozen=True):
    """A frame that a picture's anchors are first made as colourful and as rich in contrast as, by its weight, 0…1.

    So all scenes of a film have one look, whatever their hues and however bright they are.
    """

    frame: int
    weight: float


class FeedbackStart(msgspec.Struct, frozen=True, tag="feedback"):
    """A frame that starts from an earlier one, moved, blended, drawn towards its anchors and re-noised: image-to-image.

    The weights of the anchors sum to 1 at most, and so do those for the layout.

    Attributes:
        persistence: share of that starting picture that stays in the finished one.
    """

    frame: int
    camera: Camera = Camera()
    blend: Blend | None = None
    anchors: tuple[Anchor, ...] = ()
    grade: Grade | None = None
    persistence: float = 0.0


Start = NoiseStart | FeedbackStart


class Goal(msgspec.Struct, frozen=True):
    """What a frame of a settled stage must be nearer to: `frame`, rather than the frame that the stage came from."""

    frame: int
    rather_than: int


class CarriedNoise(msgspec.Struct, frozen=True):
    """An earlier frame's fresh noise, which has moved along with the camera since.

    Attributes:
        seed: of that frame's random generator.
        weight: its share of the noise; with the frame's own fresh noise, the squares of the weights add up to 1.
        camera: all the moves since that frame as one.
    """

    seed: int
    weight: float
    camera: Camera


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """How one frame is made.

    Attributes:
        index: the frame's place in the animation, from 0; `HIDDEN` and above for a frame that is not shown.
        steps: length of the sampler's schedule.
        strength: share of the schedule that a feedback frame goes through.
        guidance: classifier-free guidance scale; 1 is none, at half the cost.
        seed: of the frame's own random generator, 0 <= seed < 2**63.
        guidance_rescale: share of the spread that guidance adds to a prediction which is taken away again.
        negative: what guidance leads away from; empty for the empty prompt.
        retries: how many other seeds may be tried if the frame comes out degenerate; see `engine.vision.degenerate`.
        goal: what its stage is recognised by.
        carried_noise: what a feedback frame is re-noised with besides its own fresh noise.
    """

    index: int
    prompt: Prompt
    start: Start
    steps: int
    strength: float
    guidance: float
    seed: int
    guidance_rescale: float = 0.0
    negative: str = ""
    retries: int = 0
    goal: Goal | None = None
    carried_noise: tuple[CarriedNoise, ...] = ()

    @property
    def sources(self) -> frozenset[int]:
        """Indices of the frames that must exist before this one can start, and be judged."""
        return (
            self.pictures | self.prompt.required_frames if isinstance(self.prompt, MeasuredPosition) else self.pictures
        )

    @property
    def pictures(self) -> frozenset[int]:
        """Indices of the frames whose pictures are needed: to start from, and to be judged by."""
        if self.goal is None:
            return self._start_frames
        return self._start_frames | {self.goal.frame, self.goal.rather_than}

    @property
    def _start_frames(self) -> frozenset[int]:
        if not isinstance(self.start, FeedbackStart):
            return frozenset()
        frames = [self.start.frame, *(anchor.frame for anchor in self.start.anchors)]
        cameras = [self.start.camera, *(noise.camera for noise in self.carried_noise)]
        if self.start.blend is not None:
            frames.append(self.start.blend.frame)
            cameras.append(self.start.blend.camera)
        if self.start.grade is not None:
            frames.append(self.start.grade.frame)
        return frozenset((*frames, *(source.frame for camera in cameras for source in camera.focus_sources)))

    @property
    def unet_calls(self) -> int:
        """Denoising steps this frame takes; the arithmetic of diffusers' image-to-image, but at least one."""
        if isinstance(self.start, NoiseStart):
            return self.steps
        return max(1, min(int(self.steps * self.strength), self.steps))


def frame_seed(seed: int, index: int) -> int:
    """Derive the seed of frame `index`: no running generator, so any frame can be made again on its own.

    Frame 0 keeps the recipe's seed, so it is the very picture that diffusers' own pipelines give for that seed.
    """
    if index == 0:
        return seed
    return _hash_seed(f"{seed}/{index}")


def retry_shot(shot: Shot, number: int) -> Shot:
    """Return a shot as it is tried for the `number`-th time more: with another seed, and with more noise, all fresh.

    Nothing of the picture that it starts from has to stay in it.

    Args:
        number: from 1 to the shot's retries.
    """
    share = number / (shot.retries + 1)
    is_feedback = isinstance(shot.start, FeedbackStart)
    return msgspec.structs.replace(
        shot,
        start=msgspec.structs.replace(shot.start, persistence=0.0) if is_feedback else shot.start,
        seed=_hash_seed(f"{shot.seed}/try/{number}"),
        strength=shot.strength + (1 - shot.strength) * share,
        carried_noise=(),
    )


def _hash_seed(words: str) -> int:
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "big") >> 1
