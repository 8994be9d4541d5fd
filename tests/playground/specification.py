"""Discord's own specification of REST v10 (openapi.json.gz, MIT: see openapi.LICENSE), as a judge of exchanges.

The document leaves objects open; here they are closed, so that a key nobody knows is a fault. Where the document itself
is wrong, `AMENDMENTS` puts it right: each entry was reviewed, and says why.
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match

from playground.traffic import Exchange

Json = dict[str, Any]
_DOCUMENT = Path(__file__).with_name("openapi.json.gz")
_NULLABLE_INTEGER = {"type": ["integer", "null"]}


def _switches_as_numbers(document: Json) -> None:
    """Booleans in a query: every library sends 1 and 0, and Discord takes them."""
    for item in document["paths"].values():
        for operation in (item, *_operations(item)):
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query" and parameter["schema"].get("type") == "boolean":
                    parameter["schema"] = {"enum": ["true", "false", "1", "0"]}


def _attachment_index(document: Json) -> None:
    """The id of an attachment to be uploaded is the number of its file, sent as a JSON number."""
    properties = document["components"]["schemas"]["MessageAttachmentRequest"]["properties"]
    properties["id"] = {"anyOf": [properties["id"], {"type": "integer", "minimum": 0}]}


def _tts_on_edit(document: Json) -> None:
    """`tts` comes with every edit of discord.py, and is ignored."""
    for name in (
        "IncomingWebhookUpdateRequestPartial",
        "IncomingWebhookUpdateForInteractionCallbackRequestPartial",
        "MessageEditRequestPartial",
    ):
        schema = document["components"]["schemas"][name]
        schema["properties"]["tts"] = {"type": ["boolean", "null"]}


def _embed_flags(document: Json) -> None:
    """`flags` of an embed: answered by Discord, sent back by discord.py, missing from the request's schema."""
    document["components"]["schemas"]["RichEmbed"]["properties"]["flags"] = _NULLABLE_INTEGER


def _age_restricted_commands(document: Json) -> None:
    """`nsfw` of a command: documented in prose and answered, missing from the requests' schemas."""
    for name in ("ApplicationCommandUpdateRequest", "ApplicationCommandCreateRequest"):
        document["components"]["schemas"][name]["properties"]["nsfw"] = {"type": ["boolean", "null"]}


def _named_form_errors(document: Json) -> None:
    """The code of an inner form error is a name such as BASE_TYPE_REQUIRED, not a number."""
    properties = document["components"]["schemas"]["InnerErrors"]["properties"]
    problem = {
        "type": "object",
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    properties["_errors"] = {"type": "array", "items": problem}


def _deferred_resource(document: Json) -> None:
    """A deferred answer's resource has type 5, for which the document has no case."""
    schema = document["components"]["schemas"]["CreateMessageInteractionCallbackResponse"]
    schema["properties"]["type"] = {"enum": [4, 5]}


def _server_errors(document: Json) -> None:
    """5xx answers are nowhere listed."""
    for item in document["paths"].values():
        for operation in _operations(item):
            operation["responses"]["5XX"] = {"$ref": "#/components/responses/ClientErrorResponse"}


def _recipient_as_number(document: Json) -> None:
    """The id of who gets a direct message: discord.py sends a number, and Discord takes it."""
    properties = document["components"]["schemas"]["CreatePrivateChannelRequest"]["properties"]
    properties["recipient_id"] = {"anyOf": [properties["recipient_id"], {"type": "integer", "minimum": 0}]}


AMENDMENTS: tuple[Callable[[Json], None], ...] = (
    _switches_as_numbers,
    _attachment_index,
    _tts_on_edit,
    _embed_flags,
    _age_restricted_commands,
    _named_form_errors,
    _deferred_resource,
    _server_errors,
    _recipient_as_number,
)


def _operations(item: Json) -> Iterator[Json]:
    return (item[method] for method in ("get", "put", "post", "patch", "delete") if method in item)


def read_document() -> Json:
    """Return the specification as published."""
    document: Json = json.loads(gzip.decompress(_DOCUMENT.read_bytes()))
    return document


def _drop_forms(document: Json) -> None:
    """Forget the schemas of forms: the JSON in a form is judged as what would be the whole body otherwise."""
    for item in document["paths"].values():
        for operation in _operations(item):
            content = operation.get("requestBody", {}).get("content", {})
            content.update({kind: {} for kind in content if kind != "application/json"})


def _close(document: Json) -> None:
    """Make unknown keys a fault: in every object with properties, and in every composition as a whole."""
    composed = {part["$ref"] for schema in _schemas(document) for part in schema.get("allOf", ()) if "$ref" in part}
    parts = {id(part) for schema in _schemas(document) for part in schema.get("allOf", ())}
    open_schemas = parts | {id(_resolve(document, reference)) for reference in composed}
    for schema in list(_schemas(document)):
        if "allOf" in schema:
            schema["unevaluatedProperties"] = False
        elif "properties" in schema and "additionalProperties" not in schema and id(schema) not in open_schemas:
            schema["additionalProperties"] = False


def _schemas(node: Any) -> Iterator[Json]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _schemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from _schemas(value)


def _resolve(document: Json, reference: str) -> Json:
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    resolved: Json = node
    return resolved


_formats = FormatChecker(formats=())


@_formats.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_formats.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


@_formats.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


class Specification:
    """The amended and closed document.

    Args:
        amendments: what is put right first; tests leave one out to show that it is needed.
    """

    def __init__(self, amendments: tuple[Callable[[Json], None], ...] = AMENDMENTS) -> None:
        self._document = read_document()
        _drop_forms(self._document)
        for amend in amendments:
            amend(self._document)
        _close(self._document)
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
            for path in sorted(self._document["paths"], key=lambda path: path.count("{"))
        ]
        self._validators: dict[int, Draft202012Validator] = {}

    def faults(self, exchange: Exchange) -> list[str]:
        """Return everything about an exchange that the specification does not allow."""
        path = self._path(exchange.path)
        item = self._document["paths"].get(path, {})
        operation = item.get(exchange.method.lower())
        if operation is None:
            return [f"{exchange.method} {exchange.path}: no such operation"]
        found = [*_query_faults(exchange, item, operation)]
        if 200 <= exchange.status < 300:  # a refused request may well be malformed
            found += self._request_faults(exchange, operation)
        found += self._response_faults(exchange, operation)
        return [f"{exchange.method} {path}: {fault}" for fault in found]

    def _path(self, path: str) -> str:
        return next((template for pattern, template in self._paths if pattern.fullmatch(path)), path)

    def _request_faults(self, exchange: Exchange, operation: Json) -> Iterator[str]:
        if exchange.req is None:
            return
        accepted = operation.get("requestBody", {}).get("content", {})
        if exchange.ct not in accepted:
            yield f"request: content type {exchange.ct}"
            return
        schema = accepted["application/json"]["schema"]
        yield from (f"request: {fault}" for fault in self._body_faults(exchange.req, schema))

    def _response_faults(self, exchange: Exchange, operation: Json) -> Iterator[str]:
        responses = operation["responses"]
        listed = (str(exchange.status), f"{exchange.status // 100}XX")
        key = next((one for one in listed if one in responses), None)
        if key is None:
            yield f"response: status {exchange.status} is not listed"
            return
        response = responses[key]
        if "$ref" in response:
            response = _resolve(self._document, response["$ref"])
        if "content" not in response:
            if exchange.resp is not None:
                yield "response: a body where none is known"
            return
        schema = response["content"]["application/json"]["schema"]
        yield from (f"response {exchange.status}: {one}" for one in self._body_faults(exchange.resp, schema))

    def _body_faults(self, body: Any, schema: Json) -> Iterator[str]:
        validator = self._validators.get(id(schema))
        if validator is None:
            rooted = {"allOf": [schema], "components": self._document["components"]}
            validator = self._validators[id(schema)] = Draft202012Validator(rooted, format_checker=_formats)
        return (_told(error) for error in validator.iter_errors(body))


def _query_faults(exchange: Exchange, item: Json, operation: Json) -> Iterator[str]:
    parameters = (*item.get("parameters", ()), *operation.get("parameters", ()))
    known = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
    for name, value in exchange.query.items():
        if name not in known:
            yield f"query: unknown {name}"
        elif not _fits_query(value, known[name]):
            yield f"query: {name}={value}"


def _fits_query(value: str, schema: Json) -> bool:
    if schema.get("type") == "boolean":
        return value in ("true", "false")
    return value in schema["enum"] if "enum" in schema else True


def _told(error: ValidationError) -> str:
    """Return the most telling part of an error: deep inside a union, the branch that came closest."""
    best = best_match([error]) or error
    return f"{best.json_path}: {best.message[:300]}"


@functools.cache
def specification() -> Specification:
    """The amended specification, read once."""
    return Specification()
