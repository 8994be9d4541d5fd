"""What a message says when its animation is there, or when there is a reason why it is not."""

from __future__ import annotations

from collections.abc import Mapping

from cogs.drafts import MAX_CONTENT, MAX_MODAL_TEXT, Draft, Upload
from cogs.headline import headline, plain_headline
from cogs.repeat import command_line, form_line
from cogs.text import code, code_block, inert, shorten
from cogs.wording import counted, measured
from engine.config import Preset
from engine.messages import Report
from engine.recipe import Giro, kind_of
from engine.stages import format_stages
from engine.store import JobRecord

ROOM = MAX_CONTENT - 100
"""Characters for a result: whom it is for may have to be said in front of it."""

_LONGEST_REASON = 500


def finished_draft(record: JobRecord, gif: bytes, presets: Mapping[str, Preset]) -> Draft:
    """Return the message with the GIF, what it is, and how to have it again."""
    recipe = record.recipe
    name = f"{kind_of(recipe)}-{recipe.seed}.gif"
    picture = Upload(name, gif, plain_headline(recipe))
    return _with_repeat(record, [headline(recipe), _facts(record)], presets, [picture])


def failed_draft(record: JobRecord, presets: Mapping[str, Preset]) -> Draft:
    """Return the message that says why there is no GIF; what was asked for is not lost."""
    return _with_repeat(record, [headline(record.recipe), inert(shorten(record.error, _LONGEST_REASON))], presets, [])


def cancelled_draft(record: JobRecord, presets: Mapping[str, Preset]) -> Draft:
    """Return the message of a job that was called off."""
    return _with_repeat(record, [headline(record.recipe), "Cancelled."], presets, [])


def _facts(record: JobRecord) -> str:
    report, plan = record.report, record.plan
    facts = [f"seed {record.recipe.seed}"]
    if plan is not None:
        facts.append(inert(plan.model))
    if report is not None:
        facts += [
            f"{report.width}×{report.height}",
            _frames(report),
            f"rendered in {measured(report.seconds)}",
        ]
    return f"-# {code(facts[0])} · {' · '.join(facts[1:])}"


def _frames(report: Report) -> str:
    if report.gif_frames == report.frames:
        return counted(report.frames, "frame")
    return f"{report.gif_frames} of {counted(report.frames, 'frame')}, to fit the upload limit"


def _with_repeat(record: JobRecord, lines: list[str], presets: Mapping[str, Preset], uploads: list[Upload]) -> Draft:
    """Add the line to copy; stages that are too long for a message come as a file."""
    recipe = record.recipe
    content = "\n".join([*lines, code_block(command_line(recipe, presets))])
    if len(content) > ROOM and isinstance(recipe, Giro):
        stages = format_stages(recipe.stages)
        where = (
            "paste them into the form that this opens" if len(stages) <= MAX_MODAL_TEXT else "give them as stages to"
        )
        content = "\n".join([*lines, f"-# The stages are in the file; {where}:", code_block(form_line(recipe))])
        uploads = [*uploads, Upload("stages.txt", stages.encode(), "The stages, one on each line")]
    return Draft(content=content, uploads=tuple(uploads), action="again")
