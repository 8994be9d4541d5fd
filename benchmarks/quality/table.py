"""The table: a column for each method, a cell the median over seeds with its range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean, median
from typing import Final

import msgspec
from msgspec.structs import replace

from benchmarks.quality.figures import Figures
from benchmarks.report import table as markdown


class Row(msgspec.Struct, frozen=True):
    """A line of the table: a figure, how it is written, and what is wanted of it."""

    key: str
    title: str
    form: str
    target: str = ""
    least: float = -math.inf
    most: float = math.inf


SEAM: Final = Row("seam", "seam: last to first, in median steps", "{:.2f}", "≤ 1.0", most=1.0)
JUMP: Final = Row("worst_jump", "worst jump, in median steps", "{:.2f}")
VARIATION: Final = Row("variation", "variation of the steps", "{:.2f}")
STUCK: Final = Row("stuck", "stuck or degenerate frames", "{:.1%}", "0", most=0.0)
SATURATION: Final = Row("saturation", "saturation, last quarter over first", "{:.2f}", "0.9 to 1.1", 0.9, 1.1)
CONTRAST: Final = replace(SATURATION, key="contrast", title="contrast, last quarter over first")
OWN_SATURATION: Final = replace(SATURATION, key="saturation_own", title="the same, over single pictures' of its stages")
OWN_CONTRAST: Final = replace(OWN_SATURATION, key="contrast_own")
SHARPNESS: Final = Row("sharpness", "sharpness, last quarter over first", "{:.0%}", "≥ 90 %", least=0.9)
SHARPNESS_ALL: Final = Row("sharpness_all", "sharpness, frames after the first few over the first", "{:.0%}")
WARP: Final = Row("warp_error", "warp error, levels", "{:.1f}")
WARP_RATIO: Final = Row("warp_ratio", "warp error, of the seed's", "{:.0%}")
SCALE: Final = replace(SEAM, key="scale_seam", title="scale seam: magnification, off an ordinary step's, in steps")
DRIFT: Final = Row("colour_drift", "mean colour off the first frame's, ΔE", "{:.1f}")
MOTION: Final = Row("motion", "motion that shows, of the camera's", "{:.0%}")
STEP: Final = Row("step", "median step, perceptual distance", "{:.2f}")
DIRECTNESS: Final = Row("directness", "directness: first to last over the sum of steps", "{:.2f}")
MAIN: Final = Row("main", "scene recognised, settled frames", "{:.0%}", "≥ 90 %", least=0.9)
WEAKEST: Final = replace(MAIN, key="weakest", title="scene recognised, the weakest stage")
EACH: Final = replace(MAIN, key="each", title="concepts recognised, of all that prompts name")
EVERY: Final = Row("every", "frames in which all of them are", "{:.0%}")
ENDS: Final = Row("main", "both ends recognised", "{:.0%}")

ROWS: Final[dict[str, tuple[Row, ...]]] = {
    "giro": (
        *(SEAM, SCALE, STUCK, SATURATION, OWN_SATURATION, CONTRAST, OWN_CONTRAST, MAIN, WEAKEST, EACH, EVERY),
        *(JUMP, VARIATION, WARP_RATIO, WARP, MOTION, STEP),
    ),
    "zoom": (
        *(SHARPNESS, SHARPNESS_ALL, replace(WARP_RATIO, target="≤ 50 %", most=0.5), WARP, SEAM, SCALE, STUCK),
        *(SATURATION, CONTRAST, DRIFT, MAIN, EACH, EVERY, MOTION, JUMP, STEP),
    ),
    "morph": (
        *(replace(JUMP, target="≤ 1.8", most=1.8), replace(VARIATION, target="≤ 0.35", most=0.35)),
        *(DIRECTNESS, STUCK, ENDS, STEP),
    ),
}
JUDGED: Final = ("main", "weakest", "each", "every")

Columns = Mapping[str, Mapping[int, Figures]]
"""Figures by the column's title and the seed."""


def table(kind: str, columns: Columns) -> str:

    rows = [[row.title, row.target, *(_cell(row, seeds) for seeds in columns.values())] for row in ROWS[kind]]
    return markdown(["", "wanted", *columns], rows)


def _cell(row: Row, seeds: Mapping[int, Figures]) -> str:
    """Write the median and, of several seeds, the range; a cross where the median is not as wanted."""
    values = [figures[row.key] for figures in seeds.values() if row.key in figures]
    if not values:
        return "no judge" if row.key in JUDGED else "–"
    middle, least, most = (row.form.format(value) for value in (median(values), min(values), max(values)))
    spread = "" if least == most else f" ({least} to {most})"
    return middle + spread + ("" if row.least <= median(values) <= row.most else " ✗")


def related(columns: Columns, seeds_method: str, stills: str) -> dict[str, dict[int, Figures]]:
    """Return all figures, and with them what follows from two columns, whose titles are given.

    `warp_ratio`: the warp error over that of the seed's method with the same seed. `saturation_own`, `contrast_own`:
    how these change from the first quarter to the last, over how they change in single pictures of all seeds.
    """
    theirs, own = columns.get(seeds_method, {}), columns.get(stills, {}).values()
    found: dict[str, dict[int, Figures]] = {}
    for title, rows in columns.items():
        found[title] = {seed: dict(figures) for seed, figures in rows.items()}
        for seed, figures in found[title].items():
            if "warp_error" in figures and "warp_error" in theirs.get(seed, {}):
                figures["warp_ratio"] = figures["warp_error"] / theirs[seed]["warp_error"]
            for key in ("saturation", "contrast"):
                if own and key in figures:
                    figures[f"{key}_own"] = figures[key] / fmean(row[key] for row in own)
    return found
