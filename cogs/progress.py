"""What a message says while its animation is being made."""

from __future__ import annotations

from cogs.drafts import Draft, Upload
from cogs.headline import headline
from cogs.wording import about, counted, ordinal
from engine.live import Live
from engine.messages import Progress, Standing

_CELLS = 16


def progress_draft(live: Live, standing: Standing | None, *, loaded: bool, preview: Upload | None) -> Draft:
    """Return the message for one moment of a job.

    Args:
        live: the moment.
        standing: where the job stands, if the engine has said so.
        loaded: whether the model is loaded.
        preview: a picture to show in the place of the one that is there; None leaves that.
    """
    lines = [headline(live.record.recipe), _situation(live, standing, loaded)]
    if live.restarts and not live.restarting:
        times = "once" if live.restarts == 1 else f"{live.restarts} times"
        lines.append(f"-# The engine stopped {times} on the way and was started again; no finished frame was lost.")
    return Draft(content="\n".join(lines), uploads=(preview,) if preview else None, action="cancel")


def preview_upload(live: Live) -> Upload | None:
    """Return the latest picture as a file to attach, if there is one."""
    if live.preview is None:
        return None
    shown = live.preview.frame + 1
    return Upload(f"preview{live.preview.suffix}", live.preview.image, f"Frame {shown} of the animation in the making")


def remaining(standing: Standing | None) -> str:
    """Return how long a job will still take, or that this is being measured."""
    if standing is None or standing.seconds_left is None:
        return "time left: measuring"
    return f"{about(standing.seconds_left)} left"


def _situation(live: Live, standing: Standing | None, loaded: bool) -> str:
    if live.restarting:
        kept = counted(live.progress.frames_done if live.progress else 0, "frame")
        return f"The engine stopped; starting it again, {kept} {'is' if kept.startswith('1 ') else 'are'} kept."
    if live.progress is not None:
        return _bar(live.progress, standing)
    if not loaded:
        return "Waiting: the model is being loaded."
    if standing is None:
        return "Waiting in line."
    if standing.position == 0:
        return f"Starting · {remaining(standing)}"
    return f"Waiting: {ordinal(standing.position)} in line · {remaining(standing)}"


def _bar(progress: Progress, standing: Standing | None) -> str:
    done = progress.calls_done / progress.calls if progress.calls else 0.0
    filled = int(done * _CELLS)
    bar = "▰" * filled + "▱" * (_CELLS - filled)
    return f"{bar} {int(done * 100)} % · frame {progress.frames_done} of {progress.frames} · {remaining(standing)}"
