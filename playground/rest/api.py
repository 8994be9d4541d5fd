"""What stands in front of every route: version, token, rate limits, faults, and the record of it all."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from playground import errors
from playground.backend import Backend
from playground.errors import ApiError, RateLimited
from playground.posting.cdn import Upload
from playground.rest import commands, identity, interactions, messages
from playground.rest.call import Answer, Call, read_body
from playground.rest.router import Access, Route, Router
from playground.traffic import Exchange

_VERSION = "10"
# discord.py takes a 429 without this header for a ban by the proxy in front of Discord.
_VIA = {"Via": "1.1 playground"}


@dataclass
class _Draft:
    """An exchange in the making: each stage adds what it learns."""

    route: Route | None = None
    body: Any = None
    uploads: dict[str, Upload] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=lambda: dict(_VIA))


class Api:
    """Answers every request below /api/v10."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._router = Router((*identity.ROUTES, *commands.ROUTES, *interactions.ROUTES, *messages.ROUTES))

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one request and record the exchange."""
        draft = _Draft()
        path = "/" + request.match_info["path"]
        try:
            if request.match_info["version"] != _VERSION:
                raise errors.invalid_api_version()
            draft.body, draft.uploads = await read_body(request)
            answer = await self._answer(request, path, draft)
        except ApiError as error:
            answer = Answer(error.status, error.body)
            if isinstance(error, RateLimited):
                draft.headers |= _rate_limited_headers(error)
        self._record(request, path, draft, answer)
        if answer.status == 204:
            return web.Response(status=204, headers=draft.headers)
        # discord.py compares the whole header, so it must not name a charset.
        draft.headers["Content-Type"] = "application/json"
        payload = msgspec.json.encode(answer.body)
        return web.Response(status=answer.status, body=payload, headers=draft.headers)

    async def _answer(self, request: web.Request, path: str, draft: _Draft) -> Answer:
        route, params = self._router.find(request.method, path)
        draft.route = route
        if route.access is Access.BOT:
            if request.headers.get("Authorization") != f"Bot {self._backend.world.token}":
                raise errors.unauthorized()
            self._backend.limiter.count_overall()
        await self._suffer_fault(request.method, path)
        self._count(route, params, draft)
        call = Call(
            backend=self._backend,
            params=params,
            query=request.query,
            body=draft.body,
            uploads=draft.uploads,
        )
        return route.handler(call)

    async def _suffer_fault(self, method: str, path: str) -> None:
        fault = self._backend.faults.take(method, path)
        if fault is None:
            return
        await asyncio.sleep(fault.delay_seconds)
        error = fault.error()
        if error is not None:
            raise error

    def _count(self, route: Route, params: dict[str, str], draft: _Draft) -> None:
        key = route.bucket(params)
        if key is None:
            return
        try:
            draft.headers |= self._backend.limiter.count(key)
        except RateLimited:
            draft.headers |= self._backend.limiter.headers(key)
            raise

    def _record(self, request: web.Request, path: str, draft: _Draft, answer: Answer) -> None:
        self._backend.traffic.record(
            Exchange(
                method=request.method,
                path=path,
                query=dict(request.query),
                ct=request.content_type if "Content-Type" in request.headers else None,
                auth="Authorization" in request.headers,
                req=draft.body,
                status=answer.status,
                resp=answer.body,
                template=draft.route.template if draft.route else None,
                files=tuple((one.filename, len(one.data)) for one in draft.uploads.values()),
            )
        )


def _rate_limited_headers(error: RateLimited) -> dict[str, str]:
    headers = {"Retry-After": str(math.ceil(error.retry_after)), "X-RateLimit-Scope": error.scope}
    if error.scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return headers
