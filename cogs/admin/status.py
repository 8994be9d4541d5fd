"""The text of /admin status."""

from __future__ import annotations

import importlib.metadata
import platform

from cogs.client import Interaction
from cogs.context.places import server_of
from cogs.i18n.language import Language
from cogs.ui.markdown import inert
from engine.errors import EngineError, describe
from engine.protocol.messages import Status

_GIB = 1024**3
_LIBRARIES = ("discord.py", "torch", "diffusers")


async def engine_lines(interaction: Interaction, say: Language) -> list[str]:
    """Return the engine's status, a fact a line."""
    administration = interaction.client.studio.administration
    try:
        lines = _lines(await administration.status(), say)
    except EngineError as error:
        lines = [inert(say.sentence(describe(error)))]
    if administration.is_paused(server_of(interaction)):
        lines.append(say("Paused: nothing new begins here until /admin resume."))
    return lines


def version_line() -> str:
    versions = [f"Python {platform.python_version()}", *map(_version, _LIBRARIES)]
    return f"-# {inert(' · '.join(filter(None, versions)))}"


def _lines(status: Status, say: Language) -> list[str]:
    if status.frames_per_second is None or status.steps_per_second is None:
        pace = say("nothing rendered yet")
    else:
        pace = say(
            "{frames} frames and {steps} steps a second",
            frames=say.number(status.frames_per_second, 2),
            steps=say.number(status.steps_per_second, 1),
        )
    memory = say(
        "{used} of {total} GiB",
        used=say.number(status.memory_used / _GIB, 1),
        total=say.number(status.memory_total / _GIB, 1),
    )
    queue = say("{running} running, {waiting} waiting", running=status.running, waiting=status.waiting)
    if status.held:
        queue = say("{queue}, {held} of them held by a pause", queue=queue, held=status.held)
    return [
        f"**{say('Model')}** · {inert(status.model)}",
        f"**{say('Device')}** · {inert(status.device)} · {inert(status.dtype)}",
        f"**{say('Memory')}** · {memory}",
        f"**{say('Queue')}** · {queue}",
        f"**{say('Throughput')}** · {pace}",
    ]


def _version(library: str) -> str:
    try:
        return f"{library} {importlib.metadata.version(library)}"
    except importlib.metadata.PackageNotFoundError:
        return ""
