"""What was written down once and has to stay as it is.

GOLDEN=write python -m pytest -n 0 tests/golden writes it down anew; look at what has changed before it is kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_WIDTH = 116
_MOST_SHOWN = 20

WRITES = os.environ.get("GOLDEN") == "write"
"""Whether what is seen now is written down, rather than held to what was."""


def read(name: str) -> Any:
    """Return what was written down; None if nothing was."""
    path = FOLDER / name
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def require(name: str, seen: Any) -> None:
    """Hold what is seen, which must be plain JSON, to what was written down."""
    if WRITES:
        (FOLDER / name).write_text(f"{_laid_out(seen)}\n", encoding="utf-8")
    found = list(differences(read(name), json.loads(json.dumps(seen))))
    assert not found, "\n".join([f"{name} says otherwise:", *found[:_MOST_SHOWN]])


def differences(kept: Any, seen: Any, place: str = "") -> Iterator[str]:
    """Yield where two JSON values differ, and how."""
    if isinstance(kept, dict) and isinstance(seen, dict):
        for key in [*kept, *(key for key in seen if key not in kept)]:
            if key in kept and key in seen:
                yield from differences(kept[key], seen[key], f"{place}/{key}")
            else:
                yield f"{place}/{key}: {'is not there any more' if key in kept else 'is new'}"
        return
    if isinstance(kept, list) and isinstance(seen, list):
        for number, (one, other) in enumerate(zip(kept, seen, strict=False)):
            yield from differences(one, other, f"{place}/{number}")
        if len(kept) != len(seen):
            yield f"{place}: {len(kept)} entries before, {len(seen)} now"
        return
    if kept != seen or type(kept) is not type(seen):
        yield f"{place}: {kept!r} before, {seen!r} now"


def _laid_out(value: Any, indent: str = "") -> str:
    """Write JSON for people: whatever fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(indent) + len(line) <= _WIDTH:
        return line
    inner = indent + " "
    if isinstance(value, dict):
        rows = [f"{json.dumps(key, ensure_ascii=False)}: {_laid_out(one, inner)}" for key, one in value.items()]
        opening, closing = "{}"
    else:
        rows = [_laid_out(one, inner) for one in value]
        opening, closing = "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(rows) + f"\n{indent}{closing}"
