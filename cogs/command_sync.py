"""Registering the commands with Discord, only when they have changed: Discord takes few such calls a day."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from cogs.context.outage import retry_through_outage
from studio.store import Store

_log = logging.getLogger(__name__)

EVERYWHERE = "everywhere"


async def sync_commands(tree: app_commands.CommandTree[Any], store: Store, servers: Sequence[str]) -> None:
    """Register the tree's commands everywhere, or on `servers` only, and remove those that are not wanted any more.

    Waits while Discord cannot be reached.
    """
    known = await store.commands.load_digests()
    if servers:
        for server in servers:
            tree.copy_global_to(guild=discord.Object(int(server)))
        tree.clear_commands(guild=None)
    for target in dict.fromkeys([EVERYWHERE, *servers, *known]):
        try:
            await retry_through_outage(functools.partial(_sync, tree, store, target, known.get(target)))
        except discord.HTTPException as error:
            _log.warning("The commands were not sent to Discord (%s): %s", target, error)


async def _sync(tree: app_commands.CommandTree[Any], store: Store, target: str, last: str | None) -> None:
    guild = None if target == EVERYWHERE else discord.Object(int(target))
    commands = tree.get_commands(guild=guild)
    digest = await _digest(tree, commands)
    if last == digest or not commands:  # Discord may have them already
        names = {command.name for command in await tree.fetch_commands(guild=guild)}
        if names == {command.name for command in commands}:
            return
    await tree.sync(guild=guild)
    await store.commands.save_digest(target, digest)
    _log.info("Sent %d commands to Discord (%s)", len(commands), target)


async def _digest(tree: app_commands.CommandTree[Any], commands: Sequence[Any]) -> str:
    payloads = [await payload_of(command, tree) for command in commands]
    return hashlib.sha256(json.dumps(payloads, sort_keys=True).encode()).hexdigest()


async def payload_of(command: Any, tree: app_commands.CommandTree[Any]) -> dict[str, Any]:
    """Return a command as it is sent to Discord, in every language."""
    payload: dict[str, Any] = command.to_dict(tree)
    if tree.translator is not None:
        payload = await command.get_translated_payload(tree, tree.translator)
    return payload
