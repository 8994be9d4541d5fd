"""One frame's way through a noise schedule.

The arithmetic is diffusers' own, read off its schedulers once for each schedule (`sampling.schedule`), so that
what a frame in flight has of its own is a place in the schedule and a random generator.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, get_args

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    LMSDiscreteScheduler,
)
from torch import Tensor

from engine.diffusion.sampling.schedule import Schedule, Step, generator_argument, read_schedule, start_scheduler
from engine.diffusion.speed.transfer import to_device
from engine.errors import RecipeError
from engine.recipe.settings import SchedulerName
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import FeedbackStart, Shot

SCHEDULERS: dict[SchedulerName, Any] = {
    "ddim": DDIMScheduler,
    "lms": LMSDiscreteScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "lcm": LCMScheduler,
}
SCHEDULES_KEPT = 256
FEW = 10
"""Steps from which on every schedule begins near enough to pure noise."""


class Samplers:
    """The samplers of one model, each built from the model's own scheduler configuration."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Take the contents of the model's scheduler_config.json.

        Raises:
            ValueError, TypeError, NotImplementedError: one of the samplers cannot be built from it.
        """
        self._schedulers = {name: SCHEDULERS[name].from_config(config) for name in get_args(SchedulerName)}
        self._least_steps = functools.cache(self._find_least_steps)
        self._schedule = functools.lru_cache(maxsize=SCHEDULES_KEPT)(self._read_schedule)

    def check(self, name: SchedulerName, steps: int) -> None:
        """See whether a sampler can make a schedule of so many steps.

        Raises:
            RecipeError: it cannot; the message says how many it takes.
        """
        config = self._schedulers[name].config
        most = config.get("original_inference_steps", config.num_train_timesteps)
        if steps > most:
            raise RecipeError(
                "The sampler {name} takes at most {most} steps; {steps} were asked for.",
                name=name,
                most=most,
                steps=steps,
            )
        if (least := self._least_steps(name, steps)) > steps:
            raise RecipeError(
                "With {steps} steps this model's sampler {name} does not begin at noise; it takes at least {least}.",
                name=name,
                steps=steps,
                least=least,
            )

    def _find_least_steps(self, name: SchedulerName, steps: int) -> int:
        """Return the length of a schedule, `steps` or above, that begins where nothing is left of a picture.

        "Leading" timesteps do not reach the last one, and a schedule of a single step consists of the first alone.
        """
        scheduler = self._schedulers[name]
        half: float = scheduler.config.num_train_timesteps / 2
        lengths = range(steps, FEW)
        return next(
            (some for some in lengths if float(start_scheduler(scheduler, some, None).timesteps[0]) >= half), steps
        )

    def start(self, name: SchedulerName, shot: Shot) -> Sampler:
        """Return a sampler at the beginning of a shot."""
        first = shot.steps - shot.unet_calls if isinstance(shot.start, FeedbackStart) else None
        return Sampler(self._schedule(name, shot.steps, first), shot.seed)

    def _read_schedule(self, name: SchedulerName, steps: int, first: int | None) -> Schedule:
        scheduler = self._schedulers[name]
        if name == "lms":
            # diffusers integrates numerically in every step, also of a schedule that it has integrated before.
            scheduler = start_scheduler(scheduler, steps, first)
            scheduler.get_lms_coefficient = functools.cache(scheduler.get_lms_coefficient)
        return read_schedule(scheduler, steps, first)


class Sampler:
    """Where one frame stands in its schedule, and its random generator.

    The order of random draws is that of diffusers' pipelines. Noise is drawn on the CPU in float32 whatever the model
    computes in, so that a seed means the same noise on every device.
    """

    def __init__(self, schedule: Schedule, seed: int) -> None:
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self._schedule = schedule
        self._position = 0
        self._scheduler: Any = schedule.stepper() if schedule.stepper else None

    @property
    def steps_left(self) -> int:
        """Steps still to go."""
        return len(self._schedule.steps) - self._position

    @property
    def memory(self) -> int:
        """How many earlier latents and predictions a step may look back on."""
        return self._schedule.memory

    @property
    def next_step(self) -> Step:
        """The step that comes next."""
        return self._schedule.steps[self._position]

    @property
    def uses_scheduler(self) -> bool:
        """Whether steps have to be taken by `step_with_scheduler`, as `next_step` does not say it all."""
        return self._scheduler is not None

    def noise(self, like: Tensor, start: NoiseStart) -> Tensor:
        """Draw the pure noise that a text-to-image frame starts from, of `like`'s shape and device."""
        own = self.draw(like)
        if start.other is None:
            return own * self._schedule.noise_sigma
        other = to_device(
            torch.randn(like.shape, generator=torch.Generator("cpu").manual_seed(start.other)), like.device
        )
        return (own * math.cos(start.angle) + other * math.sin(start.angle)) * self._schedule.noise_sigma

    def renoise(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Add noise to the latents of a picture, up to the point of the schedule where this sampler starts."""
        return latents * self._schedule.renoise_keep + noise * self._schedule.renoise_add

    def draw(self, like: Tensor) -> Tensor:
        """Draw fresh noise of unit variance, of `like`'s shape and device."""
        return to_device(torch.randn(like.shape, generator=self.generator), like.device)

    def advance(self) -> None:
        """Note that the present step was taken."""
        self._position += 1

    def step_with_scheduler(self, prediction: Tensor, latents: Tensor) -> Tensor:
        """Return the latents one step further by diffusers' own arithmetic."""
        timestep = self._scheduler.timesteps[self._schedule.first + self._position]
        extra = generator_argument(self._scheduler, self.generator)
        self._scheduler.scale_model_input(latents, timestep)  # some will not step before they were asked for that
        advanced: Tensor = self._scheduler.step(prediction, timestep, latents, **extra, return_dict=False)[0]
        return advanced
