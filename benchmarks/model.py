"""What a model costs: python -m benchmarks.model [--model models/embedded] [--threads 2] [--repeat 15]

Medians over the repeats, float32: the text encoder, the encoder, a guided step (two forwards in one batch, or one of a
model that is told its guidance scale), the decoder; and a feedback frame of --steps of them, as diffusers has these
modules. Last, a feedback frame as the engine makes it at the model's default settings, with everything around it: its
own leaner modules, the camera, colours, files. Sizes are of the files and of the parameters.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers import StableDiffusionPipeline

from benchmarks.quality.ours import Ours
from benchmarks.quality.subject import subject
from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.frames.frame_store import JobFrames
from engine.recipe.settings import BUILT_IN
from engine.storyboard.builder import build_storyboard


def milliseconds(work: Callable[[], Any], repeat: int) -> float:
    """The median wall time of `work`, after two calls that do not count."""
    times = []
    for turn in range(repeat + 2):
        start = time.perf_counter()
        with torch.no_grad():
            work()
        if turn >= 2:
            times.append(time.perf_counter() - start)
    return 1000 * median(times)


def parts(pipeline: Any) -> dict[str, Callable[[], Any]]:
    """Each part of a frame as something to call."""
    unet, vae = pipeline.unet, pipeline.vae
    side = unet.config.sample_size
    size = side * pipeline.vae_scale_factor
    image = torch.randn(1, 3, size, size)
    told = None if unet.config.time_cond_proj_dim is None else torch.randn(1, unet.config.time_cond_proj_dim)
    rows = 2 if told is None else 1
    latents = torch.randn(rows, unet.config.in_channels, side, side)
    ids = pipeline.tokenizer("a road by the sea", padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        states = pipeline.text_encoder(ids)[0].expand(rows, -1, -1)
    return {
        "text": lambda: pipeline.text_encoder(ids),
        "encode": lambda: vae.encode(image),
        "guided step": lambda: unet(latents, 500, states, timestep_cond=told),
        "decode": lambda: vae.decode(latents[:1]),
    }


def engine_frame(model: Path, threads: int, repeat: int) -> tuple[float, int]:
    """The median milliseconds of a zoom's first feedback frames in the engine, and their denoising steps."""
    frames = 3 * repeat  # near its end a loop takes fewer steps
    backend = load_backend(ModelConfig(source=str(model)), threads=threads)
    asked = subject("zoom", 1, frames, (BUILT_IN, backend.card), {})
    finished = [0.0] * (frames + 1)
    with TemporaryDirectory() as folder:
        for done in Ours(backend).render(asked, JobFrames(Path(folder) / "frames")):
            finished[done] = finished[done] or time.perf_counter()
            if done > repeat + 2:
                break
    times = [after - before for before, after in pairwise(finished[2 : repeat + 3]) if before and after]
    return 1000 * median(times), build_storyboard(asked.recipe, asked.settings).shots[1].unet_calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("models/embedded"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--steps", type=int, default=5, help="guided steps of a feedback frame")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    pipeline = StableDiffusionPipeline.from_pretrained(
        arguments.model, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False
    )
    times = {name: milliseconds(work, arguments.repeat) for name, work in parts(pipeline).items()}
    frame = times["encode"] + arguments.steps * times["guided step"] + times["decode"]
    print("| part | ms | parameters |\n|---|---|---|")
    networks = {"text": pipeline.text_encoder, "guided step": pipeline.unet, "decode": pipeline.vae}
    for name, value in times.items():
        network = networks.get(name)
        count = "" if network is None else f"{sum(p.numel() for p in network.parameters()) / 1e6:.1f} M"
        print(f"| {name} | {value:.1f} | {count} |")
    print(f"| feedback frame, {arguments.steps} steps | {frame:.0f} | |")
    ours, steps = engine_frame(arguments.model, arguments.threads, arguments.repeat)
    print(f"| feedback frame in the engine, {steps} steps, all included | {ours:.0f} | |")
    size = sum(path.stat().st_size for path in arguments.model.rglob("*") if path.is_file())
    print(f"\n{size / 2**20:.1f} MiB on disk, {arguments.threads} threads")


if __name__ == "__main__":
    main()
