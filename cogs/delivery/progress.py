"""What a message says while its animation is rendered."""

from __future__ import annotations

from cogs.i18n.language import Language
from cogs.ui.drafts import ROOM, Draft, Upload
from cogs.ui.headline import headline
from cogs.ui.markdown import fit_lines, inert
from cogs.ui.wording import format_ordinal, format_remaining
from engine.protocol.messages import Progress, Standing
from engine.recipe.recipe import Morph
from studio.orders.job_snapshot import JobSnapshot
from studio.store import JobRecord

_CELLS = 16


def progress_draft(
    snapshot: JobSnapshot, standing: Standing | None, say: Language, *, loaded: bool, preview: Upload | None
) -> Draft:
    """Return the message for a job that is not over.

    `loaded` says whether the model is; `preview` replaces the picture in the message, and None leaves that.
    """
    lines = [headline(snapshot.record.recipe, say), _status_line(snapshot, standing, say, loaded=loaded)]
    if snapshot.restarts and not snapshot.restarting:
        lines.append(
            say.plural(
                "-# The engine stopped once on the way and was started again; no finished frame was lost.",
                "-# The engine stopped {count} times on the way and was started again; no finished frame was lost.",
                snapshot.restarts,
            )
        )
    lines += note_lines(snapshot.record, say)
    return Draft(content=fit_lines(lines, ROOM), uploads=(preview,) if preview else None, actions=("cancel",))


def note_lines(record: JobRecord, say: Language) -> list[str]:
    """Return the notes on what was changed about an order, one a line."""
    return [f"-# {inert(say.sentence(note))}" for note in record.notes]


def preview_upload(snapshot: JobSnapshot, say: Language) -> Upload | None:
    """Return the latest preview as a file to attach, if there is one."""
    if snapshot.preview is None:
        return None
    description = say("Frame {number} of the animation in the making", number=snapshot.preview.frame + 1)
    return Upload(f"preview{snapshot.preview.suffix}", snapshot.preview.image, description)


def _status_line(snapshot: JobSnapshot, standing: Standing | None, say: Language, *, loaded: bool) -> str:
    if snapshot.restarting:
        return say.plural(
            "The engine stopped; starting it again, {count} frame is kept.",
            "The engine stopped; starting it again, {count} frames are kept.",
            snapshot.progress.frames_done if snapshot.progress else 0,
        )
    if (
        snapshot.progress is not None
        and not snapshot.progress.frames_done
        and (count := _seeds_to_try(snapshot.record))
    ):
        trying = say.plural("Trying {count} seed…", "Trying {count} seeds…", count)
        return f"{trying} · {format_remaining(standing, say)}"
    if snapshot.progress is not None:
        return _progress_bar(snapshot.progress, standing, say)
    if not loaded:
        return say("Waiting: the model is being loaded.")
    if standing is None:
        return say("Waiting in line.")
    if standing.held:
        return say("Waiting: an administrator has paused new animations; it begins when they go on.")
    if standing.position == 0:
        return say("Starting · {left}", left=format_remaining(standing, say))
    place = format_ordinal(standing.position, say)
    return say("Waiting: {place} in line · {left}", place=place, left=format_remaining(standing, say))


def _seeds_to_try(record: JobRecord) -> int:
    """Return the number of seeds that are tried first; 0 for a single one."""
    return record.recipe.tries if isinstance(record.recipe, Morph) and record.recipe.tries > 1 else 0


def _progress_bar(progress: Progress, standing: Standing | None, say: Language) -> str:
    done = progress.calls_done / progress.calls if progress.calls else 0.0
    filled = int(done * _CELLS)
    return say(
        "{bar} {percent} % · frame {done} of {frames} · {left}",
        bar="▰" * filled + "▱" * (_CELLS - filled),
        percent=int(done * 100),
        done=progress.frames_done,
        frames=progress.frames,
        left=format_remaining(standing, say),
    )
