"""Tappa's GIF writer beside Pillow's own save_all, on the same frames in the same run.

    python -m benchmarks.gif [--frames DIR] [--count 60] [--side 512] [--repeat 3] [--json]

--count and --side are those of the drawn animations; --frames is a folder of pictures, in order of name, to measure as
well. Every measurement runs in a fresh process, so that peak memory is its own. The limit is 10 MiB for 275 frames and
in proportion for fewer. The baseline has no limit: its share of the limit says by how much it misses.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
import numpy as np
import PIL
from PIL import Image

from benchmarks.report import read_options, table
from benchmarks.scenes import SCENES, draw_frames
from engine.frames.gif import GifPlan, GifWriter
from studio.config.config import MIB

LIMIT: Final = 10 * MIB
LIMIT_FRAMES: Final = 275
FRAME_MS: Final = 80


class Measurement(msgspec.Struct, frozen=True):
    """One way of writing one animation: medians over the repeats.

    Attributes:
        seconds_after_last_frame: until the file is ready.
        peak_mib: beyond what the process used before the first frame.
        error: mean absolute difference to the frames, in levels, shown at their size.
    """

    scene: str
    way: str
    width: int
    kib_a_frame: float
    share_of_limit: float
    cpu_ms_a_frame: float
    encodes_a_frame: float
    seconds_after_last_frame: float
    peak_mib: float
    error: float


HEADINGS: Final = (
    *("frames", "way", "px", "KiB/frame", "share of limit", "CPU ms/frame", "encodes/frame"),
    *("s after last", "peak MiB", "error"),
)


class Stopwatch:
    """Adds up the CPU and wall time of what is done within it."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0

    def __enter__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.cpu += time.process_time() - self._cpu
        self.wall += time.perf_counter() - self._wall


def measure_pillow(scene: str, folder: Path, plan: GifPlan) -> Measurement:
    """Save all frames when the last one is there; the time it takes to read them does not count."""
    before, saving, reading, file = _peak_mib(), Stopwatch(), Stopwatch(), io.BytesIO()

    def others() -> Iterator[Image.Image]:
        for index in range(1, plan.frames):
            with reading:
                frame = _read(folder, index)
            yield frame

    first = _read(folder, 0)
    with saving:
        first.save(file, "GIF", save_all=True, append_images=others(), duration=plan.frame_ms, loop=0)
    data = file.getvalue()
    return Measurement(
        scene=scene,
        way="Pillow",
        width=first.width,
        kib_a_frame=len(data) / 1024 / plan.frames,
        share_of_limit=len(data) / plan.limit_bytes,
        cpu_ms_a_frame=1000 * (saving.cpu - reading.cpu) / plan.frames,
        encodes_a_frame=1.0,
        seconds_after_last_frame=saving.wall - reading.wall,
        peak_mib=_peak_mib() - before,
        error=_error(data, folder, 1),
    )


def measure_tappa(scene: str, folder: Path, plan: GifPlan) -> Measurement:
    """Add frames as they come; only the writer's own work counts, recalling frames included."""
    before, adding, ending = _peak_mib(), Stopwatch(), Stopwatch()
    writer = GifWriter(plan, recall=lambda index: _read(folder, index))
    for index in range(plan.frames):
        frame = _read(folder, index)
        with ending if index == plan.frames - 1 else adding:
            writer.add(frame)
    with ending:
        gif = writer.finish()
    return Measurement(
        scene=scene,
        way="Tappa",
        width=gif.width,
        kib_a_frame=len(gif.data) / 1024 / plan.frames,
        share_of_limit=len(gif.data) / plan.limit_bytes,
        cpu_ms_a_frame=1000 * (adding.cpu + ending.cpu) / plan.frames,
        encodes_a_frame=writer.encodes / plan.frames,
        seconds_after_last_frame=ending.wall,
        peak_mib=_peak_mib() - before,
        error=_error(gif.data, folder, gif.frame_ms // plan.frame_ms),
    )


def measure(scene: str, folder: Path, repeat: int) -> list[Measurement]:
    """Return each way's medians; the ways take turns, so that a slow spell of the machine meets them all."""
    count, size = len(list(folder.iterdir())), _read(folder, 0).size
    plan = GifPlan(limit_bytes=LIMIT * count // LIMIT_FRAMES, frames=count, frame_ms=FRAME_MS, size=size)
    runs = []
    for _ in range(repeat):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
            ways = measure_pillow, measure_tappa
            runs.append([pool.submit(way, scene, folder, plan).result() for way in ways])
    return [_median(of_one_way) for of_one_way in zip(*runs, strict=True)]


def _median(runs: tuple[Measurement, ...]) -> Measurement:
    numbers = {name: median(getattr(run, name) for run in runs) for name in Measurement.__struct_fields__[2:]}
    return msgspec.structs.replace(runs[0], **numbers)


def write_scenes(options: argparse.Namespace, parent: Path) -> Iterator[tuple[str, Path]]:
    """Yield each animation's name and the folder that its frames are written to."""
    for scene in SCENES:
        yield scene, _write(draw_frames(scene, options.count, options.side), parent / scene)
    if options.frames:
        paths = sorted(path for path in Path(options.frames).iterdir() if path.suffix in {".png", ".jpg", ".webp"})
        square = (options.side, options.side)
        pictures = (Image.open(path).convert("RGB").resize(square, Image.Resampling.LANCZOS) for path in paths)
        yield "rendered", _write(pictures, parent / "rendered")


def result_table(results: list[Measurement]) -> str:
    """Return the results as Markdown, a row each, and under each pair the ratio of ours to the baseline's."""
    rows = []
    for baseline, ours in zip(results[::2], results[1::2], strict=True):
        scene, _, *theirs = msgspec.structs.astuple(baseline)
        _, _, *own = msgspec.structs.astuple(ours)
        rows.append([scene, baseline.way, *map(_number, theirs)])
        rows.append([scene, ours.way, *map(_number, own)])
        ratios = [f"×{one / other:.2g}" if other else "-" for one, other in zip(own, theirs, strict=True)]
        rows.append([scene, "ratio", *ratios])
    return table(HEADINGS, rows)


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
    """Return how far every tenth picture is from its frame; each stands for `step` frames."""
    errors = []
    with Image.open(io.BytesIO(data)) as file:
        for position in range(0, getattr(file, "n_frames", 1), 10):
            file.seek(position)
            frame = _read(folder, position * step)
            shown = file.convert("RGB").resize(frame.size, Image.Resampling.BICUBIC)
            errors.append(np.abs(np.asarray(shown, np.int16) - np.asarray(frame, np.int16)).mean())
    return float(np.mean(errors))


def _peak_mib() -> float:
    """Return the most memory this process has used so far; NaN where the system is not Linux.

    Not getrusage: its figure is inherited from the parent process.
    """
    return float(_system_value("/proc/self/status", "VmHWM").split()[0]) / 1024


def _machine() -> str:
    cpu = _system_value("/proc/cpuinfo", "model name")
    return f"{os.cpu_count()} × {cpu}, Python {platform.python_version()}, Pillow {PIL.__version__}"


def _system_value(file: str, name: str) -> str:
    """Return what a file of Linux's says about `name`; "nan" elsewhere."""
    lines = Path(file).read_text().splitlines() if Path(file).exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "nan")


def main() -> None:
    """Measure, and print a table or one JSON object."""
    options = read_options(__doc__, frames="", count=60, side=512, repeat=3, json=False)
    results: list[Measurement] = []
    with tempfile.TemporaryDirectory() as parent:
        for scene, folder in write_scenes(options, Path(parent)):
            results += measure(scene, folder, options.repeat)
    if options.json:
        print(msgspec.json.encode({"machine": _machine(), "results": results}).decode())
    else:
        print(f"{_machine()}; median of {options.repeat}\n\n{result_table(results)}")


if __name__ == "__main__":
    main()
