"""What nothing can be faster than: the model's forwards of a workload, and nothing around them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.report import milliseconds
from benchmarks.speed.subject import Subject
from engine.storyboard.shot import FeedbackStart
from engine.storyboard.storyboard import Storyboard

MATMUL = 8192  # side of the matrices whose product says what a card can compute at most


class Counts(NamedTuple):
    """How many of which forwards; or, of `Floor.flops`, the operations of one of each."""

    unet: int
    encodes: int
    decodes: int

    @classmethod
    def of(cls, board: Storyboard) -> Counts:
        """Count a storyboard's forwards; its UNet calls are one for each frame and step."""
        encodes = sum(isinstance(shot.start, FeedbackStart) for shot in board.shots)
        return cls(board.unet_calls, encodes, len(board.shots))

    def times(self, other: Counts) -> int:
        """Return the sum of the products: operations of one forward each times how many there are."""
        return sum(one * count for one, count in zip(self, other, strict=True))


class Floor:
    """Bare forwards of one model at one size; `rows` of the UNet a frame and step, two where guidance needs a pair."""

    def __init__(self, subject: Subject, size: int, rows: int) -> None:
        parts, config = subject.parts, subject.parts.unet.config
        side = size >> (len(parts.vae.config.block_out_channels) - 1)
        make = {"device": parts.device, "dtype": parts.unet.dtype}
        self._parts = parts
        self._latents = torch.randn(rows, config.in_channels, side, side, **make)
        self._states = torch.randn(rows, 77, config.cross_attention_dim, **make)
        self._image = torch.randn(1, 3, size, size, device=parts.device, dtype=parts.vae.dtype)
        told = config.time_cond_proj_dim
        self._told = None if told is None else torch.randn(rows, told, **make)

    @torch.inference_mode()
    def run(self, counts: Counts, width: int) -> None:
        """Do the forwards of `counts`, `width` frames to a call."""
        for _ in range(math.ceil(counts.unet / width)):
            self.unet(width)
        for _ in range(counts.encodes):
            self.encode()
        for _ in range(counts.decodes):
            self.decode()

    def flops(self) -> Counts:
        """Return the floating point operations of each forward; a multiplication and an addition are two."""
        return Counts(*map(count_flops, (self.unet, self.encode, self.decode)))

    def unet(self, width: int = 1) -> None:
        latents, states = self._latents.repeat(width, 1, 1, 1), self._states.repeat(width, 1, 1)
        told = None if self._told is None else self._told.repeat(width, 1)
        self._parts.unet(latents, 500, encoder_hidden_states=states, timestep_cond=told, return_dict=False)

    def encode(self) -> None:
        self._parts.vae.encode(self._image)

    def decode(self) -> None:
        self._parts.vae.decode(self._latents[:1].to(self._parts.vae.dtype))


def count_flops(forward: Callable[[], None]) -> int:
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        forward()
    return int(counter.get_total_flops())


def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """Return the operations a second that this card reaches in a large matrix product."""
    one = torch.randn(MATMUL, MATMUL, device=device, dtype=dtype)

    def multiply() -> None:
        one @ one
        torch.cuda.synchronize(device)

    return 2 * MATMUL**3 / (min(milliseconds(multiply, repeat=10)) / 1000)
