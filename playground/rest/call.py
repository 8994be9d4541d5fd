"""One REST call: what came in, and what goes out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec
from aiohttp import BodyPartReader, web

from playground import errors
from playground.backend import Backend
from playground.errors import Json
from playground.posting.cdn import Upload
from playground.posting.composer import Draft
from playground.validation.form import Form

_FILE_FIELD = re.compile(r"files\[\d+\]")
_WITH_BODY = ("POST", "PUT", "PATCH")


class Answer(msgspec.Struct, frozen=True):
    """Status and JSON body; None for an answer without one."""

    status: int
    body: Any = None


NO_CONTENT = Answer(204)


@dataclass(kw_only=True)
class Call:
    """A request that has found its route."""

    backend: Backend
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    uploads: dict[str, Upload] = field(default_factory=dict)

    @property
    def table(self) -> Json:
        """The body as a JSON object; no body is an empty one.

        Raises:
            ApiError: 50035, the body is something else.
        """
        if self.body is None:
            return {}
        form = Form()
        form.at.table(self.body)
        form.refuse_problems()
        return cast(Json, self.body)

    def draft(self, upload_limit: int) -> Draft:
        """The body as a message to be."""
        return Draft(body=self.table, uploads=self.uploads, upload_limit=upload_limit)

    def flag(self, name: str) -> bool:
        """Whether a switch in the query is on."""
        return self.query.get(name, "").lower() in ("1", "true")


async def read_body(request: web.Request) -> tuple[Any, dict[str, Upload]]:
    """Return the request's JSON and files; a multipart body carries its JSON as `payload_json`.

    Raises:
        ApiError: 50109 bad JSON, 50035 neither JSON nor a form of files.
    """
    if request.method not in _WITH_BODY or not request.body_exists:
        return None, {}
    if request.content_type == "multipart/form-data":
        return await _read_form(request)
    raw = await request.read()
    if not raw:
        return None, {}
    if request.content_type != "application/json":
        _refuse_body("CONTENT_TYPE_INVALID", 'Expected "Content-Type" header to be "application/json".')
    return _parsed(raw), {}


async def _read_form(request: web.Request) -> tuple[Any, dict[str, Upload]]:
    body: Any = None
    uploads: dict[str, Upload] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        name = part.name or ""
        if name == "payload_json":
            body = _parsed(bytes(await part.read()))
        elif part.filename and _FILE_FIELD.fullmatch(name):
            uploads[name] = Upload(part.filename, bytes(await part.read()))
        else:
            _refuse_body("UNKNOWN_FIELD", f"The form field {name!r} is not known.")
    return body, uploads


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise errors.invalid_json() from None


def _refuse_body(code: str, message: str) -> None:
    form = Form()
    form.at.problem(code, message)
    form.refuse_problems()
