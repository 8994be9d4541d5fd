"""Figures that say something only beside another column's."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

from benchmarks.quality.figures import Figures

BySeed = Mapping[int, Figures]


def related(columns: Mapping[str, BySeed], seeds_method: str, stills: str) -> dict[str, dict[int, Figures]]:
    """Return all figures, and with them what follows from two columns.

    `warp_ratio`: the warp error over that of the seed's method with the same seed.
    `saturation_own`, `contrast_own`: how these change from the first quarter of the frames to the last, over how
    they change in single pictures of the same stages, over all seeds.

    Args:
        columns: figures by the column's title and the seed.
        seeds_method, stills: titles of the columns that others are held against, if they are there.
    """
    return {
        title: {
            seed: figures | _related(figures, columns, seed, seeds_method, stills) for seed, figures in rows.items()
        }
        for title, rows in columns.items()
    }


def _related(figures: Figures, columns: Mapping[str, BySeed], seed: int, seeds_method: str, stills: str) -> Figures:
    found: Figures = {}
    theirs = columns.get(seeds_method, {}).get(seed, {})
    if "warp_error" in figures and "warp_error" in theirs:
        found["warp_ratio"] = figures["warp_error"] / theirs["warp_error"]
    for key in ("saturation", "contrast"):
        own = [row[key] for row in columns.get(stills, {}).values() if key in row]
        if own and key in figures:
            found[f"{key}_own"] = figures[key] / fmean(own)
    return found
