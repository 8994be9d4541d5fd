"""Figures as a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


def markdown(rows: Sequence[msgspec.Struct]) -> str:
    """Return records of one kind as a table, a column for each field."""
    names = rows[0].__struct_fields__
    lines = [[name.replace("_", " ") for name in names], ["---"] * len(names)]
    lines += [[_cell(getattr(row, name)) for name in names] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
