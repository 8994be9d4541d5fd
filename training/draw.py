"""Draw pictures: python -m training.draw --sheet sheet.png, or --count 4096 --folder DIR for shards to train on."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from training.drawing.canvas import SIZE
from training.drawing.picture import Picture
from training.pictures import sheet

SHARD = 512


def draw_shard(folder: Path, number: int) -> None:
    """Pictures of the seeds number × SHARD … as one shard; a shard that is there already is left alone."""
    path = folder / f"pictures-{number:05d}.npy"
    if path.exists():
        return
    pixels = np.empty((SHARD, SIZE, SIZE, 3), np.uint8)
    lines = []
    for place in range(SHARD):
        picture = Picture.draw(number * SHARD + place)
        pixels[place] = np.asarray(picture.image)
        lines.append(json.dumps({"caption": picture.caption, **asdict(picture.facts)}))
    path.with_suffix(".jsonl").write_text("\n".join(lines) + "\n")
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        np.save(file, pixels)
    fresh.replace(path)


def draw_shards(folder: Path, count: int, workers: int, first: int = 0) -> None:
    """At least `count` pictures in shards `first` …, drawn by `workers` processes."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(first, first - (-count // SHARD))
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        for _ in tqdm(pool.imap(partial(draw_shard, folder), numbers), total=len(numbers), desc="draw"):
            pass


def contact_sheet(columns: int, rows: int, first_seed: int) -> Image.Image:
    """The pictures of consecutive seeds, half size."""
    grid = []
    for row in range(rows):
        drawn = [Picture.draw(first_seed + row * columns + column) for column in range(columns)]
        grid.append(np.stack([np.asarray(picture.image.reduce(2)) for picture in drawn]))
    return Image.fromarray(sheet(grid))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sheet", type=Path, help="write a contact sheet here")
    parser.add_argument("--columns", type=int, default=12)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0, help="the sheet's first seed")
    parser.add_argument("--folder", type=Path, help="write shards here")
    parser.add_argument("--count", type=int, default=SHARD)
    parser.add_argument("--first", type=int, default=0, help="number of the first shard")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.sheet:
        contact_sheet(arguments.columns, arguments.rows, arguments.seed).save(arguments.sheet)
    if arguments.folder:
        draw_shards(arguments.folder, arguments.count, arguments.workers, arguments.first)


if __name__ == "__main__":
    main()
