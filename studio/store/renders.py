"""Finished renders on disk, one file a job: a GIF, or the PNG of a contact sheet.

Beside the GIF of a job that has tried several seeds lies their contact sheet, JOB.tries.png.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

import aiofiles
import aiofiles.os
import msgspec

from engine.errors import StorageError
from engine.protocol.messages import JobId, Suffix

_Result = TypeVar("_Result")
_TRIES = ".tries.png"
_ENDINGS = (*get_args(Suffix), _TRIES, ".partial", ".tries.partial")
"""Endings of all files of a job; each is looked for by name, as the folder is large."""


class Render(msgspec.Struct, frozen=True):
    """A finished file, and what it is."""

    data: bytes
    suffix: Suffix


class Renders:
    """The folder of finished renders. Files are written atomically."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(self) -> None:
        """Make the folder.

        Raises:
            StorageError: it cannot be made.
        """
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError("{path}: cannot be used ({reason}).", path=self._folder, reason=error.strerror) from None

    async def save(self, job: JobId, render: Render) -> None:
        """Write a job's render, replacing an earlier one of the same kind.

        Raises:
            StorageError: it cannot be written, such as for a full disk.
        """
        await self._save(self._file(job, render.suffix), render.data)

    async def load(self, job: JobId) -> Render:
        """Return a job's render.

        Raises:
            StorageError: it is not there or cannot be read.
        """
        for suffix in get_args(Suffix):
            if (data := await self._load(self._file(job, suffix))) is not None:
                return Render(data, suffix)
        raise StorageError("{path}: there is no render of {job} any more.", path=self._folder, job=job)

    async def save_tries(self, job: JobId, sheet: bytes) -> None:
        """Write the contact sheet of the seeds that a job has tried.

        Raises:
            StorageError: it cannot be written.
        """
        await self._save(self._file(job, _TRIES), sheet)

    async def load_tries(self, job: JobId) -> bytes | None:
        """Return the contact sheet of the seeds that a job has tried; None if there is none.

        Raises:
            StorageError: it cannot be read.
        """
        return await self._load(self._file(job, _TRIES))

    async def has(self, job: JobId) -> bool:
        files = [self._file(job, suffix) for suffix in get_args(Suffix)]
        return any([await aiofiles.os.path.exists(file) for file in files])

    async def list_older_than(self, before: float) -> list[JobId]:
        """Return the jobs any of whose files was written before a time, in seconds since the epoch.

        Raises:
            StorageError: the folder cannot be read.
        """
        try:
            return await asyncio.to_thread(self._older_than, before)
        except OSError as error:
            raise StorageError("{path}: cannot be read ({reason}).", path=self._folder, reason=error.strerror) from None

    async def remove(self, jobs: Iterable[JobId]) -> None:
        """Remove the files of jobs; those that have none are left out.

        Raises:
            StorageError: a file cannot be removed; all others are.
        """
        try:
            await asyncio.to_thread(self._remove, tuple(jobs))
        except OSError as error:
            raise StorageError(
                "{path}: a file cannot be removed ({reason}).", path=self._folder, reason=error.strerror
            ) from None

    async def _load(self, target: Path) -> bytes | None:
        try:
            return await _to_the_end(_read(target))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError("{path}: cannot be read ({reason}).", path=target, reason=error.strerror) from None

    async def _save(self, target: Path, data: bytes) -> None:
        try:
            await _to_the_end(_write(target, data))
        except OSError as error:
            raise StorageError("{path}: cannot be written ({reason}).", path=target, reason=error.strerror) from None

    def _older_than(self, before: float) -> list[JobId]:
        found = set()
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # renamed or removed since the folder was listed
                if path.stat().st_mtime < before:
                    found.add(path.name.partition(".")[0])
        return sorted(found)

    def _remove(self, jobs: tuple[JobId, ...]) -> None:
        problem: OSError | None = None
        for job in jobs:
            for ending in _ENDINGS:
                try:
                    self._file(job, ending).unlink(missing_ok=True)
                except OSError as error:
                    problem = error
        if problem is not None:
            raise problem

    def _file(self, job: JobId, ending: str) -> Path:
        return self._folder / f"{job}{ending}"


async def _write(target: Path, data: bytes) -> None:
    partial = target.with_suffix(".partial")
    async with aiofiles.open(partial, "wb") as file:
        await file.write(data)
        await file.flush()
        await asyncio.to_thread(os.fsync, file.fileno())
    await aiofiles.os.replace(partial, target)


async def _read(target: Path) -> bytes:
    async with aiofiles.open(target, "rb") as file:
        return await file.read()


async def _to_the_end(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Finish `work` even if the caller is cancelled, so that no file is left open or partial."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
