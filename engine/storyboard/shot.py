"""How each frame is made, as plain data.

A storyboard is a small graph: each shot says how ONE frame is made and names the earlier frames it needs. From that
follow what may run now, what can share a batch, the exact cost, how to resume after a crash and how to replay.

Hidden shots are key frames and survey pictures that others start from, kept on disk like any frame but never shown.
Their indices begin at `HIDDEN` whatever the animation's length, so that a longer one has the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from engine.recipe.settings import Settings
from engine.storyboard.morph_path import MeasuredPosition, NoiseStart, PromptMix, TokenMix

Prompt = PromptMix | TokenMix | MeasuredPosition

HIDDEN = 10_000
"""First index of hidden frames, far above what an animation can have."""


def is_hidden(index: int) -> bool:
    """Whether frame `index` is only there for others to start from."""
    return index >= HIDDEN


def count_shown(indices: Iterable[int]) -> int:
    return sum(not is_hidden(index) for index in indices)


class FocusSource(msgspec.Struct, frozen=True):
    """An earlier frame in which to look for the point that its road leads to; weights are relative."""

    frame: int
    weight: float = 1.0


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """How the view moves from a source frame to the next one.

    Attributes:
        zoom: magnification, 1.02 is 2 % closer.
        pan_x, pan_y: how far the view moves, in fractions of the picture's width and height, right and down.
        degrees: how far the view turns, clockwise.
        focus_x, focus_y: the point that stays where it is, in fractions from the top left corner.
        focus_sources: frames in which that point is looked for; if empty `focus_x` and `focus_y` say where it is.
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
        return (self.zoom, self.pan_x, self.pan_y, self.degrees) == (1.0, 0.0, 0.0, 0.0)


class Blend(msgspec.Struct, frozen=True):
    """Another frame mixed in after the camera has moved: weight 0 leaves it out, 1 leaves nothing else.

    Attributes:
        camera: how that frame is seen from here.
        feather: width of the soft edge inside that frame's borders, as a share of its side; 0 for none. Beyond the
            borders its mirror image is mixed in by the third power of the weight: hardly any until little else is left.
    """

    frame: int
    weight: float
    camera: Camera = Camera()
    feather: float = 0.0


class Anchor(msgspec.Struct, frozen=True):
    """A frame whose colours a picture is drawn towards: 0 leaves them as they are, 1 takes over that frame's.

    Attributes:
        weight: for the colours of the picture as a whole.
        layout: for where they lie, coarsely.
    """

    frame: int
    weight: float
    layout: float = 0.0


class Grade(msgspec.Struct, frozen=True):
    """A frame whose colourfulness and contrast a picture's anchors take on first, by a weight of 0…1.

    It gives all scenes of a film one look, whatever their hues and brightness.
    """

    frame: int
    weight: float


class FeedbackStart(msgspec.Struct, frozen=True, tag="feedback"):
    """Image-to-image: an earlier frame, moved, blended, drawn towards its anchors and re-noised.

    The anchors' weights sum to 1 at most, and so do their layout weights.

    Attributes:
        persistence: share of the starting picture that stays in the finished one.
    """

    frame: int
    camera: Camera = Camera()
    blend: Blend | None = None
    anchors: tuple[Anchor, ...] = ()
    grade: Grade | None = None
    persistence: float = 0.0


Start = NoiseStart | FeedbackStart


class Goal(msgspec.Struct, frozen=True):
    """A frame must look more like `frame`, its stage's key, than like `rather_than`, the key of the stage before."""

    frame: int
    rather_than: int


class CarriedNoise(msgspec.Struct, frozen=True):
    """An earlier frame's fresh noise, moved along with the camera since.

    Attributes:
        seed: of that frame's random generator.
        weight: of this noise; the squares of all weights, the frame's own fresh noise included, add up to 1.
        camera: all moves since that frame as one.
    """

    seed: int
    weight: float
    camera: Camera


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """How one frame is made.

    Attributes:
        index: the frame's place in the animation, from 0; `HIDDEN` and above for a hidden frame.
        steps: length of the sampler's schedule.
        strength: share of the schedule that a feedback frame runs through.
        guidance: classifier-free guidance scale; 1 is none, at half the cost.
        seed: of the frame's own random generator, 0 <= seed < 2**63.
        guidance_rescale: share of the spread that guidance adds to a prediction which is taken away again.
        negative: what guidance leads away from; empty for the empty prompt.
        retries: number of other seeds to try if the frame comes out degenerate; see `engine.vision.degenerate`.
        goal: what the frame is checked against.
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
        """Indices of the frames that must exist before this one can start and be checked."""
        surveyed = self.prompt.required_frames if isinstance(self.prompt, MeasuredPosition) else frozenset()
        return self.pictures | surveyed

    @property
    def pictures(self) -> frozenset[int]:
        """Indices of the frames whose pictures are needed, to start from and to be checked against."""
        frames = {self.goal.frame, self.goal.rather_than} if self.goal else set()
        if isinstance(self.start, FeedbackStart):
            cameras = [self.start.camera, *(noise.camera for noise in self.carried_noise)]
            frames |= {self.start.frame, *(anchor.frame for anchor in self.start.anchors)}
            if self.start.blend is not None:
                frames.add(self.start.blend.frame)
                cameras.append(self.start.blend.camera)
            if self.start.grade is not None:
                frames.add(self.start.grade.frame)
            frames.update(source.frame for camera in cameras for source in camera.focus_sources)
        return frozenset(frames)

    @property
    def unet_calls(self) -> int:
        """Denoising steps of this frame, counted as diffusers' image-to-image does, but at least one."""
        if isinstance(self.start, NoiseStart):
            return self.steps
        return max(1, min(int(self.steps * self.strength), self.steps))


def noise_shot(index: int, prompt: Prompt, settings: Settings, seed: int, negative: str = "") -> Shot:
    """Return a shot that starts from noise, all else as the settings say."""
    return Shot(
        index=index,
        prompt=prompt,
        start=NoiseStart(),
        steps=settings.steps,
        strength=settings.strength,
        guidance=settings.guidance,
        guidance_rescale=settings.guidance_rescale,
        seed=seed,
        negative=negative,
        retries=settings.retries,
    )


def frame_seed(seed: int, index: int) -> int:
    """Derive the seed of frame `index`; with no running generator, any frame can be made again on its own.

    Frame 0 keeps the recipe's seed: it is the very picture that diffusers' own pipelines give for that seed.
    """
    return _hash_seed(f"{seed}/{index}") if index else seed


def retry_shot(shot: Shot, number: int) -> Shot:
    """Return retry `number`, from 1, of a shot: another seed, more noise, all of it fresh, and no persistence."""
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
