"""Messages: content, embeds, mentions and the list of attachments."""

from __future__ import annotations

from typing import Any

from playground.errors import Json
from playground.validation.form import Place

MAX_CONTENT = 2000
MAX_EMBEDS, MAX_EMBED_TEXT = 10, 6000
MAX_ATTACHMENTS, MAX_DESCRIPTION = 10, 1024
_MENTION_KINDS = ("users", "roles", "everyone")


def check_message(body: Json, at: Place) -> None:
    """Note what Discord would refuse in the body of a new message or an edit, its components apart."""
    (at / "content").text(body.get("content"), 0, MAX_CONTENT)
    (at / "flags").integer(body.get("flags"), 0, 2**31 - 1)
    (at / "tts").boolean(body.get("tts"))
    if isinstance(body.get("nonce"), str):
        (at / "nonce").text(body["nonce"], 0, 25)
    if body.get("embeds") is not None:
        _check_embeds(body["embeds"], at / "embeds")
    if body.get("allowed_mentions") is not None:
        _check_allowed_mentions(body["allowed_mentions"], at / "allowed_mentions")
    if body.get("attachments") is not None:
        _check_attachments(body["attachments"], at / "attachments")


def _check_embeds(embeds: Any, at: Place) -> None:
    if not at.listing(embeds, 0, MAX_EMBEDS):
        return
    sizes = [_check_embed(embed, at / n) for n, embed in enumerate(embeds)]
    if sum(sizes) > MAX_EMBED_TEXT:
        at.problem("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_TEXT}")


def _check_embed(embed: Any, at: Place) -> int:
    """Note what is wrong with one embed; return the number of characters that count towards the limit."""
    if not at.table(embed):
        return 0
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    if not (at / "author").table(author) or not (at / "footer").table(footer):
        return 0
    texts = [
        (at / "title", embed.get("title"), 256),
        (at / "description", embed.get("description"), 4096),
        (at / "author" / "name", author.get("name"), 256),
        (at / "footer" / "text", footer.get("text"), 2048),
    ]
    size = sum(len(text or "") for place, text, high in texts if place.text(text, 0, high))
    (at / "color").integer(embed.get("color"), 0, 0xFFFFFF)
    (at / "url").link(embed.get("url"), ("http", "https"))
    for place in ("image", "thumbnail"):
        picture = embed.get(place)
        if picture is not None and (at / place).table(picture):
            (at / place / "url").link(picture.get("url"), ("http", "https", "attachment"))
    return size + _check_fields(embed.get("fields") or [], at / "fields")


def _check_fields(fields: Any, at: Place) -> int:
    if not at.listing(fields, 0, 25):
        return 0
    size = 0
    for n, entry in enumerate(fields):
        if not (at / n).table(entry):
            continue
        name_fits = (at / n / "name").text(entry.get("name"), 1, 256)
        value_fits = (at / n / "value").text(entry.get("value"), 1, 1024)
        if name_fits and value_fits:
            size += len(entry["name"]) + len(entry["value"])
    return size


def _check_allowed_mentions(allowed: Any, at: Place) -> None:
    if not at.table(allowed):
        return
    parse = allowed.get("parse") or []
    if (at / "parse").listing(parse, 0, len(_MENTION_KINDS)):
        for n, kind in enumerate(parse):
            (at / "parse" / n).choice(kind, _MENTION_KINDS)
    for kind in ("users", "roles"):
        named = allowed.get(kind) or []
        if (at / kind).listing(named, 0, 100) and named and kind in parse:
            at.problem(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )


def _check_attachments(attachments: Any, at: Place) -> None:
    if not at.listing(attachments, 0, MAX_ATTACHMENTS):
        return
    for n, one in enumerate(attachments):
        if (at / n).table(one):
            (at / n / "description").text(one.get("description"), 0, MAX_DESCRIPTION)
            (at / n / "filename").text(one.get("filename"), 0, 1024)
            if not str(one.get("id", "")).isdigit():
                (at / n / "id").required()
