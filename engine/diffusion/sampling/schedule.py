"""Noise schedules as plain numbers, read off diffusers' own schedulers.

A scheduler's step is nearly always linear: the next latents are a weighted sum of the present ones, the UNet's
prediction, both of these a few steps back (LMS, DPM++ 2M) and fresh noise (LCM). The weights depend on the step alone.
They are found once per schedule by stepping the scheduler through a basis instead of latents. Lanes of any schedulers
at any steps can then be advanced together; see `engine.diffusion.sampling.batch`.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

NEGLIGIBLE = 1e-6
"""Factors of earlier steps below this are the scheduler's rounding errors."""
LENGTHS = (1.0, 64.0)
"""Lengths of the basis vectors: a scheduler that clips does not respond in proportion."""
LOUD = 100.0
"""Above this noise level, as with zero terminal SNR, float32 loses digits that depend on the order of operations: there
each lane takes diffusers' own steps, so that its frames equal the pipelines'."""


@dataclass(frozen=True)
class Step:
    """One step: next latents = Σ keep[k] · latents[k] + move[k] · prediction[k], k steps back, + noise · fresh noise.

    Attributes:
        timestep: the UNet's input.
        input_scale: factor of the UNet's input latents.
        noise: 0 draws none.
    """

    timestep: float
    input_scale: float
    keep: tuple[float, ...]
    move: tuple[float, ...]
    noise: float


@dataclass(frozen=True)
class Schedule:
    """The steps from noise, or from a re-noised picture, to a finished frame.

    Attributes:
        noise_sigma: standard deviation of the pure noise that a text-to-image frame starts from.
        renoise_keep, renoise_add: weights of the picture and of noise that an image-to-image frame starts from.
        first: index of its first timestep in the scheduler's list.
        stepper: makes diffusers' scheduler at its first step, if `steps` does not fully describe it: it clips,
            thresholds, or starts from LOUD noise.
    """

    steps: tuple[Step, ...]
    noise_sigma: float
    renoise_keep: float
    renoise_add: float
    first: int
    stepper: Callable[[], Any] | None

    @property
    def memory(self) -> int:
        """Number of earlier steps that a step looks back on."""
        return max(len(step.keep) for step in self.steps) - 1


def read_schedule(scheduler: Any, steps: int, first: int | None) -> Schedule:
    """Return `scheduler`'s schedule of `steps` steps.

    Args:
        first: index of an image-to-image frame's first step; None for text to image, which takes all of them.
    """
    started = start_scheduler(scheduler, steps, first)
    # By rounding, "trailing" schedules of some lengths end with a surplus timestep of -1.
    timesteps = list(started.timesteps[first or 0 : steps])
    small, large = (_probe_steps(start_scheduler(scheduler, steps, first), timesteps, length) for length in LENGTHS)
    pairs = zip(small, large, strict=True)
    linear = all(torch.allclose(one.factors, other.factors, rtol=1e-3, atol=1e-3) for one, other in pairs)
    one, none = torch.ones(1), torch.zeros(1)
    noise_sigma, renoise_add = float(started.init_noise_sigma), float(started.add_noise(none, one, timesteps[0][None]))
    exact = linear and (noise_sigma if first is None else renoise_add) < LOUD
    return Schedule(
        steps=tuple(response.to_step(exact=exact) for response in small),
        noise_sigma=noise_sigma,
        renoise_keep=float(started.add_noise(one, none, timesteps[0][None])),
        renoise_add=renoise_add,
        first=first or 0,
        stepper=None if exact else functools.partial(start_scheduler, scheduler, steps, first),
    )


def start_scheduler(scheduler: Any, steps: int, first: int | None) -> Any:
    """Return a copy of a diffusers scheduler at the beginning of a schedule."""
    started = copy.copy(scheduler)  # shares the tables; set_timesteps gives it a state of its own
    started.set_timesteps(steps)
    if first is not None and hasattr(started, "set_begin_index"):
        started.set_begin_index(first)
    return started


def generator_argument(scheduler: Any, generator: torch.Generator) -> dict[str, torch.Generator]:
    """Return the generator as a keyword argument of `scheduler.step`, if that takes one."""
    takes_it = "generator" in inspect.signature(scheduler.step).parameters
    return {"generator": generator} if takes_it else {}


@dataclass(frozen=True)
class _StepResponse:
    """One step, measured: factors[0, k] of the latents k steps back, factors[1, k] of the prediction."""

    timestep: Tensor
    input_scale: float
    factors: Tensor
    noise: float

    def to_step(self, *, exact: bool) -> Step:
        relevant = (self.factors.abs() > NEGLIGIBLE).any(0).nonzero()
        depth = 1 + max(0, *relevant.flatten().tolist())
        keep, move = self.factors[:, :depth].tolist()
        return Step(float(self.timestep), self.input_scale, tuple(keep), tuple(move), self.noise if exact else 0.0)


def _probe_steps(scheduler: Any, timesteps: Sequence[Tensor], length: float) -> list[_StepResponse]:
    """Take the schedule's steps with basis vectors of `length` for each step's latents and prediction."""
    size = 2 * len(timesteps) + 1  # the last entry is never input: what comes out there is noise
    basis = torch.eye(size, dtype=torch.float64) * length
    generator = torch.Generator("cpu").manual_seed(0)
    extra = generator_argument(scheduler, generator)
    responses = []
    for number, timestep in enumerate(timesteps):
        latents, prediction = basis[2 * number], basis[2 * number + 1]
        scaled = scheduler.scale_model_input(latents, timestep)
        twin = torch.Generator("cpu").set_state(generator.get_state())
        out = scheduler.step(prediction, timestep, latents, **extra, return_dict=False)[0].double()
        noise = torch.randn(size, generator=twin, dtype=torch.float64)
        drawn = float(out[-1] / noise[-1])
        factors = (out - drawn * noise)[: 2 * number + 2].view(-1, 2).T.flip(1) / length
        responses.append(_StepResponse(timestep, float(scaled[2 * number]) / length, factors, drawn))
    return responses
