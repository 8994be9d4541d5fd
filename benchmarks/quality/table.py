"""The table: a column for each method, a cell the median over seeds with its range."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from benchmarks.quality.figures import JUDGED, ROWS, Figures, Row


def table(kind: str, columns: Mapping[str, Mapping[int, Figures]]) -> str:
    """Return a Markdown table of one kind of animation.

    Args:
        columns: figures by the column's title and the seed.
    """
    lines = [["", "wanted", *columns]]
    for row in ROWS[kind]:
        cells = [
            _cell(row, [figures[row.key] for figures in seeds.values() if row.key in figures])
            for seeds in columns.values()
        ]
        lines.append([row.title, row.target, *cells])
    texts = [f"| {' | '.join(cells)} |" for cells in lines]
    return "\n".join([texts[0], "|" + "---|" * len(lines[0]), *texts[1:]])


def _cell(row: Row, values: list[float]) -> str:
    """Write the median and, of several seeds, the range; a cross where the median is not as wanted."""
    if not values:
        return "no judge" if row in JUDGED else "–"
    middle, least, most = (row.form.format(value) for value in (median(values), min(values), max(values)))
    spread = "" if least == most else f" ({least} to {most})"
    return middle + spread + ("" if row.least <= median(values) <= row.most else " ✗")
