"""One page of the gallery as a message: what it shows, and the buttons that lead on from it.

The custom_ids of its buttons say which page a message shows, so that they work after any restart.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Self

import discord
import msgspec

from cogs.client import Interaction
from cogs.context.failures import tells_errors
from cogs.context.places import is_age_restricted, presets_here
from cogs.context.viewer import viewer_of
from cogs.gallery.gallery_text import GalleryEntry, empty_text, page_content, picture_of
from cogs.gallery.page_ref import PAGE_REF, PageRef, first_page_ref
from cogs.i18n.language import Language, language_of
from cogs.renders.buttons import AgainButton
from cogs.renders.deletion import delete_share, may_delete
from cogs.renders.recipe_file import RecipeButton
from cogs.renders.remix import ExtendButton, RemixButton
from cogs.renders.sharing import SaveButton, VoteButton
from cogs.renders.variations import PickButton, VariationsButton
from cogs.ui.button_rows import Item, make_view
from cogs.ui.drafts import Upload
from cogs.ui.forms import Field, SubmittedForm, make_form
from cogs.ui.markdown import shorten
from cogs.ui.persistent import JOB, PersistentButton, PersistentSelect
from engine.errors import LimitError, StorageError, describe
from engine.protocol.messages import JobId
from engine.recipe.command_line import command_line
from engine.recipe.recipe import VARIATIONS, Giro, Variations
from studio.gallery.gallery import Viewer
from studio.store import Share, SharePage

_STEPS = {"back": -1, "stay": 0, "on": 1}
_ARROWS = {"back": "◀️", "on": "▶️"}
_DIGITS = 7

_log = logging.getLogger(__name__)


class TurnButton(PersistentButton, template=rf"tappa:turn:(?P<way>{'|'.join(_STEPS)}):{PAGE_REF}"):
    """Goes to the page before or after the one that the custom_id names or, in place of a deletion, back to it."""

    @classmethod
    def of(cls, way: str, ref: PageRef, say: Language, *, disabled: bool = False) -> Self:
        label = {"back": say("Back"), "stay": say("Keep it"), "on": say("Next")}[way]
        custom_id = f"tappa:turn:{way}:{ref}"
        return cls.make(label=label, emoji=_ARROWS.get(way), custom_id=custom_id, disabled=disabled)

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await show_gallery_page(interaction, PageRef.parse(self.fields).turn(_STEPS[self.fields["way"]]))


class OrderSelect(PersistentSelect, template=rf"tappa:order:{PAGE_REF}"):
    """Goes to the first page of another order."""

    @classmethod
    def of(cls, ref: PageRef, say: Language) -> Self:
        labels = {
            "new": say("Newest first"),
            "top": say("Top of the week"),
            "random": say("Random"),
            "saved": say("What you have saved"),
            "search": say("Search: {words}", words=ref.argument),
            "member": say("By one member"),
        }
        options = [
            discord.SelectOption(label=shorten(label, 100), value=order, default=order == ref.order)
            for order, label in labels.items()
            if order == ref.order or order not in ("search", "member")
        ]
        return cls.make(options=options, custom_id=f"tappa:order:{ref}", placeholder=say("Order"))

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        ref = PageRef.parse(self.fields)
        argument = ref.argument if self.chosen == ref.order else ""
        await show_gallery_page(interaction, first_page_ref(self.chosen, argument))


class DeleteButton(PersistentButton, template=rf"tappa:(?P<verb>delete|erase):{JOB}:{PAGE_REF}"):
    """Deletes a share from the gallery: "delete" asks for confirmation, "erase" is the answer."""

    @classmethod
    def of(cls, verb: str, job: JobId, ref: PageRef, say: Language) -> Self:
        label = say("Delete") if verb == "delete" else say("Delete it for good")
        style, custom_id = discord.ButtonStyle.danger, f"tappa:{verb}:{job}:{ref}"
        return cls.make(label=label, style=style, custom_id=custom_id)

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        say, job, ref = language_of(interaction.locale), self.job, PageRef.parse(self.fields)
        if self.fields["verb"] == "delete":
            sure = make_view(DeleteButton.of("erase", job, ref, say), TurnButton.of("stay", ref, say))
            await interaction.edit_original_response(view=sure)
            return
        text = await delete_share(interaction, job)
        await show_gallery_page(interaction, ref)
        await interaction.followup.send(text, ephemeral=True, suppress_embeds=True)


class GoToButton(PersistentButton, template=rf"tappa:goto:{PAGE_REF}"):
    """Says which page it is of how many, and asks for the number of another."""

    @classmethod
    def of(cls, ref: PageRef, total: int) -> Self:
        label, custom_id = f"{ref.offset + 1} / {total}", f"tappa:goto:{ref}"
        return cls.make(label=label, custom_id=custom_id, disabled=total < 2)

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        say, ref = language_of(interaction.locale), PageRef.parse(self.fields)
        number = Field(name="page", label=say("Which page?"), value=str(ref.offset + 1), most=_DIGITS)
        form = make_form(title=say("Gallery"), custom_id=f"tappa:leaf:{ref}", fields=[number])
        await interaction.response.send_modal(form)


@tells_errors
async def handle_page_form(form: SubmittedForm, interaction: Interaction) -> None:
    """Show the page that was typed; a number past the end means the last one."""
    typed = form.typed.get("page", "").strip()
    if not re.fullmatch(rf"[0-9]{{1,{_DIGITS}}}", typed):
        raise LimitError("A page is a whole number; the first is 1.")
    await interaction.response.defer()
    ref = PageRef.parse(form.fields)
    await show_gallery_page(interaction, msgspec.structs.replace(ref, offset=max(0, int(typed) - 1)))


async def show_gallery_page(interaction: Interaction, ref: PageRef) -> None:
    """Show a page as the answer to an acknowledged interaction."""
    viewer, say = viewer_of(interaction), language_of(interaction.locale)
    if not viewer.server:
        raise LimitError("A gallery belongs to a server; use /gallery in one.")
    gallery = interaction.client.studio.gallery
    page = await gallery.page(viewer, ref.order, ref.argument, ref.offset)
    ref = msgspec.structs.replace(ref, offset=page.offset)
    content, uploads = empty_text(ref, say), list[Upload]()
    if (share := page.share) is not None:
        parent = await gallery.find(viewer.server, share.parent) if share.parent else None
        picture = await _load_picture(interaction, share, say)
        excuse = picture if isinstance(picture, str) else ""
        uploads = [picture] if isinstance(picture, Upload) else []
        asked_recipe = await interaction.client.studio.history.asked_recipe(share)
        line = command_line(asked_recipe, presets_here(interaction))
        content = page_content(GalleryEntry(share=share, parent=parent, excuse=excuse, line=line), say)
    await interaction.edit_original_response(
        content=content,
        attachments=[upload.as_file() for upload in uploads],
        view=make_view(*_buttons(page, ref, viewer, say)),
    )


async def _load_picture(interaction: Interaction, share: Share, say: Language) -> Upload | str:
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


def _buttons(page: SharePage, ref: PageRef, viewer: Viewer, say: Language) -> Iterator[Item]:
    rows: tuple[list[Item], ...] = ([], [], [], [OrderSelect.of(ref, say)])
    if (share := page.share) is not None:
        back = TurnButton.of("back", ref, say, disabled=page.offset == 0)
        on = TurnButton.of("on", ref, say, disabled=page.offset + 1 >= page.total)
        rows[0].extend((back, GoToButton.of(ref, page.total), on))
        rows[1].extend((RemixButton.of(share.id, say), AgainButton.of(share.id, say)))
        rows[1].extend((VoteButton.with_count(share, say), SaveButton.of(share.id, say)))
        if may_delete(share, viewer):
            rows[1].append(DeleteButton.of("delete", share.id, ref, say))
        rows[2].extend((*_kind_buttons(share, say), RecipeButton.of(share.id, say)))
    for number, row in enumerate(rows):
        for item in row:
            item.row = number
            yield item


def _kind_buttons(share: Share, say: Language) -> list[Item]:
    """Return the buttons that take a share of its kind further."""
    match share.recipe:
        case Variations():
            return [PickButton.of(number, share.id) for number in range(1, VARIATIONS + 1)]
        case Giro():
            return [ExtendButton.of(share.id, say), VariationsButton.of(share.id, say)]
        case _:
            return [VariationsButton.of(share.id, say)]
