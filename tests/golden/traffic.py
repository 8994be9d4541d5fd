"""What the bot sends to Discord, written down step by step, without what is another at every run."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from playground.server import Playground
from playground.traffic import Exchange
from tests.golden import golden

Json = dict[str, Any]

PATIENCE_SECONDS = 10.0
SETTLING_SECONDS = 0.3
"""While it is written down anew: how long nothing may be sent until a step counts as over."""

_VARIES = (
    (re.compile(r"(?<![\w-])\d{17,20}(?!\w)"), "id"),
    (re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])"), "job"),
    (re.compile(r"(?<=tappa:stages:)[0-9a-f]{12}|(?<=tappa:restage:)[0-9a-f]{12}"), "form"),
)
_HIDDEN = (
    (re.compile(r"<t:\d+(:\w)?>"), r"<t:…\1>"),
    (re.compile(r"(?<=\*\*Up for\*\* · ).*"), "<time>"),
    (re.compile(r"\b(Python|discord\.py|torch|diffusers) \d[\w.+]*"), r"\1 <version>"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<url>"),
)
_PLACES = ("guild_id", "channel_id", "message_id")


class Names:
    """Calls what is another at every run by a name: what is known beforehand by its own, the rest by a number."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = dict(known)
        self._counts: dict[str, int] = {}

    def plain(self, value: Any) -> Any:
        """Return a JSON value with names in it."""
        if isinstance(value, dict):
            return {self._text(key): self._field(key, one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _field(self, key: str, value: Any) -> Any:
        return "<nonce>" if key == "nonce" and value is not None else self.plain(value)

    def _text(self, text: str) -> str:
        for pattern, plain in _HIDDEN:
            text = pattern.sub(plain, text)
        for pattern, what in _VARIES:
            text = pattern.sub(lambda match, what=what: self._name(match[0], what), text)  # type: ignore[misc]
        return text

    def _name(self, value: str, what: str) -> str:
        if value not in self._known:
            self._counts[what] = self._counts.get(what, 0) + 1
            self._known[value] = f"<{what} {self._counts[what]}>"
        return self._known[value]


class Recorder:
    """Writes down the bot's side of a conversation.

    When a step is over cannot be told from what the bot has said so far. So each step waits until as much was sent
    as was written down of it before; what is more shows in the steps after it.
    """

    def __init__(self, playground: Playground, name: str) -> None:
        self._playground = playground
        self._kept: list[Json] = golden.read(name) or []
        self._seen = 0
        self.names = Names(known_names(playground))
        self.steps: list[Json] = []

    @asynccontextmanager
    async def step(self, does: str, *, in_any_order: bool = False, late: float = 0.0) -> AsyncIterator[None]:
        """Write down what is sent within the block.

        Args:
            does: what the member does.
            in_any_order: whether several things at once may be sent in another order the next time.
            late: seconds after which the bot sends something that is due to the step.
        """
        yield
        await self._settle(late)
        fresh = self._exchanges()[self._seen :]
        self._seen += len(fresh)
        sent = [self._written(exchange) for exchange in fresh]
        if in_any_order:
            sent.sort(key=repr)
        self.steps.append({"does": does, "sent": sent})

    def note(self, what: Any) -> None:
        """Write down something besides that a member got in the last step."""
        self.steps[-1].setdefault("got", []).append(self.names.plain(what))

    async def _settle(self, late: float) -> None:
        place = len(self.steps)
        if not golden.WRITES and place < len(self._kept):
            enough = self._seen + len(self._kept[place]["sent"])
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(self._exchanges()) < enough:  # noqa: ASYNC110  # the traffic tells nobody when it grows
                    await asyncio.sleep(0.005)
            return
        count, quiet = -1, SETTLING_SECONDS + late
        while count != len(self._exchanges()):
            count = len(self._exchanges())
            await asyncio.sleep(quiet)

    def _exchanges(self) -> list[Exchange]:
        return list(self._playground.backend.traffic)

    def _written(self, exchange: Exchange) -> Json:
        written: Json = {"route": f"{exchange.method} {exchange.template}", "status": exchange.status}
        written |= {what: self.names.plain(value) for what, value in _places(exchange).items()}
        if exchange.query:
            written["query"] = self.names.plain(exchange.query)
        if exchange.req is not None:
            commands = exchange.method == "PUT" and str(exchange.template).endswith("/commands")
            written["body"] = "the commands" if commands else self.names.plain(exchange.req)
        if exchange.files:
            written["files"] = [f"{self.names.plain(name)}: {size} bytes" for name, size in exchange.files]
        return written


def _places(exchange: Exchange) -> dict[str, str]:
    """Return where a request goes: a channel, a message, a server, as far as its route names them."""
    route, path = str(exchange.template).split("/"), exchange.path.split("/")
    given = {part.strip("{}"): value for part, value in zip(route, path, strict=True) if part.startswith("{")}
    return {what.removesuffix("_id"): given[what] for what in _PLACES if what in given}


def known_names(playground: Playground) -> dict[str, str]:
    """Return what the ids of a playground's people and places are called."""
    world = playground.world
    named: Iterable[tuple[str, str]] = (
        (world.bot.id, "<Tappa>"),
        *((guild.id, f"<server {guild.name}>") for guild in world.guilds.values()),
        *((channel.id, f"<#{channel.name}>") for channel in world.channels.values()),
        *((member.id, f"<@{member.shown}>") for member in (playground.member(name).user for name in ("Ada", "Bruno"))),
    )
    return dict(named)
