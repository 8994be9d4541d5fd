"""What a message says when its animation is there, or when there is a reason why it is not."""

from __future__ import annotations

from collections.abc import Mapping

from cogs.drafts import MAX_CONTENT, Draft, Upload
from cogs.headline import headline, plain_headline
from cogs.repeat import command_line, form_line
from cogs.text import code, code_block, inert
from cogs.wording import counted, measured
from engine.config import Preset
from engine.recipe import Giro, kind_of
from engine.stages import format_stages
from engine.store import JobRecord


def finished_draft(record: JobRecord, gif: bytes, presets: Mapping[str, Preset]) -> Draft:
    """Return the message with the GIF, what it is, and how to have it again."""
    recipe = record.recipe
    name = f"{kind_of(recipe)}-{recipe.seed}.gif"
    picture = Upload(name, gif, plain_headline(recipe))
    return _with_repeat(record, [headline(recipe), _facts(record)], presets, [picture])


def failed_draft(record: JobRecord, presets: Mapping[str, Preset]) -> Draft:
    """Return the message that says why there is no GIF; what was asked for is not lost."""
    return _with_repeat(record, [headline(record.recipe), inert(record.error)], presets, [])


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
            counted(report.frames, "frame"),
            f"rendered in {measured(report.seconds)}",
        ]
    return f"-# {code(facts[0])} · {' · '.join(facts[1:])}"


def _with_repeat(record: JobRecord, lines: list[str], presets: Mapping[str, Preset], uploads: list[Upload]) -> Draft:
    """Add the line to copy; one that is too long for a message comes as a file."""
    recipe = record.recipe
    content = "\n".join([*lines, code_block(command_line(recipe, presets))])
    if len(content) > MAX_CONTENT and isinstance(recipe, Giro):
        stages = format_stages(recipe.stages).encode()
        uploads = [*uploads, Upload("stages.txt", stages, "The stages, one on each line")]
        content = "\n".join([*lines, "-# The stages are in the file, to be pasted into the form that this opens:"])
        content += f"\n{code_block(form_line(recipe))}"
    return Draft(content=content, uploads=tuple(uploads), action="again")
