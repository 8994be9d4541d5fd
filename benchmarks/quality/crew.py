"""Who renders what: several processes may work on one table, and each may stop at any frame and go on later."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterable

from tqdm import tqdm

from benchmarks.quality.film import Film


def render_all(films: Iterable[Film], deadline: float) -> bool:
    """Render what is missing; films that another process is at come last, and are waited for.

    Args:
        deadline: of `time.monotonic`; no frame is begun later.

    Returns:
        whether everything is there.
    """
    missing = [film for film in films if not film.is_complete]
    busy = [film for film in missing if not _render(film, deadline, wait=False)]
    return all(_render(film, deadline, wait=True) for film in busy)


def _render(film: Film, deadline: float, *, wait: bool) -> bool:
    """Render a film, unless it is too late or another process does; return whether it is complete."""
    path = film.folder.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as mark:
        while time.monotonic() <= deadline:
            if _lock(mark.fileno()):
                break
            if not wait:
                return False
            time.sleep(1)
        else:
            return False
        if film.is_complete:
            return True
        with tqdm(total=film.subject.frames, desc=path.name, unit="frame", disable=None) as bar:
            for there in film.method.render(film.subject, film.folder):
                bar.update(there - bar.n)
                if time.monotonic() > deadline:
                    break
        return film.is_complete


def _lock(descriptor: int) -> bool:
    """Try to be alone with a file, and say whether that worked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
