"""The shares of a data directory, read while a bot may be using it."""

from __future__ import annotations

from pathlib import Path

from engine.errors import StorageError
from studio.store import Share
from studio.store.database import Database
from studio.store.shares import Shares
from studio.store.store import DATABASE


async def read_shares(data: Path, server: str | None) -> list[Share]:
    """Return what is shared with one server; None means the only one there is.

    Nothing of one server is visible in another, and so two servers never share a gallery either.

    Raises:
        StorageError: the data directory cannot be used, or it is not clear which server is meant.
    """
    database = Database(data / DATABASE)
    await database.open_to_read()
    try:
        shares = Shares(database)
        servers = sorted(await shares.servers())
        if server is None and len(servers) > 1:
            raise StorageError(
                "Members of several servers have shared renders: {servers}; say which with --server.",
                servers=", ".join(servers),
            )
        chosen = server if server is not None else next(iter(servers), "")
        return await shares.list_of_server(chosen)
    finally:
        await database.close()
