"""The directory that is kept in step with the gallery: only what changed is written, what is gone is removed.

A file of its own, `.tappa-gallery.json`, says what in the directory is the gallery's. Nothing else is ever touched, and
a directory that holds other things is refused. The file is written before and after the rest: whatever interrupts an
export, the next one knows what to clear away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from engine.errors import StorageError

MARK = ".tappa-gallery.json"
_PARTIAL = ".partial"
_OWN_PATH = re.compile(r"(?:[a-z]+/)?[A-Za-z0-9_-]{1,80}\.(?:html|json|css|svg|gif|png|webp)")
"""What a file of the gallery can be called; a mark that names anything else was not written here."""


class ChangeCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of files that an export wrote, left and removed."""

    written: int
    unchanged: int
    removed: int


class _Mark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The mark's content; `files` maps each path to the stamp of what it was made from, or to nothing."""

    version: int = 1
    files: dict[str, str]


class ExportDirectory:
    """An open export. Write everything that should be there, then `finish`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._before: dict[str, str] = {}
        self._now: dict[str, str] = {}
        self._known: set[str] = set()
        self._written: set[str] = set()

    def open(self) -> None:
        """Open the directory, creating it if necessary.

        Raises:
            StorageError: it holds something else, or cannot be used.
        """
        with self._errors():
            self._directory.mkdir(parents=True, exist_ok=True)
            if (self._directory / MARK).is_file():
                self._before = self._read_mark()
                self._known = set(self._before)
            elif any(self._directory.iterdir()):
                raise StorageError(
                    "{path}: is not empty and not a gallery of Tappa's; name an empty directory.", path=self._directory
                )

    def announce(self, paths: Iterable[str]) -> None:
        """Record what is about to be written, so that an interruption leaves no unknown file behind."""
        self._known.update(paths)
        with self._errors():
            self._save_mark({path: self._before.get(path, "") for path in self._known})

    def put(self, path: str, content: bytes) -> None:
        """Write a file, unless it has this content already."""
        with self._errors():
            if not _has_content(self._directory / path, content):
                self._replace(path, content)
        self._now[path] = ""

    def make(self, path: str, stamp: str, content: Callable[[], bytes]) -> None:
        """Have a file that was made from what `stamp` says.

        `content` is called only if there is none, or it was made from something else; what it raises is passed on.
        May be called from several threads.
        """
        if self._before.get(path) != stamp or not (self._directory / path).is_file():
            made = content()
            with self._errors():
                self._replace(path, made)
        self._now[path] = stamp

    def finish(self) -> ChangeCounts:
        """Remove what no longer belongs to the gallery, and close."""
        with self._errors():
            removed = sum(self._remove(path) for path in self._known - self._now.keys())
            self._save_mark(self._now)
        written = len(self._written & self._now.keys())
        return ChangeCounts(written=written, unchanged=len(self._now) - written, removed=removed)

    def _replace(self, path: str, content: bytes) -> None:
        target = self._directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_atomically(target, content)
        self._written.add(path)

    def _remove(self, path: str) -> int:
        target = self._directory / path
        there = target.is_file()
        target.unlink(missing_ok=True)
        target.with_name(target.name + _PARTIAL).unlink(missing_ok=True)
        return int(there)

    def _read_mark(self) -> dict[str, str]:
        path = self._directory / MARK
        try:
            files = msgspec.json.decode(path.read_bytes(), type=_Mark).files
        except msgspec.DecodeError as error:
            raise StorageError("{path}: cannot be read ({reason}).", path=path, reason=error) from None
        for name in files:
            if not _OWN_PATH.fullmatch(name):
                raise StorageError("{path}: names {name}, which is no file of a gallery.", path=path, name=name)
        return files

    def _save_mark(self, files: dict[str, str]) -> None:
        content = msgspec.json.encode(_Mark(files=dict(sorted(files.items()))))
        target = self._directory / MARK
        if not _has_content(target, content):
            _write_atomically(target, content)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                "{path}: cannot be used ({reason}).", path=self._directory, reason=error.strerror or error
            ) from None


def _write_atomically(target: Path, content: bytes) -> None:
    """Write a file in full or not at all: a visitor may be looking."""
    partial = target.with_name(target.name + _PARTIAL)
    partial.write_bytes(content)
    partial.replace(target)


def _has_content(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False
