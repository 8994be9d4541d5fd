"""A model without weights: instant, deterministic, and strict about how it is called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.backend import Lane, Memory, Picture, ShotRequest
from engine.errors import PromptError
from engine.protocol.card import Card
from engine.recipe.settings import Overrides
from engine.storyboard.morph_path import MeasuredPosition, NoiseStart, TokenMix
from engine.storyboard.shot import FeedbackStart
from engine.storyboard.storyboard import Storyboard

PLAIN = Overrides(size=64, steps=4, strength=0.5, colour_anchor=0.0, crossfade=0, steering=0.0)
"""One shot a frame and nothing besides, as simple to count as can be."""


@dataclass
class ToyLane:
    request: ShotRequest
    shape_key: Hashable
    steps_left: int


@dataclass
class Developed:
    """A picture that is ready at once, unless a test says otherwise."""

    pixels: Picture
    ready: bool = True

    def picture(self) -> Picture:
        self.ready = True
        return self.pixels


@dataclass
class ToyBackend:
    """A picture depends on its shot and its sources, and on nothing else.

    It keeps a diary, so that tests can see what shared a batch with what: of each `open` the shots, of each `denoise`
    how many steps its lanes had left.
    """

    name: str = "toy"
    card: Card = field(default_factory=lambda: Card(common=PLAIN))
    device: str = "cpu"
    dtype: str = "float32"
    forbidden: str = "unspeakable"
    judges: bool = False
    memory: Memory = field(default_factory=lambda: Memory(used=1, total=2))
    objects_to: Callable[[Picture], bool] = lambda _: False
    judged: list[int] = field(default_factory=list)
    opened: list[list[int]] = field(default_factory=list)
    calls: list[list[int]] = field(default_factory=list)
    developed: list[int] = field(default_factory=list)

    def check(self, storyboard: Storyboard) -> None:
        for shot in storyboard.shots:
            if isinstance(shot.prompt, MeasuredPosition):
                continue
            words = (shot.negative,) + (
                (shot.prompt.source, shot.prompt.target)
                if isinstance(shot.prompt, TokenMix)
                else tuple(text for text, _ in shot.prompt.parts)
            )
            if any(self.forbidden in word for word in words):
                raise PromptError(f"The model cannot read “{self.forbidden}”.")

    def open(self, requests: Sequence[ShotRequest]) -> list[ToyLane]:
        for request in requests:
            assert set(request.sources) == request.shot.sources, "a shot was started without its sources"
        self.opened.append([request.shot.index for request in requests])
        return [ToyLane(request, (request.width, request.height), request.shot.unet_calls) for request in requests]

    def denoise(self, lanes: Sequence[Lane], width: int) -> None:
        assert 1 <= len(lanes) <= width
        assert len({lane.shape_key for lane in lanes}) == 1, "lanes of different shapes shared a call"
        self.calls.append([lane.steps_left for lane in lanes])
        for lane in lanes:
            assert isinstance(lane, ToyLane) and lane.steps_left > 0
            lane.steps_left -= 1

    def decode(self, lanes: Sequence[Lane]) -> list[Developed]:
        pictures: list[Developed] = []
        for lane in lanes:
            assert isinstance(lane, ToyLane) and lane.steps_left == 0
            self.developed.append(lane.request.shot.index)
            pictures.append(Developed(toy_picture(lane.request)))
        return pictures

    def judge(self, pictures: Sequence[Picture]) -> list[bool]:
        assert self.judges and pictures, "nobody was to be judged"
        self.judged.append(len(pictures))
        return [self.objects_to(picture) for picture in pictures]


def toy_picture(request: ShotRequest) -> Picture:
    """Return the picture of a shot: blocks of colour drawn from its seed, its prompt and its source pictures."""
    start = request.shot.start if isinstance(request.shot.start, NoiseStart) else None
    digest = hashlib.blake2b(repr((request.shot.prompt, request.shot.seed, request.shot.negative, start)).encode())
    if isinstance(request.shot.start, FeedbackStart):
        for index in sorted(request.sources):
            digest.update(request.sources[index].tobytes())
    random = np.random.default_rng(list(digest.digest()))
    blocks = random.integers(0, 256, (request.height // 8, request.width // 8, 3), dtype=np.uint8)
    return blocks.repeat(8, axis=0).repeat(8, axis=1)
