"""How each frame is made, as plain data.

A storyboard is a small graph: every shot says how ONE frame is made and names the earlier frames it needs. From that
follows what may run now (all its sources exist), what is independent and can share a batch, what the whole costs
before it starts, how to resume after a crash (the frames on disk are done) and how to replay.
"""

from __future__ import annotations

import hashlib

import msgspec

from engine.settings import SchedulerName


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Whole prompts with weights that sum to 1, mixed after the text encoder."""

    parts: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, prompt: str) -> Text:
        """Return one prompt, unmixed."""
        return cls(((prompt, 1.0),))

    @classmethod
    def between(cls, first: str, second: str, weight: float) -> Text:
        """Return `first` cross-faded towards `second`; weight 0 is all `first`, 1 all `second`."""
        if weight <= 0 or first == second:
            return cls.of(first)
        if weight >= 1:
            return cls.of(second)
        return cls(((first, 1 - weight), (second, weight)))


class Swap(msgspec.Struct, frozen=True, tag="swap"):
    """One prompt whose word is mixed at the token embeddings, before the text encoder's layers.

    Weight 0 is exactly `template` with `source` in the place of `{}`, weight 1 exactly `target`.
    """

    template: str
    source: str
    target: str
    weight: float


Prompt = Text | Swap


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """How the view moves from a source frame to the next one.

    Attributes:
        zoom: magnification, 1.02 is 2 % closer.
        pan_x, pan_y: how far the view moves, in fractions of the picture's width and height, right and down.
        degrees: how far the view turns, clockwise.
        focus_x, focus_y: the point that stays where it is, in fractions from the top left corner.
    """

    zoom: float = 1.0
    pan_x: float = 0.0
    pan_y: float = 0.0
    degrees: float = 0.0
    focus_x: float = 0.5
    focus_y: float = 0.5

    @property
    def is_still(self) -> bool:
        """Whether the view does not move at all."""
        return (self.zoom, self.pan_x, self.pan_y, self.degrees) == (1.0, 0.0, 0.0, 0.0)


class Noise(msgspec.Struct, frozen=True, tag="noise"):
    """A frame that starts from pure noise: text-to-image."""


class Blend(msgspec.Struct, frozen=True):
    """Another frame mixed in, after the camera has moved: weight 0 leaves it out, 1 leaves nothing else."""

    frame: int
    weight: float


class Feedback(msgspec.Struct, frozen=True, tag="feedback"):
    """A frame that starts from an earlier one, moved, blended and re-noised: image-to-image."""

    frame: int
    camera: Camera = Camera()
    blend: Blend | None = None


Start = Noise | Feedback


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """How one frame is made.

    Attributes:
        index: the frame's place in the animation, from 0.
        steps: length of the sampler's schedule.
        strength: share of the schedule that a feedback frame goes through.
        guidance: classifier-free guidance scale; 1 is none, at half the cost.
        seed: of the frame's own random generator, 0 <= seed < 2**63.
    """

    index: int
    prompt: Prompt
    start: Start
    steps: int
    strength: float
    guidance: float
    seed: int

    @property
    def sources(self) -> frozenset[int]:
        """Indices of the frames that must exist before this one can start."""
        match self.start:
            case Feedback(frame=frame, blend=None):
                return frozenset((frame,))
            case Feedback(frame=frame, blend=Blend(frame=other)):
                return frozenset((frame, other))
            case _:
                return frozenset()

    @property
    def unet_calls(self) -> int:
        """Denoising steps this frame takes; the arithmetic of diffusers' image-to-image, but at least one."""
        if isinstance(self.start, Noise):
            return self.steps
        return max(1, min(int(self.steps * self.strength), self.steps))


class Storyboard(msgspec.Struct, frozen=True, kw_only=True):
    """All shots of an animation, in order: every source comes before the shots that need it.

    Attributes:
        width, height: of the rendered frames in pixels.
        frame_ms: how long each frame is shown.
    """

    shots: tuple[Shot, ...]
    width: int
    height: int
    scheduler: SchedulerName
    frame_ms: int

    @property
    def unet_calls(self) -> int:
        """What the whole animation costs, exactly, before it starts."""
        return sum(shot.unet_calls for shot in self.shots)


def frame_seed(seed: int, index: int) -> int:
    """Derive the seed of frame `index`: no running generator, so any frame can be made again on its own.

    Frame 0 keeps the recipe's seed, so it is the very picture that diffusers' own pipelines give for that seed.
    """
    if index == 0:
        return seed
    digest = hashlib.blake2b(f"{seed}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
