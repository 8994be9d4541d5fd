"""Telling Discord which commands there are, and only when that has changed: it takes few such calls a day."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from engine.store import Store

_log = logging.getLogger(__name__)

EVERYWHERE = "everywhere"


async def sync_commands(tree: app_commands.CommandTree[Any], store: Store, servers: Sequence[str]) -> None:
    """Make Discord's list of commands equal to the tree's: everywhere, or on `servers` only.

    Where commands were sent before and are not wanted any more, they are taken back.
    """
    known = await store.synced()
    if servers:
        for server in servers:
            tree.copy_global_to(guild=discord.Object(int(server)))
        tree.clear_commands(guild=None)
    for target in dict.fromkeys([EVERYWHERE, *servers, *known]):
        try:
            await _sync(tree, store, target, known.get(target))
        except discord.HTTPException as error:
            _log.warning("The commands were not sent to Discord (%s): %s", target, error)


async def _sync(tree: app_commands.CommandTree[Any], store: Store, target: str, last: str | None) -> None:
    guild = None if target == EVERYWHERE else discord.Object(int(target))
    commands = tree.get_commands(guild=guild)
    digest = _digest(tree, commands)
    if last == digest or not commands:  # then it is worth asking whether there is anything to do
        names = {command.name for command in await tree.fetch_commands(guild=guild)}
        if names == {command.name for command in commands}:
            return
    await tree.sync(guild=guild)
    await store.remember_synced(target, digest)
    _log.info("Sent %d commands to Discord (%s)", len(commands), target)


def _digest(tree: app_commands.CommandTree[Any], commands: Sequence[Any]) -> str:
    plain = json.dumps([command.to_dict(tree) for command in commands], sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()
