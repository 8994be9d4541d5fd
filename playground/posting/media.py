"""Embeds and components in the form they are answered in: files resolved, ids and defaults filled in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from playground.errors import Json
from playground.validation import components as kinds
from playground.world.model import Attachment, walk
from playground.world.snowflake import Snowflakes

_ATTACHED = "attachment://"


def answered_embeds(embeds: Sequence[Json], files: Sequence[Attachment]) -> tuple[Json, ...]:
    """Return embeds with `attachment://` addresses turned into those of `files`."""
    by_name = {file.filename: file for file in files}
    return tuple(_answered_embed(embed, by_name) for embed in embeds)


def _answered_embed(embed: Json, files: dict[str, Attachment]) -> Json:
    answer = {key: value for key, value in embed.items() if value is not None and key not in ("flags",)}
    answer["type"] = answer.get("type", "rich")
    for place in ("image", "thumbnail"):
        picture = answer.pop(place, None) or {}
        url = picture.get("url") or ""
        file = files.get(url.removeprefix(_ATTACHED))
        if url.startswith(_ATTACHED) and file is None:
            continue  # Discord shows the embed without a picture that was never uploaded
        if url:
            answer[place] = _picture(file) if url.startswith(_ATTACHED) and file else _elsewhere(picture)
    if "fields" in answer:
        answer["fields"] = [{"inline": False, **entry} for entry in answer["fields"]]
    for place in ("author", "footer"):
        if place in answer:
            answer[place] = {key: value for key, value in answer[place].items() if value is not None}
    return answer


def _picture(file: Attachment) -> Json:
    known = {"width": file.width, "height": file.height, "description": file.description}
    return {
        "url": file.url,
        "proxy_url": file.url,
        "content_type": file.content_type,
        **{key: value for key, value in known.items() if value is not None},
    }


def _elsewhere(picture: Json) -> Json:
    return {**{key: value for key, value in picture.items() if value is not None}, "proxy_url": picture["url"]}


class ComponentAnswers:
    """Turns the components of a request into those of an answer."""

    def __init__(self, files: Sequence[Attachment], ids: Snowflakes) -> None:
        self._files = {file.filename: file for file in files}
        self._ids = ids

    def answered(self, components: Sequence[Json]) -> tuple[Json, ...]:
        """Return `components` with ids given to those that have none, and every default written out."""
        taken = {one["id"] for one in walk(list(components)) if one.get("id")}
        free = (number for number in itertools.count(1) if number not in taken)
        return tuple(self._answer(one, free) for one in components)

    def _answer(self, one: Json, free: Iterator[int]) -> Json:
        identity = {"type": one["type"], "id": one.get("id") or next(free)}
        return identity | self._rest(one, lambda inner: self._answer(inner, free))

    def _rest(self, one: Json, answer: Callable[[Json], Json]) -> Json:
        kind = one["type"]
        if kind == kinds.TEXT:
            return {"content": one["content"]}
        if kind == kinds.SEPARATOR:
            divider = one.get("divider")
            return {"spacing": one.get("spacing") or 1, "divider": True if divider is None else divider}
        if kind == kinds.GALLERY:
            return {"items": [self._shown(item) for item in one["items"]]}
        if kind == kinds.THUMBNAIL:
            return self._shown(one)
        if kind == kinds.FILE:
            return self._file(one)
        if kind in (kinds.ROW, kinds.SECTION, kinds.CONTAINER):
            inner: Json = {"components": [answer(child) for child in one["components"]]}
            if kind == kinds.SECTION:
                inner["accessory"] = answer(one["accessory"])
            if kind == kinds.CONTAINER:
                inner |= {"accent_color": one.get("accent_color"), "spoiler": bool(one.get("spoiler"))}
            return inner
        return _control(one)

    def _shown(self, one: Json) -> Json:
        return {
            "media": self._media(one["media"]["url"]),
            "description": one.get("description"),
            "spoiler": bool(one.get("spoiler")),
        }

    def _file(self, one: Json) -> Json:
        url = one["file"]["url"]
        file = self._files.get(url.removeprefix(_ATTACHED))
        return {
            "file": self._media(url),
            "name": file.filename if file else None,
            "size": len(file.data) if file else None,
            "spoiler": bool(one.get("spoiler")),
        }

    def _media(self, url: str) -> Json:
        file = self._files.get(url.removeprefix(_ATTACHED))
        if file is None:
            return {"id": self._ids.new(), "url": url, "proxy_url": url, "width": None, "height": None}
        return {
            "id": self._ids.new(),
            "attachment_id": file.id,
            "url": file.url,
            "proxy_url": file.url,
            "width": file.width,
            "height": file.height,
            "content_type": file.content_type,
        }


def _control(one: Json) -> Json:
    """A button or a select, as it was asked for, with its defaults."""
    rest = {key: value for key, value in one.items() if value is not None and key not in ("type", "id")}
    if one["type"] in kinds.SELECTS:
        rest.pop("required", None)
        return {"min_values": 1, "max_values": 1, **rest}
    return rest
