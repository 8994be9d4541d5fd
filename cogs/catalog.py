"""Bring the catalogues up to date with the program: python -m cogs.catalog [--check]

Every text that people read is looked up in the source and among the commands. Each `locales/*.po` keeps the
translations it has, gains what is new with an empty translation, and keeps what is not said any more as obsolete, for
one run, in case it was only reworded. --check changes nothing and ends with 1 if something is left to do.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import string
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po, write_po
from discord import app_commands

from bot import build_client
from cogs.client import Tappa
from cogs.i18n.extraction import Found, find_command_texts, find_source_texts
from cogs.i18n.language import LOCALES, TERMS
from engine.client.client import EngineClient
from studio.config.config import Config
from studio.config.config_file import ConfigFile
from studio.store import Store
from studio.studio import Studio

ROOT = Path(__file__).resolve().parents[1]

_FORMATTER = string.Formatter()
_COUNT = "count!:"
_MENTION = re.compile(r"(?<!\S)/([a-z-]+)")  # of a command


def list_sources(root: Path = ROOT) -> list[Path]:
    """Return the files in which texts for people may stand."""
    rooms = ("cogs", "engine", "studio")
    return [*(path for room in rooms for path in sorted((root / room).rglob("*.py"))), root / "bot.py"]


def make_template(texts: Iterable[Found]) -> Catalog:
    """Return a catalogue of texts, none of them translated."""
    catalogue = Catalog(project="Tappa", fuzzy=False)
    for found in texts:
        catalogue.add(found.message, locations=[(found.file, 0)], context=found.context)
    return catalogue


def read_catalog(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem.replace("-", "_"))


def update_catalog(path: Path, current: Catalog) -> None:
    """Bring one language's file up to date."""
    catalogue = read_catalog(path)
    for message in catalogue.obsolete.values():
        if current.get(_key(message), message.context):  # said again after all
            catalogue.add(message.id, message.string, context=message.context)
    catalogue.obsolete.clear()
    catalogue.update(current, no_fuzzy_matching=True, update_creation_date=False)
    written = io.BytesIO()
    write_po(written, catalogue, width=100, include_lineno=False, sort_by_file=True, omit_header=False)
    path.write_bytes(written.getvalue())


def find_faults(catalogue: Catalog, current: Catalog) -> Iterator[str]:
    """Yield what is wrong with a catalogue: texts that are missing, out of date, doubtful or do not fill in."""
    for message in current:
        if message.id and catalogue.get(_key(message), message.context) is None:
            yield f"not in the file: {_quote(message)}"
    for message in catalogue:
        if message.id:
            yield from (f"{fault}: {_quote(message)}" for fault in _find_faults_in(message, catalogue, current))
    for message in catalogue.obsolete.values():
        yield f"not said any more: {_quote(message)}"


def _find_faults_in(message: Entry, catalogue: Catalog, current: Catalog) -> Iterator[str]:
    source = current.get(_key(message), message.context)
    if source is None:
        yield "not said any more"
        return
    if message.fuzzy:
        yield "marked as fuzzy"
    forms = list(message.string) if isinstance(message.string, tuple | list) else [message.string]
    if not all(forms):
        yield "not translated"
    if source.pluralizable and len(forms) != catalogue.num_plurals:
        yield f"{catalogue.num_plurals} plural forms are needed"
    wanted = [_fields(text) for text in (message.id if isinstance(message.id, tuple | list) else [message.id])]
    least = frozenset.intersection(*wanted) - ({_COUNT} if source.pluralizable else set())  # "una" for "{count}"
    if any(not least <= _fields(form) <= frozenset.union(*wanted) for form in forms if form):
        yield "other {fields} than in English"
    for name in _MENTION.findall(_key(message)):
        called = catalogue.get(name, TERMS[app_commands.TranslationContextLocation.command_name])
        if called and called.string and any(f"/{called.string}" not in form for form in forms if form):
            yield f"/{name} is called /{called.string} in this language"


def _fields(text: str) -> frozenset[str]:
    """Return the names of a template's fields; anything cleverer than a name counts as a field of its own."""
    try:
        parts = list(_FORMATTER.parse(text))
    except ValueError:
        return frozenset({text})
    return frozenset(
        f"{name}!{conversion or ''}:{spec or ''}" for _, name, spec, conversion in parts if name is not None
    )


def _key(message: Entry) -> str:
    return str(message.id[0]) if isinstance(message.id, tuple | list) else str(message.id)


def _quote(message: Entry) -> str:
    return f"“{_key(message)}”" + (f" ({message.context})" if message.context else "")


@asynccontextmanager
async def idle_bot() -> AsyncIterator[Tappa]:
    """Yield the bot with all its cogs, connected to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        config, data = Config(), Path(folder)
        configuration = ConfigFile.without_file(config)
        studio = Studio(configuration, EngineClient(config.engine_setup, data), Store(data))
        async with build_client(configuration, studio) as client:
            await client.setup_hook()
            yield client


async def collect_texts() -> Catalog:
    """Return the template of everything that the program says."""
    async with idle_bot() as bot:
        return make_template([*find_source_texts(ROOT, list_sources()), *find_command_texts(bot.tree)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 1 if a translation is missing or wrong."""
    parser = argparse.ArgumentParser(prog="python -m cogs.catalog", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    current = asyncio.run(collect_texts())
    found: Counter[str] = Counter()
    for path in sorted(LOCALES.glob("*.po")):
        if not options.check:
            update_catalog(path, current)
        for fault in find_faults(read_catalog(path), current):
            sys.stdout.write(f"{path.name}: {fault}\n")
            found[path.name] += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
