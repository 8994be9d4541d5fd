"""What every benchmark needs: options, calls timed by the clock, and what was found as a Markdown table."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec


def read_options(description: str | None, **defaults: object) -> argparse.Namespace:
    """Read the command line: an option for each default, of its type; a switch where that is False."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        if default is False:
            parser.add_argument(f"--{name}", action="store_true")
        else:
            parser.add_argument(f"--{name}", type=type(default), default=default)
    return parser.parse_args()


def milliseconds(work: Callable[[], object], repeat: int, warm_ups: int = 2) -> list[float]:
    """Return how long each of `repeat` calls takes by the clock, after some that do not count."""
    times = []
    for _ in range(warm_ups + repeat):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return times[warm_ups:]


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def record_table(records: Sequence[msgspec.Struct]) -> str:
    """Return records of one kind as a table: a column for each field, numbers with three digits."""
    names = records[0].__struct_fields__
    rows = [[_cell(getattr(record, name)) for name in names] for record in records]
    return table([name.replace("_", " ") for name in names], rows)


def load_average() -> str:
    """Say how busy the machine is: processes that want to run, over 1, 5 and 15 minutes."""
    return ", ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
