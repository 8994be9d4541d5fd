"""Who renders what: several processes may work on one table, and each may stop at any frame and go on later."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterable

from tqdm import tqdm

from benchmarks.quality.film import Film


def render_all(films: Iterable[Film], deadline: float) -> bool:
    """Render what is missing, and return whether everything is there; a film that another process is at comes last.

    `deadline` is of `time.monotonic`; no frame is begun later.
    """
    missing = [film for film in films if not film.is_complete]
    while missing and time.monotonic() <= deadline:
        left = [film for film in missing if not _render(film, deadline)]
        if len(left) == len(missing):
            time.sleep(1)  # others are at all of them
        missing = left
    return not missing


def _render(film: Film, deadline: float) -> bool:
    """Render a film unless another process does, as long as there is time; return whether it is complete."""
    path = film.folder.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not film.is_complete and time.monotonic() <= deadline:
            with tqdm(total=film.subject.frames, desc=path.name, unit="frame", disable=None) as bar:
                for there in film.method.render(film.subject, film.folder):
                    bar.update(there - bar.n)
                    if time.monotonic() > deadline:
                        break
        return film.is_complete
