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
    """Return the line under a result, `child`, that says what it was made from."""
    title, answer = inert(short_title(parent.recipe, say)), parent.answer
    line = made_from_line(child.recipe, parent.recipe, title, _bold_maker(parent), say)
    if answer.message is None:
        return line
    address = _message_address(answer.server, answer.channel, answer.message)
    return f"{line} · [{say('see it')}]({address})"


def made_from_line(child: Recipe, parent: Recipe, title: str, maker: str, say: Language) -> str:
    """Return the line that says what a recipe was made from, given the parent's title and maker as markdown."""
    if differ_by_seed(child, parent):
        return f"-# ↳ {say('another seed of {title} by {maker}', title=title, maker=maker)}"
    return f"-# ↳ {say('remixed from {title} by {maker}', title=title, maker=maker)}"


def origin_note(ancestry: Sequence[JobRecord], share: Share | None, say: Language) -> str:
    """Return what is known about a render, the first of its `ancestry`: its parent, grandparent and so on follow."""
    record, recipe = ancestry[0], ancestry[0].final_recipe
    when = f"<t:{int(record.created)}:f>"
    lines = [headline(recipe, say), say("Made by {maker}, {when}", maker=_bold_maker(record), when=when)]
    facts = [format_seeds(recipe, say)]
    if record.plan is not None:
        facts.append(inert(record.plan.model))
    lines.append(" · ".join(facts))
    if recipe.negative:
        lines.append(say("Led away from: {negative}", negative=brief(recipe.negative, 200)))
    if share is not None:
        votes = say.plural("{count} vote", "{count} votes", share.votes)
        lines.append(say("In the gallery since {when}, with {votes}", when=f"<t:{int(share.shared)}:f>", votes=votes))
    return _append_lineage("\n".join(lines), ancestry, say)


def _append_lineage(content: str, ancestry: Sequence[JobRecord], say: Language) -> str:
    """Add what each was made from, as far back as there is room for, and whether there is more."""
    added = [lineage_line(child, parent, say) for child, parent in pairwise(ancestry)]
    for number, text in enumerate(added):
        if len(content) + len(text) > MAX_CONTENT - _ROOM_FOR_MORE:
            if ancestry[-1].parent is not None:  # it goes on, and nobody knows how far
                return f"{content}\n-# ↳ {say('and more before that')}"
            count = len(added) - number
            more = say.plural("and {count} more before that", "and {count} more before that", count)
            return f"{content}\n-# ↳ {more}"
        content = f"{content}\n{text}"
    return content


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
    return _without_seed(one) == _without_seed(other)


def _without_seed(recipe: Animation) -> Animation:
    """Return a recipe with a fixed seed, and no record of how its seed was found."""
    plain = with_seed(recipe, 0)
    return msgspec.structs.replace(plain, tries=1) if isinstance(plain, Morph) else plain


def maker_name(name: str) -> str:
    """Return the name of a render's maker as markdown, shortened."""
    return inert(shorten(name, _NAME))


def _bold_maker(record: JobRecord) -> str:
    return f"**{maker_name(record.member.name)}**"


def link_to(share: Share) -> str | None:
    """Return the address of the message where a share was posted, if there is one."""
    return share.message and _message_address(share.server, share.channel, share.message)


def _message_address(server: str | None, channel: str, message: str) -> str:
    return f"https://discord.com/channels/{server or '@me'}/{channel}/{message}"
