"""Tappa's GIF writer beside Pillow's own save_all, on the same frames in the same run.

    python -m benchmarks.gif [--frames DIR] [--count 60] [--side 512] [--repeat 3] [--json]

Every measurement runs in a fresh process, so that peak memory is its own. The limit is 10 MiB for 275 frames and in
proportion for fewer. The baseline has no limit: its share of the limit says by how much it misses.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
import numpy as np
import PIL
from PIL import Image

from benchmarks.scenes import SCENES, frames
from engine.frames.gif import GifPlan, GifWriter

LIMIT: Final = 10 * 1024 * 1024
LIMIT_FRAMES: Final = 275
FRAME_MS: Final = 80
HEADINGS: Final = (
    "frames",
    "way",
    "px",
    "KiB/frame",
    "share of limit",
    "CPU ms/frame",
    "encodes/frame",
    "s after last",
    "peak MiB",
    "error",
)


class Measurement(msgspec.Struct, frozen=True):
    """One way of writing one animation: medians over the repeats."""

    scene: str
    way: str
    width: int
    kib_a_frame: float
    share_of_limit: float
    cpu_ms_a_frame: float
    encodes_a_frame: float
    seconds_after_last_frame: float  # until the file is ready
    peak_mib: float  # beyond what the process used before the first frame
    error: float  # mean absolute difference to the frames, in levels, shown at their size


class Stopwatch:
    """Counts CPU and wall time, but only while it runs."""

    def __init__(self) -> None:
        self.cpu = 0.0
        self.wall = 0.0

    def start(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def stop(self) -> None:
        self.cpu += time.process_time() - self._cpu
        self.wall += time.perf_counter() - self._wall


def measure_tappa(scene: str, folder: Path, plan: GifPlan) -> Measurement:
    """Add frames as they come; only the writer's own work counts, recalling frames included."""
    before, watch = _peak_mib(), Stopwatch()
    writer, so_far = GifWriter(plan, recall=lambda index: _read(folder, index)), 0.0
    for index in range(plan.frames):
        frame = _read(folder, index)
        so_far = watch.wall
        watch.start()
        writer.add(frame)
        watch.stop()
    watch.start()
    gif = writer.finish()
    watch.stop()
    return Measurement(
        scene=scene,
        way="Tappa",
        width=gif.width,
        kib_a_frame=len(gif.data) / 1024 / plan.frames,
        share_of_limit=len(gif.data) / plan.limit_bytes,
        cpu_ms_a_frame=1000 * watch.cpu / plan.frames,
        encodes_a_frame=writer.encodes / plan.frames,
        seconds_after_last_frame=watch.wall - so_far,
        peak_mib=_peak_mib() - before,
        error=_error(gif.data, folder, gif.frame_ms // plan.frame_ms),
    )


def measure_pillow(scene: str, folder: Path, plan: GifPlan) -> Measurement:
    """Save all frames when the last one is there; the time it takes to read them does not count."""
    before, watch, file = _peak_mib(), Stopwatch(), io.BytesIO()

    def others() -> Iterator[Image.Image]:
        for index in range(1, plan.frames):
            watch.stop()
            frame = _read(folder, index)
            watch.start()
            yield frame

    first = _read(folder, 0)
    watch.start()
    first.save(file, "GIF", save_all=True, append_images=others(), duration=plan.frame_ms, loop=0)
    watch.stop()
    size = len(file.getvalue())
    return Measurement(
        scene=scene,
        way="Pillow",
        width=first.width,
        kib_a_frame=size / 1024 / plan.frames,
        share_of_limit=size / plan.limit_bytes,
        cpu_ms_a_frame=1000 * watch.cpu / plan.frames,
        encodes_a_frame=1.0,
        seconds_after_last_frame=watch.wall,
        peak_mib=_peak_mib() - before,
        error=_error(file.getvalue(), folder, 1),
    )


WAYS: Final = (measure_pillow, measure_tappa)


def main() -> None:
    """Measure, and print a table or one JSON object."""
    options = _options()
    with tempfile.TemporaryDirectory() as parent:
        results = [
            measurement
            for scene, folder, plan in _animations(options, Path(parent))
            for measurement in _measured(scene, folder, plan, options.repeat)
        ]
    if options.json:
        print(msgspec.json.encode({"machine": _machine(), "results": results}).decode())
    else:
        print(f"{_machine()}; median of {options.repeat}\n")
        print(_table(results))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=Path, help="a folder of pictures, taken in order of name, to measure as well")
    parser.add_argument("--count", type=int, default=60, help="frames of each drawn animation")
    parser.add_argument("--side", type=int, default=512, help="pixels")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _animations(options: argparse.Namespace, parent: Path) -> Iterator[tuple[str, Path, GifPlan]]:
    """Yield each animation's name, its frames on disk, and what file is wanted of it."""
    for scene in SCENES:
        folder = parent / scene
        _write(frames(scene, options.count, options.side), folder)
        yield scene, folder, _plan(options.count, options.side)
    if options.frames:
        paths = sorted(path for path in options.frames.iterdir() if path.suffix in {".png", ".jpg", ".webp"})
        folder = parent / "rendered"
        square = (options.side, options.side)
        _write((Image.open(path).convert("RGB").resize(square, Image.Resampling.LANCZOS) for path in paths), folder)
        yield "rendered", folder, _plan(len(paths), options.side)


def _plan(count: int, side: int) -> GifPlan:
    return GifPlan(limit_bytes=LIMIT * count // LIMIT_FRAMES, frames=count, frame_ms=FRAME_MS, size=(side, side))


def _measured(scene: str, folder: Path, plan: GifPlan, repeat: int) -> Iterator[Measurement]:
    """Yield each way's medians; the ways take turns, so that a slow spell of the machine meets them all."""
    runs: list[list[Measurement]] = []
    for _ in range(repeat):
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
            runs.append([pool.submit(way, scene, folder, plan).result() for way in WAYS])
    for of_one_way in zip(*runs, strict=True):
        yield _median(of_one_way)


def _median(runs: tuple[Measurement, ...]) -> Measurement:
    numbers = {
        field: median(getattr(run, field) for run in runs)
        for field in Measurement.__struct_fields__
        if field not in {"scene", "way"}
    }
    return msgspec.structs.replace(runs[0], **numbers)


def _table(results: list[Measurement]) -> str:
    """Return the results as Markdown, a row each, and under each pair the ratio of ours to the baseline's."""
    fields = Measurement.__struct_fields__[2:]
    rows: list[tuple[str, ...]] = [HEADINGS]
    for baseline, ours in zip(results[::2], results[1::2], strict=True):
        for result in (baseline, ours):
            rows.append((result.scene, result.way, *(_number(getattr(result, field)) for field in fields)))
        ratios = (_ratio(getattr(ours, field), getattr(baseline, field)) for field in fields)
        rows.append((baseline.scene, "ratio", *ratios))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2g}" if value < 1 else f"{value:.3g}"


def _ratio(ours: float, baseline: float) -> str:
    return f"×{ours / baseline:.2g}" if baseline else "-"


def _write(pictures: Iterator[Image.Image], folder: Path) -> None:
    folder.mkdir()
    for index, picture in enumerate(pictures):
        picture.save(folder / f"{index}.png", compress_level=1)


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
    status = _lines(Path("/proc/self/status"))
    return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")), float("nan"))


def _machine() -> str:
    models = [line.split(":")[1].strip() for line in _lines(Path("/proc/cpuinfo")) if line.startswith("model name")]
    cpu = models[0] if models else platform.machine()
    return f"{os.cpu_count()} × {cpu}, Python {platform.python_version()}, Pillow {PIL.__version__}"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


if __name__ == "__main__":
    main()
