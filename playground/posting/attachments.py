"""Which files a message holds after a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from playground.errors import Json
from playground.posting.cdn import Upload
from playground.validation.form import Form
from playground.validation.message import MAX_ATTACHMENTS
from playground.world.model import Attachment

Store = Callable[[Upload, Json], Attachment]


def create(declared: list[Json] | None, uploads: Mapping[str, Upload], store: Store) -> tuple[Attachment, ...]:
    """Return a new message's files: every upload, described by its entry in `declared` if it has one.

    Raises:
        ApiError: 50035, an entry without a file, or too many files.
    """
    entries = declared or []
    _refuse_missing(entries, uploads, frozenset())
    described = {_upload_key(entry): entry for entry in entries}
    return _counted(tuple(store(upload, described.get(key, {})) for key, upload in uploads.items()))


def edit(
    held: tuple[Attachment, ...],
    declared: list[Json] | None,
    uploads: Mapping[str, Upload],
    store: Store,
) -> tuple[Attachment, ...]:
    """Return an edited message's files.

    Without a list every held file stays and every upload is added. With one, exactly what it names remains:
    held files that are left out are dropped.

    Raises:
        ApiError: 50035, an entry that names neither a held file nor an upload, or too many files.
    """
    if declared is None:
        return _counted((*held, *(store(upload, {}) for upload in uploads.values())))
    by_id = {one.id: one for one in held}
    _refuse_missing(declared, uploads, frozenset(by_id))
    files = []
    for entry in declared:
        kept = by_id.get(str(entry["id"]))
        if kept is None:
            files.append(store(uploads[_upload_key(entry)], entry))
        else:
            description = entry.get("description", kept.description)
            files.append(msgspec.structs.replace(kept, description=description))
    return _counted(tuple(files))


def _upload_key(entry: Json) -> str:
    return f"files[{entry['id']}]"


def _refuse_missing(entries: list[Json], uploads: Mapping[str, Upload], held: frozenset[str]) -> None:
    form = Form()
    for n, entry in enumerate(entries):
        if str(entry["id"]) not in held and _upload_key(entry) not in uploads:
            place = form.at / "attachments" / n / "id"
            place.problem("ATTACHMENT_NOT_FOUND", "Attachment data not found")
    form.refuse_problems()


def _counted(files: tuple[Attachment, ...]) -> tuple[Attachment, ...]:
    form = Form()
    (form.at / "attachments").listing(files, 0, MAX_ATTACHMENTS)
    form.refuse_problems()
    return files
