"""The model's own safety checker: which pictures it objects to.

Stable Diffusion ships one (`safety_checker/` and `feature_extractor/`): a CLIP vision model whose embedding of a
picture is compared with those of seventeen concepts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image

from engine.backend import Picture
from engine.diffusion.loading.model_files import WEIGHTS, has_safetensors, report_damage
from engine.diffusion.loading.parts import load_part
from engine.diffusion.speed.transfer import to_device

CHECKER, EXTRACTOR = "safety_checker", "feature_extractor"


class SafetyChecker:
    """A model's safety checker.

    On a CPU it takes pictures one by one: batching gains little and could flip a borderline answer. On a graphics card
    it has a stream of high priority, so that its answer does not wait a tenth of a second behind queued calls.
    """

    def __init__(self, checker: Any, extractor: Any) -> None:
        self._checker = checker
        self._extractor = extractor
        on_card = checker.device.type == "cuda"
        self._stream: Any = torch.cuda.Stream(checker.device, priority=-1) if on_card else None  # type: ignore[no-untyped-call]

    def judge(self, pictures: Sequence[Picture]) -> list[bool]:
        """Return for each picture, whatever their sizes, whether the checker objects to it."""
        images = [Image.fromarray(picture) for picture in pictures]
        pixels = self._extractor(images, return_tensors="pt").pixel_values
        with torch.cuda.stream(self._stream):  # None does nothing
            rows = to_device(pixels.to(self._checker.dtype), self._checker.device)
            verdicts: list[bool] = []
            for batch in torch.split(rows, 1 if rows.device.type == "cpu" else len(rows)):
                # The checker blackens pictures in place; these stand in for them.
                stand_ins = [np.zeros(1)] * len(batch)
                verdicts += self._checker(clip_input=batch, images=stand_ins)[1]
        return verdicts


def load_safety_checker(directory: Path, device: torch.device) -> SafetyChecker | None:
    """Load the safety checker of the model in `directory`; None if it ships none as safetensors.

    It computes in float32 on a CPU and in float16 elsewhere, as its thresholds are too close for bfloat16.
    """
    checker, extractor = directory / CHECKER, directory / EXTRACTOR
    if not (has_safetensors(checker, WEIGHTS[CHECKER]) and (extractor / "preprocessor_config.json").exists()):
        return None
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    with report_damage(extractor):
        # Imported only for a checker: without torchvision the import warns.
        from transformers import CLIPImageProcessor

        processor = CLIPImageProcessor.from_pretrained(extractor, local_files_only=True)
    return SafetyChecker(load_part(StableDiffusionSafetyChecker, checker, device, {"dtype": dtype}), processor)
