"""What a message says when its job is over: the animation, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from cogs.delivery.progress import note_lines
from cogs.i18n.language import Language
from cogs.renders.lineage import format_seeds, lineage_line
from cogs.renders.recipe_file import attachment_note, file_of, upload_of
from cogs.ui.drafts import MAX_MODAL_TEXT, MAX_STAGES_TEXT, ROOM, Action, Draft, Upload
from cogs.ui.headline import headline, plain_headline
from cogs.ui.markdown import brief, code_block, fit_lines, inert
from cogs.ui.wording import format_measured
from engine.protocol.messages import Report
from engine.recipe.command_line import command_line, form_line
from engine.recipe.edits import with_survey_result
from engine.recipe.preset import Preset
from engine.recipe.recipe import Giro, Morph, Recipe, Variations, kind_of
from engine.recipe.stages import format_stages
from studio.store import JobRecord, Render

_LONGEST_REASON = 800


class Files(msgspec.Struct, frozen=True):
    """The files of a finished job: its render and, if several seeds were tried, their contact sheet."""

    render: Render
    tries: bytes | None = None


def finished_draft(
    record: JobRecord, files: Files, presets: Mapping[str, Preset], say: Language, parent: JobRecord | None = None
) -> Draft:
    """Return the message with the animation, what it is, what it was made from, and how to repeat it."""
    recipe, render = _rendered_recipe(record), files.render
    name = f"{kind_of(recipe)}-{recipe.seed}{render.suffix}"
    uploads = [Upload(name, render.data, plain_headline(recipe, say), is_spoiler=_flagged_frames(record) > 0)]
    lines = [headline(recipe, say), _facts_line(record, say), *_spoiler_lines(record, say), *note_lines(record, say)]
    if parent is not None:
        lines.append(lineage_line(record, parent, say))
    if files.tries is not None:
        count = _tried_seeds(record)
        description = say.plural(
            "Contact sheet of {count} seed that was tried, the best first",
            "Contact sheet of the {count} seeds that were tried, the best first",
            count,
        )
        uploads.append(Upload(f"tries-{recipe.seed}.png", files.tries, description, is_spoiler=uploads[0].is_spoiler))
        line = say.plural(
            "The best of {count} seed; a number renders another one in full.",
            "The best of {count} seeds; a number renders another one in full.",
            count,
        )
        lines.append(f"-# {line}")
    return _add_repeat(record, lines, presets, uploads, say)


def failed_draft(record: JobRecord, presets: Mapping[str, Preset], say: Language) -> Draft:
    """Return the message that says why there is no animation, and how to order it again."""
    return _add_repeat(record, [headline(record.recipe, say), _reason(record, say)], presets, [], say)


def bare_draft(record: JobRecord, say: Language) -> Draft:
    """Return a shorter message of that kind, in case Discord refuses the other one."""
    return Draft(content="\n".join([headline(record.recipe, say), _reason(record, say)]), uploads=())


def _reason(record: JobRecord, say: Language) -> str:
    if record.error is None:
        return say("Cancelled.") if record.state == "cancelled" else ""
    return brief(say.sentence(record.error), _LONGEST_REASON)


def _rendered_recipe(record: JobRecord) -> Recipe:
    """Return the recipe with the seed that was chosen, if several were tried."""
    return with_survey_result(record.recipe, record.survey_result)


def _tried_seeds(record: JobRecord) -> int:
    """Return the number of seeds that were tried; 0 for a single one."""
    found = record.survey_result
    return len(found.seeds) if found is not None and len(found.seeds) > 1 else 0


def _actions(record: JobRecord) -> tuple[Action, ...]:
    """Return the buttons for a job that is over; only a server has a gallery to share it in."""
    if record.state not in ("done", "delivered"):
        return ("again", "remix")
    share: tuple[Action, ...] = ("share",) if record.answer.server else ()
    match record.recipe:
        case Variations():
            return ("pick", "others", "remix", *share)
        case Giro():
            return ("again", "remix", "extend", "variations", *share)
        case Morph() if _tried_seeds(record):
            return ("tries", "again", "remix", "variations", *share)
        case _:
            return ("again", "remix", "variations", *share)


def _facts_line(record: JobRecord, say: Language) -> str:
    report, plan = record.report, record.plan
    facts = [format_seeds(_rendered_recipe(record), say)]
    if plan is not None:
        facts.append(inert(plan.model))
    if report is not None:
        facts += [
            f"{report.width}×{report.height}",
            _format_count(record.recipe, report, say),
            say("rendered in {time}", time=format_measured(report.seconds, say)),
        ]
        if report.retried:
            facts.append(
                say.plural(
                    "{count} frame came out spoilt and was made again",
                    "{count} frames came out spoilt and were made again",
                    report.retried,
                )
            )
    return f"-# {' · '.join(facts)}"


def _spoiler_lines(record: JobRecord, say: Language) -> list[str]:
    if not (flagged := _flagged_frames(record)):
        return []
    why = say.plural(
        "Behind a spoiler: the safety checker objected to {count} frame; it is blurred.",
        "Behind a spoiler: the safety checker objected to {count} frames; they are blurred.",
        flagged,
    )
    return [f"-# {why}"]


def _flagged_frames(record: JobRecord) -> int:
    return record.report.flagged if record.report else 0


def _format_count(recipe: Recipe, report: Report, say: Language) -> str:
    if isinstance(recipe, Variations):
        return say.plural("{count} picture", "{count} pictures", report.frames)
    if report.gif_frames == report.frames:
        return say.plural("{count} frame", "{count} frames", report.frames)
    return say.plural(
        "{shown} of {count} frame, to fit the upload limit",
        "{shown} of {count} frames, to fit the upload limit",
        report.frames,
        shown=report.gif_frames,
    )


def _add_repeat(
    record: JobRecord, lines: list[str], presets: Mapping[str, Preset], uploads: list[Upload], say: Language
) -> Draft:
    """Add how to repeat the render, in the first way that fits; other lines that do not fit are left out."""
    ways = list(_ways_to_repeat(record, presets, say))
    repeat, files = next((way for way in ways if len("\n".join([*lines, *way[0]])) <= ROOM), ways[-1])
    below = "\n".join(repeat)
    content = "\n".join([fit_lines(lines, ROOM - len(below) - 1), *repeat])
    return Draft(content=content, uploads=(*uploads, *files), actions=_actions(record), tries=_tried_seeds(record))


def _ways_to_repeat(
    record: JobRecord, presets: Mapping[str, Preset], say: Language
) -> Iterator[tuple[list[str], list[Upload]]]:
    """Yield lines and files: the command; the command with its stages in a file; the recipe as a file."""
    recipe = record.asked_recipe
    if isinstance(recipe, Variations):  # there is no command for it, and each of its seeds is a button
        yield [], []
        return
    if (line := command_line(recipe, presets)) is not None:
        yield [code_block(line)], []
    form = form_line(recipe) if isinstance(recipe, Giro) else None
    if isinstance(recipe, Giro) and form is not None and len(stages := format_stages(recipe.stages)) <= MAX_STAGES_TEXT:
        where = (
            say("-# The stages are in the file; paste them into the form that this opens:")
            if len(stages) <= MAX_MODAL_TEXT
            else say("-# The stages are in the file; give them as stages to:")
        )
        file = Upload("stages.txt", stages.encode(), say("The stages, one on each line"))
        yield [where, code_block(form)], [file]
    yield [attachment_note(line, say)], [upload_of(file_of(record), say)]
