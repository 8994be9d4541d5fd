"""Lists of stages, as people write them.

a road by the sea, sunny day | 50; a road going up a mountain | 50     one line, or one stage a line
[‘a road by the sea, trees on the right’, 50], [“a road up”, 25]       as the seed document prints it
[["a road by the sea", 50]] or [{"prompt": "…", "frames": 50}]         JSON
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from engine.errors import RecipeError
from engine.recipe.recipe import MAX_FRAMES, MAX_PROMPT, MAX_STAGES, Stage
from engine.sentence import Sentence

DEFAULT_FRAMES = 25

SEED_STAGES = (
    Stage("a wide street in a rural town in Tuscany, springtime", 25),
    Stage("a road in the countryside, in Tuscany, springtime", 25),
    Stage("a road by the sea, trees on the right, sunny day, Italy", 50),
    Stage("a road going up a mountain, Dolomites, sunny day", 50),
    Stage("a road descending a mountain, Dolomites, Italy", 25),
    Stage("a road in the countryside, cypress trees, Tuscany", 50),
    Stage("a narrow road through a medieval town in Tuscany, sunny day", 50),
)
"""The seven stages of the blog post this program comes from: 275 frames."""

_QUOTES = "'\"‘’‚‛“”„‟`´′″«»‹›"
# The prompt's length is bounded: else a text of nothing but brackets and quotes would take seconds to refuse.
_BRACKETED = re.compile(
    rf"[\[(]\s*[{_QUOTES}](?P<prompt>.{{0,{2 * MAX_PROMPT}}}?)[{_QUOTES}]\s*(?:,\s*(?P<frames>[^\s,\])]+)\s*)?[\])]",
    re.DOTALL,
)
_HELP = Sentence("write a stage as `a road by the sea | 50`, stages separated by `;` or on lines of their own")


def parse_stages(text: str) -> tuple[Stage, ...]:
    """Read a list of stages in any of the forms above; a stage without a number gets `DEFAULT_FRAMES`.

    Raises RecipeError for no stage, too many, or one with a prompt or a number of frames that is not allowed.
    """
    pairs = _split_stages(text.strip())
    if not pairs:
        raise RecipeError("There is no stage: {help}.", help=_HELP)
    if len(pairs) > MAX_STAGES:
        raise RecipeError("There are {count} stages; at most {limit} are possible.", count=len(pairs), limit=MAX_STAGES)
    return tuple(_check_stage(number, prompt, frames) for number, (prompt, frames) in enumerate(pairs, 1))


def format_stages(stages: tuple[Stage, ...], separator: str = "\n") -> str:
    """Write stages the way `parse_stages` reads them."""
    return separator.join(f"{stage.prompt} | {stage.frames}" for stage in stages)


def _split_stages(text: str) -> list[tuple[Any, Any]]:
    if not text.startswith(("[", "{", "(")):
        return list(_split_lines(text))
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError):  # the latter for thousands of brackets
        return list(_split_brackets(text))  # the seed's own notation also begins with a bracket
    return _split_json(raw)


def _split_json(raw: Any) -> list[tuple[Any, Any]]:
    entries = raw if isinstance(raw, list) else raw.get("stages", raw)
    if not isinstance(entries, list):
        entries = [entries]
    if len(entries) == 2 and isinstance(entries[0], str) and isinstance(entries[1], int):
        entries = [entries]  # a single ["prompt", 50]
    return [_read_json_entry(entry) for entry in entries]


def _read_json_entry(entry: Any) -> tuple[Any, Any]:
    match entry:
        case str(prompt) | [str(prompt)]:
            return prompt, DEFAULT_FRAMES
        case [prompt, frames]:
            return prompt, frames
        case {"prompt": prompt, **rest} if not rest.keys() - {"frames"}:
            return prompt, rest.get("frames", DEFAULT_FRAMES)
    raise RecipeError('A stage in JSON is ["a road by the sea", 50], not {entry}.', entry=json.dumps(entry)[:80])


def _split_brackets(text: str) -> list[tuple[str, str]]:
    found = list(_BRACKETED.finditer(text))
    rest = _BRACKETED.sub("", text).strip(" \t\r\n,;[]()")
    if not found or rest:
        raise RecipeError(
            "This list of stages cannot be read near “{place}”: {help}.", place=(rest or text)[:40], help=_HELP
        )
    return [(match["prompt"], match["frames"] or str(DEFAULT_FRAMES)) for match in found]


def _split_lines(text: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, map(str.strip, re.split(r"[;\n]", text))):
        prompt, bar, frames = part.rpartition("|")
        yield (prompt.strip(), frames.strip()) if bar else (part, str(DEFAULT_FRAMES))


def _check_stage(number: int, prompt: Any, frames: Any) -> Stage:
    if not isinstance(prompt, str) or not prompt.strip():
        raise RecipeError("Stage {number} has no prompt: {help}.", number=number, help=_HELP)
    if len(prompt.strip()) > MAX_PROMPT:
        raise RecipeError(
            "The prompt of stage {number} has {count} characters; at most {limit} are possible.",
            number=number,
            count=len(prompt.strip()),
            limit=MAX_PROMPT,
        )
    if isinstance(frames, str) and re.fullmatch(r"[+-]?\d{1,9}", frames):
        frames = int(frames)
    if not isinstance(frames, int) or isinstance(frames, bool) or not 1 <= frames <= MAX_FRAMES:
        raise RecipeError(
            "Stage {number} has {frames} for its frames: it needs a whole number of frames between 1 and {limit}.",
            number=number,
            frames=repr(str(frames)[:20]),
            limit=MAX_FRAMES,
        )
    return Stage(prompt.strip(), frames)


def spread_frames(stages: tuple[Stage, ...], frames: int) -> tuple[Stage, ...]:
    """Stretch or shrink stages to add up to `frames`; with fewer frames than stages the last ones are dropped.

    Raises RecipeError if a giro cannot have so many frames.
    """
    if not 1 <= frames <= MAX_FRAMES:
        raise RecipeError("frames must be between 1 and {limit}, not {frames}.", limit=MAX_FRAMES, frames=frames)
    kept = stages[:frames]
    total = sum(stage.frames for stage in kept)
    spread: list[Stage] = []
    before = 0
    for number, stage in enumerate(kept, 1):
        before += stage.frames
        ends = round(frames * before / total)
        used = sum(earlier.frames for earlier in spread)
        # every stage gets at least one frame, and leaves one for each stage after it
        share = min(max(1, ends - used), frames - used - (len(kept) - number))
        spread.append(Stage(stage.prompt, share))
    return tuple(spread)
