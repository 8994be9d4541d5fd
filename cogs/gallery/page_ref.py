"""One page of a gallery: where it is, and what it says."""

from __future__ import annotations

import re
import secrets
from typing import get_args

import msgspec

from cogs.i18n.language import Language
from cogs.renders.lineage import differ_by_seed, link_to
from cogs.ui.drafts import MAX_CONTENT, Upload
from cogs.ui.headline import headline, plain_headline, short_title
from cogs.ui.markdown import code, code_block, inert, shorten
from engine.recipe.recipe import Variations, kind_of
from studio.store import Share
from studio.store.page_finder import SortOrder
from studio.store.renders import Render

SEARCH_LENGTH = 50
"""Characters of a search: it has to fit a button's id together with everything else."""

PAGE_REF = (
    rf"(?P<order>{'|'.join(get_args(SortOrder))}):(?P<offset>\d{{1,9}}):(?P<argument>[\s\S]{{0,{SEARCH_LENGTH}}})"
)
"""A leaf in a button's id."""


class PageRef(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of which order; see `studio.store.page_finder.PageQuery`."""

    order: SortOrder = "new"
    offset: int = 0
    argument: str = ""

    def __str__(self) -> str:
        """Return it as it stands in a button's id."""
        return f"{self.order}:{self.offset}:{self.argument}"

    @classmethod
    def of(cls, match: re.Match[str]) -> PageRef:
        """Read it from a button's id."""
        return msgspec.convert(
            {"order": match["order"], "offset": int(match["offset"]), "argument": match["argument"]}, cls
        )

    def turned(self, by: int) -> PageRef:
        """Return the leaf so many pages on; the gallery itself sees to it that there is an end."""
        return msgspec.structs.replace(self, offset=max(0, self.offset + by))


def first_page_ref(order: SortOrder, argument: str = "") -> PageRef:
    """Return where an order begins; the random one is shuffled anew."""
    return PageRef(order=order, argument=secrets.token_hex(4) if order == "random" else argument)


class GalleryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A share on its page.

    Attributes:
        parent: what it was made from, if that is in the same gallery.
        excuse: why its picture is not shown.
        line: the command that makes it again, None where none does.
    """

    share: Share
    parent: Share | None = None
    excuse: str = ""
    line: str | None = None


def page_content(exhibit: GalleryEntry, say: Language) -> str:
    """Return what a page says: what is shown, where it comes from, and the line that makes it again."""
    share = exhibit.share
    lines = [page_text(share, say), lineage_text(share, exhibit.parent, say)]
    if exhibit.excuse:
        lines.append(f"-# {exhibit.excuse}")
    content = "\n".join(line for line in lines if line)
    if isinstance(share.recipe, Variations):  # there is no command for it
        return content
    if exhibit.line is None:
        return f"{content}\n-# {say('No command says all of it; the button gives its recipe as a file.')}"
    repeat = code_block(exhibit.line)
    if len(content) + len(repeat) >= MAX_CONTENT:
        repeat = f"-# {say('Its recipe is too long for a message; the button gives it as a file.')}"
    return f"{content}\n{repeat}"


def page_text(share: Share, say: Language) -> str:
    """Return what is said about a share: what it is, how it was made, and by whom."""
    shared = say("shared by {member} {when}", member=_name(share.member.name), when=f"<t:{int(share.shared)}:R>")
    facts = [
        code(say("seed {seed}", seed=share.recipe.seed)),
        inert(share.model),
        f"{share.width}×{share.height}",
        say.plural("{count} frame", "{count} frames", share.frames),
    ]
    lines = [headline(share.recipe, say), f"-# {' · '.join(facts)}", f"-# {shared}{_posted(share, say)}"]
    return "\n".join(lines)


def lineage_text(share: Share, parent: Share | None, say: Language) -> str:
    """Return the line about what a share was made from; empty where it was made from nothing else.

    Args:
        share: the one that is shown.
        parent: the share it was made from, if that is still in the same gallery.
        say: the language.
    """
    if share.parent_maker is None:
        return ""
    maker = _name(share.parent_maker)
    if parent is None:
        return f"-# ↳ {say('remixed from an animation by {member}', member=maker)}"
    title = inert(short_title(parent.recipe, say))
    if (link := link_to(parent)) is not None:
        title = f"[{title}]({link})"
    if differ_by_seed(share.recipe, parent.recipe):
        return f"-# ↳ {say('another seed of {title} by {maker}', title=title, maker=maker)}"
    return f"-# ↳ {say('remixed from {title} by {maker}', title=title, maker=maker)}"


def empty_text(leaf: PageRef, say: Language) -> str:
    """Return what is said where there is nothing to see, and how to change that."""
    match leaf.order:
        case "saved":
            return say("You have saved nothing here yet: press Save under what you like.")
        case "search":
            return say(
                "Nothing here fits {search}. Fewer words, or the beginning of one, find more.",
                search=code(leaf.argument),
            )
        case "member":
            return say("{member} has shared nothing here yet.", member=f"<@{leaf.argument}>")
        case "top":
            return say(
                "Nothing was shared here in the last seven days. Make something with /giro, /morph or /zoom, and press"
                " Share under it."
            )
    return say("This gallery is empty still. Make something with /giro, /morph or /zoom, and press Share under it.")


def position_text(leaf: PageRef, total: int) -> str:
    """Return which page it is of how many."""
    return f"{leaf.offset + 1} / {total}"


def picture_of(share: Share, render: Render, say: Language) -> Upload:
    """Return a share's file to attach, hidden behind a spoiler where it has to be."""
    name = f"{kind_of(share.recipe)}-{share.recipe.seed}{render.suffix}"
    return Upload(name, render.data, plain_headline(share.recipe, say), is_spoiler=share.nsfw)


def _posted(share: Share, say: Language) -> str:
    link = link_to(share)
    return "" if link is None else f" · {say('[where it was posted]({link})', link=link)}"


def _name(name: str) -> str:
    return inert(shorten(name, 40))
