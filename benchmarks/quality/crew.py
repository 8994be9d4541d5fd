"""Who renders what: several processes may work on one table, and each may stop at any frame and go on later."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterable, Iterator

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
    if time.monotonic() > deadline:
        return False
    with _alone_with(film, deadline if wait else 0.0) as is_ours:
        if not is_ours or film.is_complete:
            return is_ours
        with tqdm(total=film.subject.frames, desc=film.folder.path.name, unit="frame", disable=None) as bar:
            for there in film.method.render(film.subject, film.folder):
                bar.update(there - bar.n)
                if time.monotonic() > deadline:
                    break
        return film.is_complete


@contextlib.contextmanager
def _alone_with(film: Film, deadline: float) -> Iterator[bool]:
    """Say whether no other process works on a film, and keep it so; asks again and again until `deadline`."""
    path = film.folder.path.with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as mark:
        while not (is_ours := _locked(mark.fileno())) and time.monotonic() < deadline:
            time.sleep(1)
        yield is_ours


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
