"""The CDN: files by signed address."""

from __future__ import annotations

import io
import mimetypes
import re
import secrets
import time

import msgspec
from aiohttp import web
from PIL import Image, UnidentifiedImageError

from playground.world.model import Attachment
from playground.world.snowflake import Snowflakes

_LIFETIME_SECONDS = 24 * 60 * 60


class Upload(msgspec.Struct, frozen=True):
    """A file as it came in: its name and its bytes."""

    filename: str
    data: bytes


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file belongs, and what its owner says about it."""

    channel_id: str
    description: str | None = None
    ephemeral: bool = False


class Cdn:
    """Keeps files and serves them under addresses that nobody can guess, as Discord's signed ones."""

    def __init__(self, ids: Snowflakes, base_url: str) -> None:
        self._ids = ids
        self._base_url = base_url
        self._files: dict[str, Attachment] = {}

    def store(self, upload: Upload, place: Place) -> Attachment:
        """Keep a file and return it with its address, type and, for a picture, its size in pixels."""
        file_id = self._ids.new()
        filename = re.sub(r"[^A-Za-z0-9._-]", "_", upload.filename) or "unknown"
        issued = int(time.time())
        signature = f"ex={issued + _LIFETIME_SECONDS:x}&is={issued:x}&hm={secrets.token_hex(32)}"
        width, height = _pixels(upload.data)
        stored = Attachment(
            id=file_id,
            filename=filename,
            url=f"{self._base_url}/attachments/{place.channel_id}/{file_id}/{filename}?{signature}",
            data=upload.data,
            content_type=mimetypes.guess_type(filename)[0] or "application/octet-stream",
            description=place.description,
            width=width,
            height=height,
            ephemeral=place.ephemeral,
        )
        self._files[file_id] = stored
        return stored

    async def serve(self, request: web.Request) -> web.Response:
        """Answer GET /attachments/{channel_id}/{file_id}/{filename}?ex=&is=&hm="""
        stored = self._files.get(request.match_info["file_id"])
        if stored is None or not stored.url.endswith(request.rel_url.raw_path_qs):
            return web.Response(status=404, text="This content is no longer available.")
        safe = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
        return web.Response(body=stored.data, content_type=stored.content_type, headers=safe)


def _pixels(data: bytes) -> tuple[int, int] | tuple[None, None]:
    """Return a picture's width and height, read from its header; (None, None) for anything else."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except UnidentifiedImageError:
        return None, None
