"""Noise schedules as plain numbers, read off diffusers' own schedulers.

What a scheduler does in one step is nearly always linear: the next latents are a sum of the present ones, of what the
UNet predicted, of both a few steps back (LMS, DPM++ 2M) and of fresh noise (LCM). The factors depend on the step alone.
They are found by asking the scheduler itself, once for each schedule: it steps through a basis instead of latents, and
what comes out are the factors. Lanes of any schedulers at any steps are then advanced in one go; see
`engine.diffusion.sampling.batch`.
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
"""Factors of earlier steps below this are rounding errors of the scheduler's."""
LENGTHS = (1.0, 64.0)
"""The basis is sent through at two sizes: a scheduler that clips does not answer in proportion."""

LOUD = 100.0
"""Where noise is stronger, as with a zero terminal SNR, float32 loses digits, and which depends on the order of
operations: there each lane takes diffusers' own steps, so that its frames stay the pipelines'."""


@dataclass(frozen=True)
class Step:
    """One step: next latents = Σ keep[k] · latents[k] + move[k] · prediction[k], k steps back, + noise · fresh noise.

    Attributes:
        timestep: what the UNet is told.
        input_scale: what the latents are multiplied by before the UNet sees them.
        noise: where it is 0, none is drawn.
    """

    timestep: float
    input_scale: float
    keep: tuple[float, ...]
    move: tuple[float, ...]
    noise: float


@dataclass(frozen=True)
class Schedule:
    """The way from noise, or from a re-noised picture, to a finished frame.

    Attributes:
        steps: in order.
        noise_sigma: standard deviation of the pure noise that a text-to-image frame starts from.
        renoise_keep, renoise_add: how much of the picture and how much noise an image-to-image frame starts from.
        first: where it enters the scheduler's list of timesteps.
        stepper: makes diffusers' scheduler at its first step, where `steps` does not say it all: the scheduler clips or
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
        """How many earlier steps a step looks back on."""
        return max(len(step.keep) for step in self.steps) - 1


def read_schedule(scheduler: Any, steps: int, first: int | None) -> Schedule:
    """Read off what `scheduler` does in a schedule of `steps` steps.

    Args:
        first: where an image-to-image frame enters it; None for text to image, which takes all of it.
    """
    started = start_scheduler(scheduler, steps, first)
    # "Trailing" schedules of some lengths end with a surplus timestep of -1 by rounding; no model knows that one.
    timesteps = list(started.timesteps[first or 0 : steps])
    small, large = (_probe_steps(start_scheduler(scheduler, steps, first), timesteps, length) for length in LENGTHS)
    linear = all(
        torch.allclose(one.factors, other.factors, rtol=1e-3, atol=1e-3)
        for one, other in zip(small, large, strict=True)
    )
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
    """Return a copy of a diffusers scheduler with a state of its own, at the beginning of a schedule."""
    started = copy.copy(scheduler)  # a shallow copy shares the tables; set_timesteps gives the copy its own state
    started.set_timesteps(steps)
    if first is not None and hasattr(started, "set_begin_index"):
        started.set_begin_index(first)
    return started


def generator_argument(scheduler: Any, generator: torch.Generator) -> dict[str, torch.Generator]:
    """Return what `scheduler.step` takes the generator as, if it may draw noise."""
    takes_it = "generator" in inspect.signature(scheduler.step).parameters
    return {"generator": generator} if takes_it else {}


@dataclass(frozen=True)
class _StepResponse:
    """What a scheduler did in one step: factors[0, k] of the latents k steps back, factors[1, k] of the prediction."""

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
    """Step through the schedule with basis vectors of `length` for the latents and the prediction of each step."""
    size = 2 * len(timesteps) + 1  # the last entry is never sent anything: what comes out there is noise
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
