"""The configuration in force, and the file behind it: read again, or changed with its comments kept."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import tempfile
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Self

import tomlkit
import tomlkit.exceptions
import tomlkit.items

from engine.errors import ConfigError, LimitError
from studio.config.config import Config, parse_config, read_config, read_text

Requirement = Callable[[Config], Awaitable[None]]
Permit = Callable[[Config, Config], None]

_WRONG_TYPE = ("not text.", "not a list.")
"""Endings of errors that say only that the value was read as the wrong type: another reading's error says more."""

_LIST_SIGNS = ("+", "-")
"""In front of a value: add to the list in the file, or remove from it."""

LOCK_SECONDS = 5.0
"""How long a change waits for another: most take milliseconds, one that loads a model takes minutes."""

_NOT_REPLACEABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)
"""Errors of a directory that cannot be written to, or of a file that is mounted by itself."""

DEFAULT = "default"
"""As a value, it removes a key from the file, so that the default applies again."""


class ConfigFile:
    """config.toml while the bot runs.

    Attributes:
        current: what is in force; replaced as a whole, so look it up each time rather than keep it.
        requirements: are awaited with each configuration before it comes into force. One refuses it by raising an
            OperatorError, and then works on with what is in force.
    """

    def __init__(self, path: Path | None, config: Config) -> None:
        self._path = path
        self._changing = asyncio.Lock()
        self.current = config
        self.requirements: list[Requirement] = []

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file for the first time; raises ConfigError if that fails, or something in it is not allowed."""
        return cls(path, read_config(path))

    @classmethod
    def without_file(cls, config: Config) -> Self:
        """Return a configuration without a file, which never changes."""
        return cls(None, config)

    async def reload(self) -> Config:
        """Read the file again.

        Raises:
            OperatorError: something in it is wrong, or does not work; what was in force stays so.
            LimitError: another change is being tried.
        """
        if self._path is None:
            return self.current
        async with self._lock_changes():
            config = await asyncio.to_thread(_read_by_name, self._path)
            await self._try_out(config)
            self.current = config
            return config

    async def set(self, key: str, value: str, permit: Permit | None = None) -> Config:
        """Change one key in the file, whose comments and order are kept, and put all of the file in force.

        Args:
            key: such as `limits.frames` or `servers.123.limits.frames`; missing tables are created.
            value: TOML, or plain text where text is expected; a list may be written `a, b`, and `+a, b` or `-a` changes
                the present one. "default" removes the key from the file.
            permit: called with the present and the new configuration; it refuses by raising an error.

        Raises:
            OperatorError: there is no such key, or the value is not allowed there or does not work; nothing was
                written.
            LimitError: another change is being tried.
        """
        if self._path is None:
            raise ConfigError("This configuration has no file.")
        async with self._lock_changes():
            path = self._path.resolve()
            text, config = await asyncio.to_thread(_change_key, path, split_key(key), value)
            if permit is not None:
                permit(self.current, config)
            await asyncio.to_thread(_require_replaceable, path)  # rather than load a model for nothing
            await self._try_out(config)
            try:
                await asyncio.to_thread(_replace, path, text)
            except ConfigError:
                await self._try_out(self.current)
                raise
            self.current = config
            return config

    @contextlib.asynccontextmanager
    async def _lock_changes(self) -> AsyncIterator[None]:
        """Let one change through at a time; raises LimitError if another takes longer than LOCK_SECONDS."""
        try:
            async with asyncio.timeout(LOCK_SECONDS):
                await self._changing.acquire()
        except TimeoutError:
            raise LimitError(
                "The engine is trying another change at the moment, and loading a model takes some minutes. Nothing was"
                " changed; try again when it is through."
            ) from None
        try:
            yield
        finally:
            self._changing.release()

    async def _try_out(self, config: Config) -> None:
        for requirement in self.requirements:
            await requirement(config)


def split_key(key: str) -> tuple[str, ...]:
    """Return the parts of a dotted TOML key; raises ConfigError if it is none."""
    parts: list[str] = []
    try:
        table: Any = tomllib.loads(f"{key.strip()} = 0")
    except tomllib.TOMLDecodeError:
        table = {}
    while isinstance(table, dict) and len(table) == 1:
        ((part, table),) = table.items()
        parts.append(part)
    if table != 0 or not parts:
        raise ConfigError("“{key}” is no key; write it as in limits.frames.", key=key[:80])
    return tuple(parts)


def _read_by_name(path: Path) -> Config:
    """Read the file; errors name it without its folder, for not only operators see them."""
    return parse_config(read_text(path), Path(path.name))


def _change_key(path: Path, key: tuple[str, ...], value: str) -> tuple[str, Config]:
    """Return the text with one key changed, read in the first way that is allowed, and the resulting configuration."""
    text = read_text(path)
    parse_config(text, Path(path.name))  # a file that is wrong already is not made worse
    refusals: list[ConfigError] = []
    for reading in _interpretations(value, _current_value(text, key)):
        changed = _edit_text(text, key, reading)
        try:
            return changed, parse_config(changed, None)
        except ConfigError as error:
            refusals.append(error)
    raise next((error for error in refusals if not str(error).endswith(_WRONG_TYPE)), refusals[0])


def _current_value(text: str, key: tuple[str, ...]) -> Any:
    found: Any = tomllib.loads(text)
    for part in key:
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _interpretations(value: str, current: Any) -> list[Any]:
    stripped = value.strip()
    if stripped == DEFAULT:
        return [None]
    readings: list[Any] = []
    with contextlib.suppress(tomllib.TOMLDecodeError):
        loaded = tomllib.loads(f"value = {stripped}")
        if loaded.keys() == {"value"}:
            readings.append(loaded["value"])
    readings.append(stripped)
    if stripped[:1] in _LIST_SIGNS:
        entries, before = _split_entries(stripped[1:]), current if isinstance(current, list) else []
        kept = [entry for entry in before if entry not in entries]
        readings.append([*kept, *entries] if stripped[0] == "+" else kept)
    readings.append(_split_entries(stripped))
    return readings


def _split_entries(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",") if entry.strip()]


def _edit_text(text: str, key: tuple[str, ...], value: Any | None) -> str:
    """Return the file's text with one key set, or removed for None; raises ConfigError if it cannot be done safely."""
    document = tomlkit.parse(text)
    expected = tomllib.loads(text)
    for tables in (document, expected):
        _assign(tables, key, value)
    changed = tomlkit.dumps(document)
    if tomllib.loads(changed) != expected:  # a shape of file that tomlkit does not edit as it should: leave it alone
        raise ConfigError("{key} cannot be changed in this file; edit it by hand, then reload it.", key=".".join(key))
    return changed


def _assign(tables: MutableMapping[str, Any], key: tuple[str, ...], value: Any | None) -> None:
    *path, name = key
    table: Any = tables
    for number, part in enumerate(path):
        if part not in table:
            if value is None:
                return
            table[part] = _new_table(table, is_last=number == len(path) - 1)
        table = table[part]
        if not isinstance(table, Mapping):
            raise ConfigError(
                "{table} is no table of keys; there is no {key}.", table=".".join(path[: number + 1]), key=".".join(key)
            )
    if value is None:
        table.pop(name, None)
    else:
        table[name] = value


def _new_table(parent: object, *, is_last: bool) -> MutableMapping[str, Any]:
    if isinstance(parent, dict) and not isinstance(parent, tomlkit.items.Item | tomlkit.TOMLDocument):
        return {}
    return tomlkit.table(is_super_table=not is_last)


def _require_replaceable(path: Path) -> None:
    """Replace the file by itself: only that tells for sure whether it can be replaced."""
    _replace(path, read_text(path))


def _replace(path: Path, text: str) -> None:
    """Replace the file atomically."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            shutil.copymode(path, partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in _NOT_REPLACEABLE:
            raise ConfigError(
                "{file}: cannot be replaced ({reason}); the bot has to be allowed to write to the directory that it is"
                " in, and it must not be mounted by itself.",
                file=path.name,
                reason=error.strerror,
            ) from None
        raise ConfigError("{file}: cannot be written ({reason}).", file=path.name, reason=error.strerror) from None
