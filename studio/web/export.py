"""Exports shares as a directory of web pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from engine.errors import PictureError
from engine.protocol.messages import JobId
from engine.recipe.recipe import to_json
from studio.store import Share
from studio.web.collection import Collection, list_pages
from studio.web.export_directory import ChangeCounts, ExportDirectory
from studio.web.page_renderer import PageLanguage, PageRenderer, list_page_path
from studio.web.share_picture import SharePicture, find_picture

ASSETS = Path(__file__).parent / "assets"


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an export.

    Attributes:
        shares: how many are shown.
        missing: those without a picture that can be read: they are left out.
        for_adults: how many are left out because Discord, too, would show them in age-restricted channels only.
        changes: what it did to the directory.
    """

    shares: int
    missing: tuple[JobId, ...]
    for_adults: int
    changes: ChangeCounts


class ExportSource(msgspec.Struct, frozen=True, kw_only=True):
    """What to export: the shares of one server, where their renders lie, and how the pages speak."""

    shares: Sequence[Share]
    renders: Path
    page_language: PageLanguage


def export_gallery(source: ExportSource, directory: Path) -> ExportResult:
    """Bring a directory in step with the shares.

    What was made where nobody judges pictures is left out: it cannot be known whether it has to be veiled, and a veil
    on the web opens for everybody.

    Raises:
        StorageError: the directory holds something else, or cannot be used.
        ConfigError: there is no such language.
    """
    target = ExportDirectory(directory)
    target.open()
    shares = [share for share in source.shares if not share.adults_only]
    found = {share.id: find_picture(source.renders, share.id) for share in shares}
    pictures = {id: picture for id, picture in found.items() if picture is not None}
    target.announce([path for share in shares for path in _picture_paths(share, pictures.get(share.id))])
    exported = _export_pictures(target, shares, pictures)
    collection = Collection(exported)
    suffixes = {share.id: pictures[share.id].suffix for share in exported}
    pages = PageRenderer(collection, suffixes, source.page_language)
    target.announce(path for path, _ in _text_files(collection, pages))
    for path, written in _text_files(collection, pages):
        target.put(path, written().encode())
    kept = {share.id for share in exported}
    missing = tuple(share.id for share in shares if share.id not in kept)
    for_adults = len(source.shares) - len(shares)
    return ExportResult(shares=len(exported), missing=missing, for_adults=for_adults, changes=target.finish())


def _export_pictures(
    target: ExportDirectory, shares: Sequence[Share], pictures: dict[JobId, SharePicture]
) -> list[Share]:
    """Copy every picture and make its still; return the shares for which both went well.

    Reading and encoding let go of the interpreter, so threads help even though the rest is Python.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        went_well = pool.map(partial(_export_picture, target, pictures), shares)
        return [share for share, well in zip(shares, went_well, strict=True) if well]


def _export_picture(target: ExportDirectory, pictures: dict[JobId, SharePicture], share: Share) -> bool:
    picture = pictures.get(share.id)
    if picture is None:
        return False
    still, moving = _picture_paths(share, picture)
    try:
        target.make(still, f"{picture.stamp}-{share.nsfw}", picture.veiled if share.nsfw else picture.still)
        target.make(moving, picture.stamp, picture.copy)
    except (PictureError, OSError):
        return False  # deleted in this moment, or no picture: the gallery goes without it
    return True


def _picture_paths(share: Share, picture: SharePicture | None) -> tuple[str, ...]:
    return (f"pictures/{share.id}.webp", f"pictures/{share.id}{picture.suffix}") if picture else ()


def _text_files(collection: Collection, pages: PageRenderer) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the path of every text file and a function that renders it: all at once may not fit into memory."""
    for asset in sorted(ASSETS.iterdir()):
        yield f"assets/{asset.name}", partial(asset.read_text, encoding="utf-8")
    for sheet in list_pages(collection.shares):
        yield list_page_path("index", sheet.number), partial(pages.index, sheet)
    if collection.best:
        for sheet in list_pages(collection.best):
            yield list_page_path("best", sheet.number), partial(pages.best, sheet)
    yield "makers.html", pages.makers
    for maker in collection.makers:
        for sheet in list_pages(maker.shares):
            yield list_page_path(f"makers/{maker.key}", sheet.number), partial(pages.maker, maker, sheet)
    for share in collection.shares:
        yield f"renders/{share.id}.html", partial(pages.render, share)
        yield f"renders/{share.id}.json", partial(to_json, share.recipe)
