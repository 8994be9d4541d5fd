"""The form for a giro's stages, and the button that opens it again with what was typed when something was wrong.

What the command said besides the stages is kept in the store meanwhile (`cogs.context.kept_forms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import discord
import msgspec

from cogs.client import Interaction
from cogs.context.failures import tell_error, tells_errors
from cogs.context.kept_forms import KEY, find_form, keep_form, new_form_key, refuse_form
from cogs.i18n.language import Language, language_of
from cogs.orders.request import RenderRequest, parse_view
from cogs.orders.submit import submit_request
from cogs.ui.drafts import MAX_MODAL_TEXT
from cogs.ui.forms import Field, SubmittedForm, make_form
from cogs.ui.persistent import PersistentButton
from engine.errors import LimitError, MemberError
from engine.recipe.stages import parse_stages

_FIELD = "stages"
STAGES_FORM = rf"tappa:stages:{KEY}"


class StagesDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A giro whose stages are still being written: their text, and everything else, which was parsed already."""

    stages: str
    request: RenderRequest = RenderRequest(kind="giro")

    def parse(self) -> RenderRequest:
        """Return the whole request.

        Raises:
            RecipeError: the stages cannot be read.
        """
        return self.request.with_options({"stages": msgspec.to_builtins(parse_stages(self.stages))})


async def submit_giro(interaction: Interaction, draft: StagesDraft, key: str | None = None) -> None:
    """Order a giro; if it is refused, offer to correct the stages in the form, under its earlier key if it has one."""
    try:
        await submit_request(interaction, draft.parse())
    except MemberError as error:
        if len(draft.stages) > MAX_MODAL_TEXT:
            await tell_error(interaction, error)
            return
        key = key or new_form_key()
        button = CorrectStagesButton.of(key, language_of(interaction.locale))
        await refuse_form(interaction, error, key, draft, button)


async def open_stages_form(interaction: Interaction, draft: StagesDraft) -> None:
    """Open the form. It has to be the first response, so nothing but one row is written before it."""
    key = new_form_key()
    await keep_form(interaction, key, draft)
    await interaction.response.send_modal(make_stages_form(draft, key, language_of(interaction.locale)))


def make_stages_form(draft: StagesDraft, key: str, say: Language) -> discord.ui.Modal:
    """Return the form for the stages; its custom_id holds the key of everything else."""
    stages = Field(
        name=_FIELD,
        label=say("One stage a line: prompt | frames"),
        value=draft.stages,
        placeholder=say("a road by the sea, sunny day | 50"),
        most=MAX_MODAL_TEXT,
        lines=True,
    )
    return make_form(title=say("The stages of your giro"), custom_id=f"tappa:stages:{key}", fields=[stages])


class CorrectStagesButton(PersistentButton, template=rf"tappa:restage:{KEY}"):
    """Opens the form again with what was sent in."""

    @classmethod
    def of(cls, key: str, say: Language) -> Self:
        style, custom_id = discord.ButtonStyle.primary, f"tappa:restage:{key}"
        return cls.make(label=say("Correct the stages"), style=style, custom_id=custom_id)

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        key = self.fields["key"]
        draft = await _find_draft(interaction, key)
        if draft is None:
            raise LimitError("What you typed is not kept any more: it was too long ago.")
        await interaction.response.send_modal(make_stages_form(draft, key, language_of(interaction.locale)))


@tells_errors
async def handle_stages_form(form: SubmittedForm, interaction: Interaction) -> None:
    """Order what was typed, with what the command said besides."""
    stages, key = form.typed.get(_FIELD, ""), form.fields["key"]
    draft = await _find_draft(interaction, key)
    if draft is not None:
        await submit_giro(interaction, msgspec.structs.replace(draft, stages=stages), key)
        return
    forgotten = LimitError(
        "This form was open for so long that only its stages are kept: send them in again as they are, or say the"
        " rest anew with /giro."
    )
    key, say = new_form_key(), language_of(interaction.locale)
    await refuse_form(interaction, forgotten, key, StagesDraft(stages=stages), CorrectStagesButton.of(key, say))


async def _find_draft(interaction: Interaction, key: str) -> StagesDraft | None:
    kept = await find_form(interaction, key, dict[str, Any])
    try:
        return None if kept is None else read_draft(kept)
    except (KeyError, msgspec.ValidationError, MemberError):
        return None  # another version's


def read_draft(kept: Mapping[str, Any]) -> StagesDraft:
    """Read a draft as it was kept, also by the version before, whose text of focus and camera was not parsed yet.

    Raises:
        KeyError, msgspec.ValidationError, RecipeError: another version wrote it.
    """
    if "request" in kept:
        return msgspec.convert(kept, StagesDraft)
    options = {"loop": kept["loop"], "mode": kept["mode"], **parse_view(**kept["view"])}
    request = {"kind": "giro", "options": options, **{name: kept[name] for name in ("style", "negative", "seed")}}
    return msgspec.convert({"stages": kept["stages"], "request": request}, StagesDraft)
