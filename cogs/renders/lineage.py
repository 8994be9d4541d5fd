"""Where a render comes from: who made it, when and how, and what it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from cogs.i18n.language import Language
from cogs.ui.drafts import MAX_CONTENT
from cogs.ui.headline import headline, short_title
from cogs.ui.markdown import brief, code, inert, shorten
from engine.recipe.edits import with_seed
from engine.recipe.recipe import Animation, Morph, Recipe, Variations
from studio.store import JobRecord, Share

_NAME = 40
_ROOM_FOR_MORE = 60


def lineage_line(child: JobRecord, parent: JobRecord, say: Language) -> str:
    """Return the line of a result, `child`, that says what it was made from."""
    words = {"title": inert(short_title(parent.recipe, say)), "maker": _maker(parent)}
    if differ_by_seed(child.recipe, parent.recipe):
        made_from = say("another seed of {title} by {maker}", **words)
    else:
        made_from = say("remixed from {title} by {maker}", **words)
    answer = parent.answer
    if answer.message is None:
        return f"-# ↳ {made_from}"
    address = f"https://discord.com/channels/{answer.server or '@me'}/{answer.channel}/{answer.message}"
    return f"-# ↳ {made_from} · [{say('see it')}]({address})"


def origin_note(line: Sequence[JobRecord], share: Share | None, say: Language) -> str:
    """Return what there is to know of a render.

    Args:
        line: the render, what it was made from, what that was made from, and so on.
        share: the render in the gallery, if it is there.
        say: the reader's language.
    """
    record = line[0]
    when = f"<t:{int(record.created)}:f>"
    recipe = record.final_recipe
    lines = [headline(recipe, say), say("Made by {maker}, {when}", maker=_maker(record), when=when)]
    facts = [format_seeds(recipe, say)]
    if record.plan is not None:
        facts.append(inert(record.plan.model))
    lines.append(" · ".join(facts))
    if recipe.negative:
        negative = brief(recipe.negative, 200)
        lines.append(say("Led away from: {negative}", negative=negative))
    if share is not None:
        votes = say.plural("{count} vote", "{count} votes", share.votes)
        lines.append(say("In the gallery since {when}, with {votes}", when=f"<t:{int(share.shared)}:f>", votes=votes))
    return _with_lineage("\n".join(lines), line, say)


def _with_lineage(content: str, line: Sequence[JobRecord], say: Language) -> str:
    """Add what each was made from, as far back as there is room for, and that there is more where there is."""
    told = [lineage_line(child, parent, say) for child, parent in pairwise(line)]
    for number, sentence in enumerate(told):
        if len(content) + len(sentence) > MAX_CONTENT - _ROOM_FOR_MORE:
            return f"{content}\n{_more(line, len(told) - number, say)}"
        content = f"{content}\n{sentence}"
    return content


def _more(line: Sequence[JobRecord], count: int, say: Language) -> str:
    """Say how many are not told; where the line goes on, farther than it was followed or may be, that is no number."""
    if line[-1].parent is not None:
        return f"-# ↳ {say('and more before that')}"
    return f"-# ↳ {say.plural('and {count} more before that', 'and {count} more before that', count)}"


def format_seeds(recipe: Recipe, say: Language) -> str:
    """Return the seed of an animation, or the numbered ones of a contact sheet, easy to copy."""
    if isinstance(recipe, Variations):
        numbered = " ".join(code(f"{number}: {seed}") for number, seed in enumerate(recipe.seeds, 1))
        return say("seeds {seeds}", seeds=numbered)
    return code(say("seed {seed}", seed=recipe.seed))


def differ_by_seed(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes ask for the same animation with another seed."""
    if isinstance(one, Variations) or isinstance(other, Variations):
        return False
    return _but_for_seed(one) == _but_for_seed(other)


def _but_for_seed(recipe: Animation) -> Animation:
    """Return a recipe as it is with any seed, however that was found."""
    plain = with_seed(recipe, 0)
    return msgspec.structs.replace(plain, tries=1) if isinstance(plain, Morph) else plain


def _maker(record: JobRecord) -> str:
    return f"**{inert(shorten(record.member.name, _NAME))}**"


def link_to(share: Share) -> str | None:
    """Return the address of the message where a share was posted; None where there is none."""
    if share.message is None:
        return None
    return f"https://discord.com/channels/{share.server}/{share.channel}/{share.message}"
