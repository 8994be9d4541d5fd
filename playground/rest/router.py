"""Routes: a method and a path template, as Discord's specification writes them."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable

import msgspec

from playground import errors
from playground.ratelimits import Key
from playground.rest.call import Answer, Call

Handler = Callable[[Call], Answer]


class Access(enum.Enum):
    """Who may call a route: the bot with its token, or whoever knows the interaction's token in the path."""

    BOT = enum.auto()
    INTERACTION = enum.auto()


class Route(msgspec.Struct, frozen=True):
    """One entry of the API."""

    method: str
    template: str
    handler: Handler
    access: Access = Access.BOT

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a path of this route looks like."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.template))

    def bucket(self, params: dict[str, str]) -> Key | None:
        """Return the rate limit bucket of a call; None for answers to interactions, which have none."""
        if self.template.startswith("/interactions/"):
            return None
        if self.template.startswith("/webhooks/"):
            return Key("webhooks", params["webhook_token"])
        place = params.get("channel_id") or params.get("guild_id") or ""
        return Key(f"{self.method} {self.template}", place)


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route.pattern, route) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and the values of its placeholders; the first that matches wins.

        Raises:
            ApiError: 404 no such path, 405 not with this method.
        """
        known_path = False
        for pattern, route in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == method:
                return route, match.groupdict()
            known_path = True
        raise errors.method_not_allowed() if known_path else errors.not_found()
