"""`python -m engine gallery export DIR`: the command line of the web gallery."""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.config.config import StorageConfig
from studio.store.store import RENDERS
from studio.web.export import ExportResult, ExportSource, export_gallery
from studio.web.languages import SOURCE_LANGUAGE, languages
from studio.web.page_renderer import PageLanguage
from studio.web.source import read_shares

log = logging.getLogger(__name__)

DEFAULT_TITLE = "Tappa"


def add_gallery(kinds: Any) -> None:
    """Add `gallery` to the commands of `python -m engine`; an option that was not given is not in the namespace."""
    gallery = kinds.add_parser("gallery", help="the shared renders as web pages", argument_default=argparse.SUPPRESS)
    actions = gallery.add_subparsers(dest="action", metavar="ACTION", required=True)
    parser = actions.add_parser(
        "export",
        help="bring a directory of static pages in step with what is shared",
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument
    add("directory", type=Path, metavar="DIR", help="empty, new, or an earlier export")
    add("--server", metavar="ID", help="whose shares; needed where members of several servers share")
    add("--data", type=Path, metavar="DIR", help=f"the bot's data directory (default: {StorageConfig().data})")
    add("--language", choices=languages(), help=f"of the pages (default: {SOURCE_LANGUAGE})")
    add("--address", type=_address, metavar="URL", help="where the pages will be, for previews of links to them")
    add("--title", help=f"what the gallery is called (default: {DEFAULT_TITLE})")


def run_gallery(options: Mapping[str, Any]) -> str:
    """Export, and return the line that says what became of it.

    Raises:
        StorageError: the data directory or the target cannot be used, or it is not clear which server is meant.
    """
    data = options.get("data", Path(StorageConfig().data))
    source = ExportSource(
        shares=asyncio.run(read_shares(data, options.get("server"))),
        renders=data / RENDERS,
        page_language=PageLanguage(
            title=options.get("title", DEFAULT_TITLE),
            language=options.get("language", SOURCE_LANGUAGE),
            address=options.get("address", ""),
        ),
    )
    exported = export_gallery(source, options["directory"])
    for job in exported.missing:
        log.warning("%s: its picture is gone or cannot be read, so it is left out.", job)
    return _summary(exported, options["directory"])


def _address(typed: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", typed):
        raise argparse.ArgumentTypeError("an address such as https://example.org/gallery/ is needed")
    return f"{typed.rstrip('/')}/"


def _summary(exported: ExportResult, directory: Path) -> str:
    changes = exported.changes
    files = f"{changes.written} files written, {changes.unchanged} unchanged, {changes.removed} removed"
    left_out = f", {exported.for_adults} for adults left out" if exported.for_adults else ""
    return f"{directory / 'index.html'}: {exported.shares} shared renders{left_out}; {files}"
