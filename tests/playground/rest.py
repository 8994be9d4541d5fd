"""A plain HTTP client for the playground's REST API: what a bot says, byte for byte, without a bot library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from playground.client.handle import InteractionHandle
from playground.server import Playground
from playground.world.model import Message


@dataclass(frozen=True)
class Reply:
    """An answer: status, JSON body (None if empty) and headers."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def refusal(self) -> tuple[int, int]:
        """HTTP status and Discord's error code."""
        return self.status, self.body["code"]

    def problems(self, *path: str) -> list[str]:
        """The codes of the form errors noted at a place in the body."""
        node = self.body["errors"]
        for step in path:
            node = node[step]
        return [problem["code"] for problem in node["_errors"]]


class Rest:
    """Calls routes below /api/v10."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self._playground = playground
        self._session = session
        self.authorization: str | None = f"Bot {playground.token}"

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Reply:
        """Send a request; with `files` as multipart/form-data, `body` being its payload_json."""
        payload: Any = None
        headers = {"Authorization": self.authorization} if self.authorization else {}
        if files is not None:
            payload = aiohttp.FormData(quote_fields=False)
            payload.add_field("payload_json", json.dumps(body or {}), content_type="application/json")
            for name, (filename, data) in files.items():
                payload.add_field(name, data, filename=filename)
        elif body is not None:
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        url = f"{self._playground.url}/api/v10{path}"
        async with self._session.request(method, url, data=payload, headers=headers) as response:
            raw = await response.read()
            return Reply(response.status, json.loads(raw) if raw else None, response.headers)

    async def register(self, *commands: dict[str, Any]) -> Reply:
        """Register global commands in place of all others."""
        application = self._playground.world.application_id
        return await self.call("PUT", f"/applications/{application}/commands", list(commands))

    async def answer(
        self,
        handle: InteractionHandle,
        kind: int,
        data: dict[str, Any] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Reply:
        """Answer an interaction."""
        interaction = handle.interaction
        body: dict[str, Any] = {"type": kind} | ({"data": data} if data is not None else {})
        path = f"/interactions/{interaction.id}/{interaction.token}/callback?with_response=1"
        return await self.call("POST", path, body, files)

    def message(self, message_id: str) -> Message:
        """Return a message as members see it."""
        return self._playground.world.messages[message_id]

    def webhook(self, handle: InteractionHandle, rest: str = "") -> str:
        """Return the path of an interaction's webhook."""
        return f"/webhooks/{self._playground.world.application_id}/{handle.interaction.token}{rest}"
