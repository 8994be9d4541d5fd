"""Finished GIFs on disk, one file a job."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import aiofiles
import aiofiles.os

from engine.errors import StorageError
from engine.messages import JobId

_DAY = 24 * 60 * 60


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
        partial = target.with_suffix(".partial")
        try:
            async with aiofiles.open(partial, "wb") as file:
                await file.write(gif)
                await file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            await aiofiles.os.replace(partial, target)
        except OSError as error:
            raise StorageError(f"{target}: cannot be written ({error.strerror}).") from None

    async def load(self, job: JobId) -> bytes:
        """Return a job's GIF.

        Raises:
            StorageError: it is not there or cannot be read.
        """
        target = self._file(job)
        try:
            async with aiofiles.open(target, "rb") as file:
                return await file.read()
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
