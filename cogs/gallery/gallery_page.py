"""One page of the gallery as a message: what it shows, and the buttons that lead on from it.

Which page a message shows stands in the ids of its buttons, so that a gallery can be turned on after any restart.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Self

import discord
import msgspec

from cogs.context.failures import tells_errors
from cogs.context.places import is_age_restricted, presets_here
from cogs.context.viewer import viewer_of
from cogs.gallery.page_ref import (
    PAGE_REF,
    GalleryEntry,
    PageRef,
    empty_text,
    first_page_ref,
    page_content,
    picture_of,
    position_text,
)
from cogs.i18n.language import Language, language_of
from cogs.renders.buttons import AgainButton
from cogs.renders.deletion import WithdrawButton, delete, may_delete
from cogs.renders.recipe_file import RecipeButton
from cogs.renders.remix import ExtendButton, RemixButton
from cogs.renders.sharing import SaveButton, VoteButton
from cogs.renders.variations import PickButton, VariationsButton
from cogs.ui.button_rows import lasting_rows
from cogs.ui.drafts import Upload
from cogs.ui.forms import read_inputs
from cogs.ui.markdown import shorten
from cogs.ui.persistent import JOB
from engine.errors import LimitError, StorageError, describe
from engine.protocol.messages import JobId
from engine.recipe.command_line import command_line
from engine.recipe.recipe import VARIATIONS, Giro, Variations
from studio.gallery.gallery import Viewer
from studio.store import Share, SharePage
from studio.store.page_finder import SortOrder

if TYPE_CHECKING:
    from cogs.client import Tappa

_WAYS = {"back": -1, "stay": 0, "on": 1}
_ARROWS = {"back": "◀️", "on": "▶️"}
_FORM_ID = re.compile(rf"tappa:leaf:{PAGE_REF}")
_PATIENCE = 10 * 60.0
_DIGITS = 7

_log = logging.getLogger(__name__)


class TurnButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"tappa:turn:(?P<way>{'|'.join(_WAYS)}):{PAGE_REF}",
):
    """Goes to the page before or after, or back to the one that the id names."""

    def __init__(self, way: str, leaf: PageRef, say: Language) -> None:
        names = {"back": say("Back"), "stay": say("Keep it"), "on": say("Next")}
        super().__init__(
            discord.ui.Button(label=names[way], emoji=_ARROWS.get(way), custom_id=f"tappa:turn:{way}:{leaf}")
        )
        self.leaf = leaf.turned(_WAYS[way])

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["way"], PageRef.of(match), language_of(interaction.locale))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Turn the page."""
        await interaction.response.defer()
        await show_gallery_page(interaction, self.leaf)


class OrderSelect(discord.ui.DynamicItem[discord.ui.Select[discord.ui.View]], template=rf"tappa:order:{PAGE_REF}"):
    """Goes to the first page of another order."""

    def __init__(self, leaf: PageRef, say: Language) -> None:
        labels = {
            "new": say("Newest first"),
            "top": say("Top of the week"),
            "random": say("Random"),
            "saved": say("What you have saved"),
            "search": say("Search: {words}", words=leaf.argument),
            "member": say("By one member"),
        }
        options = [
            discord.SelectOption(label=shorten(label, 100), value=order, default=order == leaf.order)
            for order, label in labels.items()
            if order == leaf.order or order not in ("search", "member")
        ]
        super().__init__(discord.ui.Select(options=options, custom_id=f"tappa:order:{leaf}", placeholder=say("Order")))
        self.leaf = leaf

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the select again from what Discord kept of it."""
        return cls(PageRef.of(match), language_of(interaction.locale))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the gallery in the order chosen."""
        await interaction.response.defer()
        chosen = self.item.values[0]
        argument = self.leaf.argument if chosen == self.leaf.order else ""
        await show_gallery_page(interaction, first_page_ref(order_of(chosen), argument))


class DeleteButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"tappa:(?P<verb>delete|erase):{JOB}:{PAGE_REF}",
):
    """Takes a share out of the gallery, after having asked whether that is meant: "delete" asks, "erase" does it."""

    def __init__(self, verb: str, job: JobId, leaf: PageRef, say: Language) -> None:
        label = say("Delete") if verb == "delete" else say("Delete it for good")
        super().__init__(
            discord.ui.Button(label=label, style=discord.ButtonStyle.danger, custom_id=f"tappa:{verb}:{job}:{leaf}")
        )
        self.verb, self.job, self.leaf = verb, job, leaf

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(match["verb"], match["job"], PageRef.of(match), language_of(interaction.locale))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Ask, or delete and go to the page that has taken its place."""
        await interaction.response.defer()
        say = language_of(interaction.locale)
        if self.verb == "delete":
            sure = discord.ui.View(timeout=None)
            sure.add_item(DeleteButton("erase", self.job, self.leaf, say))
            sure.add_item(TurnButton("stay", self.leaf, say))
            await interaction.edit_original_response(view=lasting_rows(sure))
            return
        told = await delete(interaction, self.job)
        await show_gallery_page(interaction, self.leaf)
        await interaction.followup.send(told, ephemeral=True, suppress_embeds=True)


class GoToButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"tappa:goto:{PAGE_REF}"):
    """Says which page it is of how many, and asks for the number of another."""

    def __init__(self, leaf: PageRef, total: int, say: Language) -> None:
        label = position_text(leaf, total) if total else say("Page")
        super().__init__(discord.ui.Button(label=label, custom_id=f"tappa:goto:{leaf}", disabled=total < 2))
        self.leaf = leaf

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> Self:
        """Make the button again from what Discord kept of it."""
        return cls(PageRef.of(match), 0, language_of(interaction.locale))

    @tells_errors
    async def callback(self, interaction: discord.Interaction[Tappa]) -> None:
        """Open the form."""
        say = language_of(interaction.locale)
        number: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
            custom_id="page", default=str(self.leaf.offset + 1), max_length=_DIGITS
        )
        form = discord.ui.Modal(title=say("Gallery"), custom_id=f"tappa:leaf:{self.leaf}", timeout=_PATIENCE)
        form.add_item(discord.ui.Label(text=say("Which page?"), component=number))
        await interaction.response.send_modal(form)


PERSISTENT = (TurnButton, OrderSelect, DeleteButton, GoToButton, RecipeButton, WithdrawButton)


async def take_page_form(interaction: discord.Interaction[Tappa]) -> None:
    """Go where a form says that was sent in, if it is one of those that ask for a page."""
    data: Any = interaction.data or {}
    if match := _FORM_ID.fullmatch(str(data.get("custom_id"))):
        await _Jump(PageRef.of(match)).carry_out(interaction)


class _Jump:
    """A form that was sent in."""

    def __init__(self, leaf: PageRef) -> None:
        self._leaf = leaf

    @tells_errors
    async def carry_out(self, interaction: discord.Interaction[Tappa]) -> None:
        """Show the page; a number past the end means the last one."""
        typed = dict(read_inputs(interaction.data)).get("page", "").strip()
        if not re.fullmatch(rf"[0-9]{{1,{_DIGITS}}}", typed):
            raise LimitError("A page is a whole number; the first is 1.")
        await interaction.response.defer()
        await show_gallery_page(interaction, msgspec.structs.replace(self._leaf, offset=max(0, int(typed) - 1)))


def order_of(value: str) -> SortOrder:
    order: SortOrder = msgspec.convert(value, SortOrder)
    return order


async def show_gallery_page(interaction: discord.Interaction[Tappa], leaf: PageRef) -> None:
    """Let the answer to an acknowledged interaction show a page.

    Raises:
        LimitError: there is no gallery where it was asked for.
        StorageError: the gallery cannot be read.
    """
    viewer, say = viewer_of(interaction), language_of(interaction.locale)
    if not viewer.server:
        raise LimitError("A gallery belongs to a server; use /gallery in one.")
    gallery = interaction.client.studio.gallery
    page = await gallery.page(viewer, leaf.order, leaf.argument, leaf.offset)
    leaf = msgspec.structs.replace(leaf, offset=page.offset)
    if page.share is None:
        await interaction.edit_original_response(
            content=empty_text(leaf, say), attachments=[], view=lasting_rows(_view(page, leaf, viewer, say))
        )
        return
    parent = await gallery.find(viewer.server, page.share.parent) if page.share.parent else None
    shown = await _picture(interaction, page.share, say)
    upload, excuse = (shown, "") if isinstance(shown, Upload) else (None, shown)
    asked = await interaction.client.studio.history.asked_recipe(page.share)
    line = command_line(asked, presets_here(interaction))
    await interaction.edit_original_response(
        content=page_content(GalleryEntry(share=page.share, parent=parent, excuse=excuse, line=line), say),
        attachments=[upload.as_file()] if upload else [],
        view=lasting_rows(_view(page, leaf, viewer, say)),
    )


async def _picture(interaction: discord.Interaction[Tappa], share: Share, say: Language) -> Upload | str:
    """Return a share's file, or why it is not shown."""
    if share.adults_only and not is_age_restricted(interaction):
        return say("It is shown in age-restricted channels only.")
    try:
        render = await interaction.client.studio.renders.load(share.id)
    except StorageError as error:
        _log.warning("A page of the gallery goes without its picture: %s", describe(error))
        return say("Its file is not there any more; Again and Remix make it anew.")
    if len(render.data) > interaction.filesize_limit:
        return say("Its file is too large to be shown here.")
    return picture_of(share, render, say)


def _view(page: SharePage, leaf: PageRef, viewer: Viewer, say: Language) -> discord.ui.View:
    view = discord.ui.View(timeout=None)

    def add(row: int, item: discord.ui.Item[Any]) -> None:
        item.row = row
        view.add_item(item)

    if (share := page.share) is not None:
        back, on = (TurnButton(way, leaf, say) for way in ("back", "on"))
        back.item.disabled, on.item.disabled = page.offset == 0, page.offset + 1 >= page.total
        add(0, back)
        add(0, GoToButton(leaf, page.total, say))
        add(0, on)
        add(1, RemixButton(share.id, say))
        add(1, AgainButton(share.id, say))
        add(1, VoteButton(share.id, say, votes=share.votes))
        add(1, SaveButton(share.id, say))
        if may_delete(share, viewer):
            add(1, DeleteButton("delete", share.id, leaf, say))
        for button in _further(share, say):
            add(2, button)
    add(3, OrderSelect(leaf, say))
    return view


def _further(share: Share, say: Language) -> list[discord.ui.Item[Any]]:
    """Return the buttons that take a share further, besides those that every share has."""
    match share.recipe:
        case Variations():
            own: list[discord.ui.Item[Any]] = [PickButton(number, share.id) for number in range(1, VARIATIONS + 1)]
        case Giro():
            own = [ExtendButton(share.id, say), VariationsButton(share.id, say)]
        case _:
            own = [VariationsButton(share.id, say)]
    return [*own, RecipeButton(share.id, say)]
