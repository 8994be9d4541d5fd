"""Finished GIFs on disk, one file a job."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import aiofiles
import aiofiles.os

from engine.errors import StorageError
from engine.messages import JobId

_DAY = 24 * 60 * 60

_Result = TypeVar("_Result")


class Renders:
    """The folder of finished GIFs. A file is there in full or not at all."""

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
            raise StorageError(f"{self._folder}: cannot be used ({error.strerror}).") from None

    async def save(self, job: JobId, gif: bytes) -> None:
        """Keep a job's GIF, in the place of an earlier one.

        Raises:
            StorageError: it cannot be written, such as for a full disk.
        """
        target = self._file(job)
        try:
            await _to_the_end(_write(target, gif))
        except OSError as error:
            raise StorageError(f"{target}: cannot be written ({error.strerror}).") from None

    async def load(self, job: JobId) -> bytes:
        """Return a job's GIF.

        Raises:
            StorageError: it is not there or cannot be read.
        """
        target = self._file(job)
        try:
            return await _to_the_end(_read(target))
        except OSError as error:
            raise StorageError(f"{target}: cannot be read ({error.strerror}).") from None

    async def prune(self, days: float) -> None:
        """Remove files that are older than so many days."""
        await asyncio.to_thread(self._remove_before, time.time() - days * _DAY)

    def _remove_before(self, horizon: float) -> None:
        for path in self._folder.iterdir():
            if path.stat().st_mtime < horizon:
                path.unlink(missing_ok=True)

    def _file(self, job: JobId) -> Path:
        return self._folder / f"{job}.gif"


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
    """Finish `work` even when whoever waits for it is cancelled, or an open file might be left behind."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
