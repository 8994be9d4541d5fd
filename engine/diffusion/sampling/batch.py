"""Lanes that share UNet calls, packed into one tensor of each kind.

Packing copies everything, so it is done only when the lanes change. A step of all lanes is a few operations on whole
tensors: each row has its own factors, whatever its sampler and step. The host sends one small table a step, and waits
for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.diffusion.sampling.conditioning import Conditioning
from engine.diffusion.sampling.lane import DiffusionLane, StepRecord
from engine.diffusion.sampling.schedule import Step
from engine.diffusion.speed.transfer import to_device


class Batch:
    """Lanes of one shape key.

    Args:
        lanes: at least one.
        width: rows are filled up to this many with copies of the first lane, whose results are ignored.

    Attributes:
        shape_key: common to all its lanes; if they are guided, each takes two rows, without and with the prompt.
        conditioning: a row for each lane and filler; of guided lanes the unconditional ones come first.
        guidance: scales, shape (width, 1, 1, 1).
        rescale: guidance rescale of the same shape; None if it is 0 for all.
    """

    def __init__(self, lanes: Sequence[DiffusionLane], width: int) -> None:
        filled = [*lanes, *([lanes[0]] * (width - len(lanes)))]
        self.shape_key = lanes[0].shape_key
        self._lanes = tuple(lanes)
        self._width = len(filled)
        self._latents = torch.cat([lane.latents for lane in filled])
        self._row_latents = [lane.latents for lane in lanes]
        self._history = _pack_history(filled)
        unconditional = [lane.unconditional for lane in filled] if self.shape_key.is_guided else []
        self.conditioning = Conditioning.stack([*unconditional, *(lane.conditioning for lane in filled)])
        self.guidance = _column([lane.guidance for lane in filled], self._latents.device)
        rescale = [lane.guidance_rescale for lane in filled]
        self.rescale = _column(rescale, self._latents.device) if any(rescale) else None

    def matches(self, lanes: Sequence[DiffusionLane], width: int) -> bool:
        """Whether this is the batch of these very lanes at this width, none of which advanced in another one."""
        return (
            max(width, len(lanes)) == self._width
            and len(lanes) == len(self._lanes)
            and all(one is other for one, other in zip(lanes, self._lanes, strict=True))
            and all(lane.latents is row for lane, row in zip(lanes, self._row_latents, strict=True))
        )

    def model_input(self) -> tuple[Tensor, Tensor]:
        """Return the latents, scaled as the UNet expects them at each lane's timestep, and the timesteps."""
        steps = self._next_steps()
        timesteps = _column([step.timestep for step in steps], self._latents.device).flatten()
        if all(step.input_scale == 1 for step in steps):
            return self._latents, timesteps
        return self._latents * _column([step.input_scale for step in steps], self._latents.device), timesteps

    def advance(self, prediction: Tensor) -> None:
        """Take one step with every lane, by a guided prediction: (width, channels, height, width), float32."""
        history = [StepRecord(self._latents, prediction), *self._history]
        latents = self._linear_step(history)
        for row, lane in enumerate(self._lanes):
            if lane.sampler.uses_scheduler:
                one = slice(row, row + 1)
                latents[one] = lane.sampler.step_with_scheduler(prediction[one], self._latents[one])
        self._latents = latents
        self._history = history[: max(lane.sampler.memory for lane in self._lanes)]
        self._distribute_rows()

    def _linear_step(self, history: list[StepRecord]) -> Tensor:
        steps = self._next_steps()
        depth = max(len(step.keep) for step in steps)
        table = [[step.noise, *(factor for back in range(depth) for factor in _factors(step, back))] for step in steps]
        noise, *factors = to_device(torch.tensor(table), self._latents.device).T.reshape(1 + 2 * depth, -1, 1, 1, 1)
        # Multiplied and added separately: fused, the last digit could depend on a row's place in the batch.
        latents: Tensor = history[0].latents * factors[0] + history[0].prediction * factors[1]
        for back in range(1, depth):
            latents = (
                latents + history[back].latents * factors[2 * back] + history[back].prediction * factors[2 * back + 1]
            )
        if any(step.noise for step in steps):
            latents = latents + self._draw(steps) * noise
        return latents

    def _draw(self, steps: Sequence[Step]) -> Tensor:
        """Draw noise for the lanes whose samplers need some in this step, each from its own generator."""
        nothing = torch.zeros_like(self._latents[:1])
        pairs = zip(self._lanes, steps, strict=False)
        rows = [lane.sampler.draw(nothing) if step.noise else nothing for lane, step in pairs]
        return torch.cat([*rows, *([nothing] * (self._width - len(rows)))])

    def _next_steps(self) -> list[Step]:
        steps = [lane.sampler.next_step for lane in self._lanes]
        return steps + [steps[0]] * (self._width - len(steps))

    def _distribute_rows(self) -> None:
        """Give every lane its row, so that it can continue in another batch."""
        rows = torch.split(self._latents, 1)
        kept = [(torch.split(history.latents, 1), torch.split(history.prediction, 1)) for history in self._history]
        self._row_latents = list(rows[: len(self._lanes)])
        for row, lane in enumerate(self._lanes):
            lane.latents = rows[row]
            lane.history = [
                StepRecord(latents[row], prediction[row]) for latents, prediction in kept[: lane.sampler.memory]
            ]
            lane.sampler.advance()


def _factors(step: Step, back: int) -> tuple[float, float]:
    return (step.keep[back], step.move[back]) if back < len(step.keep) else (0.0, 0.0)


def _pack_history(lanes: Sequence[DiffusionLane]) -> list[StepRecord]:
    packed = []
    nothing = torch.zeros_like(lanes[0].latents)
    for back in range(max(len(lane.history) for lane in lanes)):
        rows = [lane.history[back] if back < len(lane.history) else (nothing, nothing) for lane in lanes]
        packed.append(StepRecord(*map(torch.cat, zip(*rows, strict=True))))
    return packed


def _column(values: Sequence[float], device: torch.device) -> Tensor:
    return to_device(torch.tensor(values), device).view(-1, 1, 1, 1)
