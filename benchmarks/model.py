"""What a model costs: python -m benchmarks.model [--model models/embedded] [--threads 2] [--repeat 15] [--steps 5]

Medians over the repeats, float32: the text encoder, the encoder, a guided step (two forwards in one batch, or one of a
model that is told its guidance scale), the decoder; and a feedback frame of --steps of them, as diffusers has these
modules. Last, a feedback frame as the engine makes it at the model's default settings, with everything around it: its
own leaner modules, the camera, colours, files. Sizes are of the files and of the parameters.
"""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch

from benchmarks.quality.ours import Ours
from benchmarks.quality.subject import subject
from benchmarks.report import milliseconds, read_options, table
from benchmarks.speed.floor import Floor
from benchmarks.speed.subject import Subject, load_subject
from engine.config import ModelConfig
from engine.diffusion.loader import load_backend
from engine.frames.frame_store import JobFrames
from engine.recipe.settings import BUILT_IN
from engine.storyboard.builder import build_storyboard


def time_parts(loaded: Subject, repeat: int) -> dict[str, float]:
    parts = loaded.parts
    config = parts.unet.config
    size = config.sample_size << (len(parts.vae.config.block_out_channels) - 1)
    floor = Floor(loaded, size, rows=2 if config.time_cond_proj_dim is None else 1)
    ids = parts.tokenizer("a road by the sea", padding="max_length", return_tensors="pt").input_ids
    names = "text", "encode", "guided step", "decode"
    works = lambda: parts.text_encoder(ids), floor.encode, floor.unet, floor.decode
    with torch.no_grad():
        return {name: median(milliseconds(work, repeat)) for name, work in zip(names, works, strict=True)}


def time_engine_frame(model: str, threads: int, repeat: int) -> tuple[float, int]:
    """Return the milliseconds of a zoom's first feedback frames in the engine, and their denoising steps."""
    frames = 3 * repeat  # near its end a loop takes fewer steps
    backend = load_backend(ModelConfig(source=model), threads=threads)
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
    options = read_options(__doc__, model="models/embedded", threads=2, repeat=15, steps=5)
    loaded = load_subject(ModelConfig(source=options.model, device="cpu", dtype="float32"), options.threads)
    times = time_parts(loaded, options.repeat)
    networks = {"text": loaded.parts.text_encoder, "guided step": loaded.parts.unet, "decode": loaded.parts.vae}
    millions = {name: sum(p.numel() for p in network.parameters()) / 1e6 for name, network in networks.items()}
    rows = [[name, f"{ms:.1f}", f"{millions[name]:.1f} M" if name in millions else ""] for name, ms in times.items()]
    frame = times["encode"] + options.steps * times["guided step"] + times["decode"]
    rows.append([f"feedback frame, {options.steps} steps", f"{frame:.0f}", ""])
    ours, steps = time_engine_frame(options.model, options.threads, options.repeat)
    rows.append([f"feedback frame in the engine, {steps} steps, all included", f"{ours:.0f}", ""])
    print(table(["part", "ms", "parameters"], rows))
    size = sum(path.stat().st_size for path in Path(options.model).rglob("*") if path.is_file())
    print(f"\n{size / 2**20:.1f} MiB on disk, {options.threads} threads")


if __name__ == "__main__":
    main()
