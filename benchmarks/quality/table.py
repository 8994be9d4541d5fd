"""The table: a column for each method, a cell the median over seeds with its range."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean, median

from benchmarks.quality.figures import JUDGED, ROWS, Figures, Row
from benchmarks.report import table as markdown

Columns = Mapping[str, Mapping[int, Figures]]
"""Figures by the column's title and the seed."""


def table(kind: str, columns: Columns) -> str:
    """Return a Markdown table of one kind of animation."""
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

    `warp_ratio`: the warp error over that of the seed's method with the same seed.
    `saturation_own`, `contrast_own`: how these change from the first quarter of the frames to the last, over how
    they change in single pictures of the same stages, over all seeds.
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
