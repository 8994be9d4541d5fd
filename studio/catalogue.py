"""Reads gettext catalogues as translators write them, for the cogs and for the web gallery."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def read_catalogue(path: Path) -> gettext.GNUTranslations:
    """Return the words of a .po file named after its language, such as pt-BR.po; fuzzy entries do not count."""
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=path.stem.replace("-", "_")))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
