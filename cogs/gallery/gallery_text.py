"""What a page of the gallery says."""

from __future__ import annotations

import msgspec

from cogs.gallery.page_ref import PageRef
from cogs.i18n.language import Language
from cogs.renders.lineage import link_to, made_from_line, maker_name
from cogs.ui.drafts import MAX_CONTENT, Upload
from cogs.ui.headline import headline, plain_headline, short_title
from cogs.ui.markdown import code, code_block, inert
from engine.recipe.recipe import Variations, kind_of
from studio.store import Share
from studio.store.renders import Render


class GalleryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A share on its page.

    Attributes:
        parent: what it was made from, if that is in the same gallery.
        excuse: why its picture is not shown.
        line: the command that renders it again, None if there is none.
    """

    share: Share
    parent: Share | None = None
    excuse: str = ""
    line: str | None = None


def page_content(entry: GalleryEntry, say: Language) -> str:
    """Return what a share is, what it was made from, and the command that renders it again."""
    share = entry.share
    lines = [page_text(share, say), lineage_text(share, entry.parent, say)]
    if entry.excuse:
        lines.append(f"-# {entry.excuse}")
    content = "\n".join(line for line in lines if line)
    if isinstance(share.recipe, Variations):  # there is no command for it
        return content
    if entry.line is None:
        return f"{content}\n-# {say('No command says all of it; the button gives its recipe as a file.')}"
    repeat = code_block(entry.line)
    if len(content) + len(repeat) >= MAX_CONTENT:
        repeat = f"-# {say('Its recipe is too long for a message; the button gives it as a file.')}"
    return f"{content}\n{repeat}"


def page_text(share: Share, say: Language) -> str:
    """Return the lines about a share: what it is, how it was made, and by whom."""
    shared = say("shared by {member} {when}", member=maker_name(share.member.name), when=f"<t:{int(share.shared)}:R>")
    facts = [
        code(say("seed {seed}", seed=share.recipe.seed)),
        inert(share.model),
        f"{share.width}×{share.height}",
        say.plural("{count} frame", "{count} frames", share.frames),
    ]
    if (link := link_to(share)) is not None:
        shared = f"{shared} · {say('[where it was posted]({link})', link=link)}"
    return "\n".join([headline(share.recipe, say), f"-# {' · '.join(facts)}", f"-# {shared}"])


def lineage_text(share: Share, parent: Share | None, say: Language) -> str:
    """Return what a share was made from, empty if from nothing else; `parent` is that, if it is in the same gallery."""
    if share.parent_maker is None:
        return ""
    maker = maker_name(share.parent_maker)
    if parent is None:
        return f"-# ↳ {say('remixed from an animation by {member}', member=maker)}"
    title = inert(short_title(parent.recipe, say))
    if (link := link_to(parent)) is not None:
        title = f"[{title}]({link})"
    return made_from_line(share.recipe, parent.recipe, title, maker, say)


def empty_text(ref: PageRef, say: Language) -> str:
    """Return why a page of the gallery is empty, and how to change that."""
    match ref.order:
        case "saved":
            return say("You have saved nothing here yet: press Save under what you like.")
        case "search":
            search = code(ref.argument)
            return say("Nothing here fits {search}. Fewer words, or the beginning of one, find more.", search=search)
        case "member":
            return say("{member} has shared nothing here yet.", member=f"<@{ref.argument}>")
        case "top":
            return say(
                "Nothing was shared here in the last seven days. Make something with /giro, /morph or /zoom, and press"
                " Share under it."
            )
    return say("This gallery is empty still. Make something with /giro, /morph or /zoom, and press Share under it.")


def picture_of(share: Share, render: Render, say: Language) -> Upload:
    """Return a share's file to attach; a flagged one is behind a spoiler."""
    name = f"{kind_of(share.recipe)}-{share.recipe.seed}{render.suffix}"
    return Upload(name, render.data, plain_headline(share.recipe, say), is_spoiler=share.nsfw)
