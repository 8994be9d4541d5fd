"""Tappa's GIF writer beside Pillow's own save_all, on the same frames in the same run.

    python -m benchmarks.gif [--frames DIR] [--count 60] [--side 512] [--repeat 3] [--json]

--count and --side are those of the drawn animations; --frames is a folder of pictures, in order of name, to measure as
well. Every measurement runs in a fresh process, so that peak memory is its own. The limit is 10 MiB for 275 frames and
in proportion for fewer. The baseline has no limit: its share of the limit says by how much it misses.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import PIL
from PIL import Image

from benchmarks.report import read_options, table
from benchmarks.scenes import SCENES, draw_frames
from engine.frames.gif import Gif, GifPlan, GifWriter
from studio.config.config import MIB

Written = tuple[Gif, int, float, float]
"""A GIF, how many encodes and CPU seconds it took, and the seconds from the last frame to the file."""


class Stopwatch:
    """Adds up the CPU and wall time of what is done within it."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def __enter__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time() - self._cpu
        self.wall += time.perf_counter() - self._wall


def save_with_pillow(folder: Path, plan: GifPlan) -> Written:
    """Save all frames when the last one is there; the time it takes to read them does not count."""
    saving, reading, file = Stopwatch(), Stopwatch(), io.BytesIO()

    def others() -> Iterator[Image.Image]:
        for index in range(1, plan.frames):
            with reading:
                frame = _read(folder, index)
            yield frame

    first = _read(folder, 0)
    with saving:
        first.save(file, "GIF", save_all=True, append_images=others(), duration=plan.frame_ms, loop=0)
    gif = Gif(file.getvalue(), *first.size, plan.frames, plan.frame_ms)
    return gif, plan.frames, saving.cpu - reading.cpu, saving.wall - reading.wall


def save_with_tappa(folder: Path, plan: GifPlan) -> Written:
    """Add frames as they come; only the writer's own work counts, recalling frames included."""
    adding, ending = Stopwatch(), Stopwatch()
    writer = GifWriter(plan, recall=lambda index: _read(folder, index))
    for index in range(plan.frames):
        frame = _read(folder, index)
        with ending if index == plan.frames - 1 else adding:
            writer.add(frame)
    with ending:
        gif = writer.finish()
    return gif, writer.encodes, adding.cpu + ending.cpu, ending.wall


WAYS: Final[dict[str, Callable[[Path, GifPlan], Written]]] = {"Pillow": save_with_pillow, "Tappa": save_with_tappa}


def measure(way: str, folder: Path, plan: GifPlan) -> dict[str, float]:
    """Return the table's numbers of an animation saved one way, in a process that has done nothing before."""
    before = _peak_mib()
    gif, encodes, cpu, wait = WAYS[way](folder, plan)
    peak = _peak_mib()
    return {
        "px": gif.width,
        "KiB/frame": len(gif.data) / 1024 / plan.frames,
        "share of limit": len(gif.data) / plan.limit_bytes,
        "CPU ms/frame": 1000 * cpu / plan.frames,
        "encodes/frame": encodes / plan.frames,
        "s after last": wait,
        "peak MiB": peak - before,
        "error": _error(gif.data, folder, gif.frame_ms // plan.frame_ms),
    }


def measure_in_turns(folder: Path, repeat: int) -> dict[str, dict[str, float]]:
    """Return each way's medians; the ways take turns, so that a slow spell of the machine meets them all."""
    count, size = len(list(folder.iterdir())), _read(folder, 0).size
    plan = GifPlan(limit_bytes=10 * MIB * count // 275, frames=count, frame_ms=80, size=size)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        runs = [{way: pool.submit(measure, way, folder, plan).result() for way in WAYS} for _ in range(repeat)]
    return {way: {key: median(run[way][key] for run in runs) for key in runs[0][way]} for way in WAYS}


def write_scenes(options: argparse.Namespace, parent: Path) -> Iterator[tuple[str, Path]]:
    """Yield each animation's name and the folder that its frames are written to."""
    for scene in SCENES:
        yield scene, _write(draw_frames(scene, options.count, options.side), parent / scene)
    if options.frames:
        paths = sorted(path for path in Path(options.frames).iterdir() if path.suffix in {".png", ".jpg", ".webp"})
        square = (options.side, options.side)
        pictures = (Image.open(path).convert("RGB").resize(square, Image.Resampling.LANCZOS) for path in paths)
        yield "rendered", _write(pictures, parent / "rendered")


def result_table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the results as Markdown, a row each, and under each pair the ratio of ours to the baseline's."""
    rows = []
    for scene, by_way in results.items():
        rows += [[scene, way, *map(_number, figures.values())] for way, figures in by_way.items()]
        pairs = zip(by_way["Tappa"].values(), by_way["Pillow"].values(), strict=True)
        rows.append([scene, "ratio", *(f"×{ours / theirs:.2g}" if theirs else "-" for ours, theirs in pairs)])
    return table(["frames", "way", *by_way["Tappa"]], rows)


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2g}" if value < 1 else f"{value:.3g}"


def _write(pictures: Iterable[Image.Image], folder: Path) -> Path:
    folder.mkdir()
    for index, picture in enumerate(pictures):
        picture.save(folder / f"{index}.png", compress_level=1)
    return folder


def _read(folder: Path, index: int) -> Image.Image:
    with Image.open(folder / f"{index}.png") as file:
        return file.convert("RGB")


def _error(data: bytes, folder: Path, step: int) -> float:
    """Return the mean absolute difference of every tenth picture to its frame, in levels, shown at its size."""
    errors = []
    with Image.open(io.BytesIO(data)) as file:
        for position in range(0, getattr(file, "n_frames", 1), 10):
            file.seek(position)
            frame = _read(folder, position * step)
            shown = file.convert("RGB").resize(frame.size, Image.Resampling.BICUBIC)
            errors.append(np.abs(np.asarray(shown, np.int16) - np.asarray(frame, np.int16)).mean())
    return float(np.mean(errors))


def _peak_mib() -> float:
    """Return the most memory this process has used; not by getrusage, whose figure a parent process bequeaths."""
    return float(_read_system("/proc/self/status", "VmHWM").split()[0]) / 1024


def _read_system(file: str, name: str) -> str:
    """Return what a file of Linux's says about `name`; "nan" elsewhere."""
    lines = Path(file).read_text().splitlines() if Path(file).exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "nan")


def main() -> None:
    options = read_options(__doc__, frames="", count=60, side=512, repeat=3, json=False)
    cpu = _read_system("/proc/cpuinfo", "model name")
    machine = f"{os.cpu_count()} × {cpu}, Python {platform.python_version()}, Pillow {PIL.__version__}"
    with tempfile.TemporaryDirectory() as parent:
        scenes = write_scenes(options, Path(parent))
        results = {scene: measure_in_turns(folder, options.repeat) for scene, folder in scenes}
    if options.json:
        print(json.dumps({"machine": machine, "results": results}))
    else:
        print(f"{machine}; median of {options.repeat}\n\n{result_table(results)}")


if __name__ == "__main__":
    main()
