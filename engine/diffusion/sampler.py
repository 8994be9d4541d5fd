"""One frame's way through a noise schedule.

The arithmetic is diffusers' own. Its schedulers keep the step index and the history of earlier predictions on the
object, so every frame in flight has a scheduler of its own; what they share are the numbers that never change.
"""

from __future__ import annotations

import copy
import functools
import inspect
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

from engine.errors import RecipeError
from engine.settings import SchedulerName
from engine.storyboard import Feedback, Shot

SCHEDULERS: dict[SchedulerName, Any] = {
    "ddim": DDIMScheduler,
    "lms": LMSDiscreteScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
    "lcm": LCMScheduler,
}
SCHEDULES_KEPT = 64


class Samplers:
    """The samplers of one model, each built from the model's own scheduler configuration."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Take the contents of the model's scheduler_config.json.

        Raises:
            ValueError, TypeError, NotImplementedError: one of the samplers cannot be built from it.
        """
        self._built = {name: SCHEDULERS[name].from_config(config) for name in get_args(SchedulerName)}
        self._prepared = functools.lru_cache(maxsize=SCHEDULES_KEPT)(self._prepare)

    def check(self, name: SchedulerName, steps: int) -> None:
        """See whether a sampler can make a schedule of so many steps.

        Raises:
            RecipeError: it cannot; the message says how many it takes.
        """
        config = self._built[name].config
        most = config.get("original_inference_steps", config.num_train_timesteps)
        if steps > most:
            raise RecipeError(f"The sampler {name} takes at most {most} steps; {steps} were asked for.")

    def start(self, name: SchedulerName, shot: Shot) -> Sampler:
        """Return a sampler at the beginning of a shot."""
        # A shallow copy shares the tables; set_timesteps gives the copy a state of its own.
        return Sampler(copy.copy(self._prepared(name, shot.steps)), shot)

    def _prepare(self, name: SchedulerName, steps: int) -> Any:
        scheduler = copy.copy(self._built[name])
        scheduler.set_timesteps(steps)
        if name == "lms":
            # diffusers integrates numerically in every step of every frame, which costs as much as a small UNet.
            scheduler.get_lms_coefficient = functools.cache(scheduler.get_lms_coefficient)
        return scheduler


class Sampler:
    """Where one frame stands in its schedule, and its random generator.

    The order of random draws is that of diffusers' pipelines. Noise is drawn on the CPU in float32 whatever the model
    computes in, so that a seed means the same noise on every device.
    """

    def __init__(self, scheduler: Any, shot: Shot) -> None:
        scheduler.set_timesteps(shot.steps)
        first = shot.steps - shot.unet_calls
        if isinstance(shot.start, Feedback) and hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first)
        self.generator = torch.Generator("cpu").manual_seed(shot.seed)
        self._scheduler = scheduler
        # "Trailing" schedules of some lengths end with a surplus timestep of -1 by rounding; no model knows that one.
        self._timesteps = list(scheduler.timesteps[first : shot.steps])
        self._position = 0
        takes_generator = "generator" in inspect.signature(scheduler.step).parameters
        self._extra = {"generator": self.generator} if takes_generator else {}

    @property
    def steps_left(self) -> int:
        """Steps still to go."""
        return len(self._timesteps) - self._position

    @property
    def timestep(self) -> float:
        """The timestep that the UNet is to be told next."""
        return float(self._timesteps[self._position])

    def noise(self, like: Tensor) -> Tensor:
        """Draw the pure noise that a text-to-image frame starts from, of `like`'s shape and device."""
        sigma: float = self._scheduler.init_noise_sigma
        return self._draw(like) * sigma

    def renoise(self, latents: Tensor) -> Tensor:
        """Add noise to the latents of a picture, up to the point of the schedule where this sampler starts."""
        noisy: Tensor = self._scheduler.add_noise(latents, self._draw(latents), self._timesteps[0][None])
        return noisy

    def model_input(self, latents: Tensor) -> Tensor:
        """Scale latents as the UNet expects them at the present timestep."""
        scaled: Tensor = self._scheduler.scale_model_input(latents, self._timesteps[self._position])
        return scaled

    def step(self, prediction: Tensor, latents: Tensor) -> Tensor:
        """Return the latents one step further, given what the UNet predicted for them."""
        timestep = self._timesteps[self._position]
        self._position += 1
        advanced: Tensor = self._scheduler.step(prediction, timestep, latents, **self._extra, return_dict=False)[0]
        return advanced

    def _draw(self, like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=self.generator).to(like.device)
