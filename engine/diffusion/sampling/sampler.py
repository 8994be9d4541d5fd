"""One frame's way through a noise schedule.

The arithmetic is diffusers' own, read off its schedulers once per schedule (`sampling.schedule`), so that a frame in
flight owns no more than a position in its schedule and a random generator.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any, get_args

import diffusers
import torch
from torch import Tensor

from engine.diffusion.sampling.schedule import Schedule, Step, generator_argument, read_schedule, start_scheduler
from engine.diffusion.speed.transfer import to_device
from engine.errors import RecipeError
from engine.recipe.settings import SchedulerName
from engine.storyboard.morph_path import NoiseStart
from engine.storyboard.shot import FeedbackStart, Shot

SCHEDULERS: dict[SchedulerName, Any] = {
    "ddim": diffusers.DDIMScheduler,
    "lms": diffusers.LMSDiscreteScheduler,
    "euler": diffusers.EulerDiscreteScheduler,
    "dpm++2m": diffusers.DPMSolverMultistepScheduler,
    "lcm": diffusers.LCMScheduler,
}
SCHEDULES_KEPT = 256
FEW = 10
"""Steps from which every schedule begins close enough to pure noise."""


class Samplers:
    """The samplers of one model, each built from the model's own scheduler configuration."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Build them from the contents of scheduler_config.json; diffusers raises all kinds of errors if it cannot."""
        self._schedulers = {name: SCHEDULERS[name].from_config(config) for name in get_args(SchedulerName)}
        self._least_steps = functools.cache(self._find_least_steps)
        self._schedule = functools.lru_cache(maxsize=SCHEDULES_KEPT)(self._read_schedule)

    def check(self, name: SchedulerName, steps: int) -> None:
        """Raise RecipeError if a sampler cannot make a schedule of so many steps."""
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
        """Return the least number of steps, `steps` or more, whose schedule begins at pure noise.

        "Leading" timesteps do not reach the last one, and with a single step they consist of the first alone.
        """
        scheduler = self._schedulers[name]
        half: float = scheduler.config.num_train_timesteps / 2
        lengths = range(steps, FEW)
        return next(
            (some for some in lengths if float(start_scheduler(scheduler, some, None).timesteps[0]) >= half), steps
        )

    def start(self, name: SchedulerName, shot: Shot) -> Sampler:
        first = shot.steps - shot.unet_calls if isinstance(shot.start, FeedbackStart) else None
        return Sampler(self._schedule(name, shot.steps, first), shot.seed)

    def _read_schedule(self, name: SchedulerName, steps: int, first: int | None) -> Schedule:
        scheduler = self._schedulers[name]
        if name == "lms":
            # diffusers integrates numerically in every step; each schedule is read more than once.
            scheduler = start_scheduler(scheduler, steps, first)
            scheduler.get_lms_coefficient = functools.cache(scheduler.get_lms_coefficient)
        return read_schedule(scheduler, steps, first)


class Sampler:
    """One frame's position in its schedule, and its random generator.

    Random draws are in the order of diffusers' pipelines. Noise is drawn on the CPU in float32, whatever the model's
    dtype, so that a seed means the same noise on every device.
    """

    def __init__(self, schedule: Schedule, seed: int) -> None:
        self.generator = torch.Generator("cpu").manual_seed(seed)
        self._schedule = schedule
        self._position = 0
        self._scheduler: Any = schedule.stepper() if schedule.stepper else None

    @property
    def steps_left(self) -> int:
        return len(self._schedule.steps) - self._position

    @property
    def memory(self) -> int:
        """Number of earlier latents and predictions that a step looks back on."""
        return self._schedule.memory

    @property
    def next_step(self) -> Step:
        return self._schedule.steps[self._position]

    @property
    def uses_scheduler(self) -> bool:
        """Whether steps have to be taken by `step_with_scheduler`, as `next_step` does not fully describe them."""
        return self._scheduler is not None

    def noise(self, like: Tensor, start: NoiseStart) -> Tensor:
        """Draw the pure noise that a text-to-image frame starts from, with `like`'s shape and device."""
        own = self.draw(like)
        if start.other is None:
            return own * self._schedule.noise_sigma
        generator = torch.Generator("cpu").manual_seed(start.other)
        other = to_device(torch.randn(like.shape, generator=generator), like.device)
        return (own * math.cos(start.angle) + other * math.sin(start.angle)) * self._schedule.noise_sigma

    def renoise(self, latents: Tensor, noise: Tensor) -> Tensor:
        """Add noise to a picture's latents, up to the point of the schedule where this sampler starts."""
        return latents * self._schedule.renoise_keep + noise * self._schedule.renoise_add

    def draw(self, like: Tensor) -> Tensor:
        """Draw fresh noise of unit variance, with `like`'s shape and device."""
        return to_device(torch.randn(like.shape, generator=self.generator), like.device)

    def advance(self) -> None:
        self._position += 1

    def step_with_scheduler(self, prediction: Tensor, latents: Tensor) -> Tensor:
        """Return the latents one step further by diffusers' own arithmetic."""
        timestep = self._scheduler.timesteps[self._schedule.first + self._position]
        extra = generator_argument(self._scheduler, self.generator)
        self._scheduler.scale_model_input(latents, timestep)  # some refuse to step without it
        advanced: Tensor = self._scheduler.step(prediction, timestep, latents, **extra, return_dict=False)[0]
        return advanced
