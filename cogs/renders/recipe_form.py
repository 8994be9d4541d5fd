"""The forms that remix and extend a render."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import discord
import msgspec

from cogs.client import Interaction, Tappa
from cogs.context.failures import tells_errors
from cogs.context.kept_forms import find_form, form_key, refuse_form
from cogs.context.viewer import viewer_of
from cogs.i18n.language import Language, language_of
from cogs.orders.submit import acknowledge, require_may_write, submit
from cogs.renders.recipe_fields import apply_extension, apply_remix, extend_fields, remix_fields
from cogs.ui.forms import SubmittedForm, make_form
from cogs.ui.persistent import JOB, PersistentButton
from engine.errors import MemberError
from engine.protocol.messages import JobId

FormKind = Literal["remix", "extend"]


class CorrectButton(PersistentButton, template=rf"tappa:correct:(?P<verb>remix|extend):{JOB}"):
    """Opens a form again as it was typed."""

    @classmethod
    def of(cls, kind: FormKind, job: JobId, say: Language) -> Self:
        style, custom_id = discord.ButtonStyle.primary, f"tappa:correct:{kind}:{job}"
        return cls.make(label=say("Correct it"), style=style, custom_id=custom_id)

    @tells_errors
    async def callback(self, interaction: Interaction) -> None:
        kind = _form_kind(self.fields)
        typed = await find_form(interaction, form_key(interaction, kind, self.job), dict[str, str])
        await open_form(interaction, kind, self.job, typed)


async def open_form(
    interaction: Interaction, kind: FormKind, job: JobId, typed: Mapping[str, str] | None = None
) -> None:
    """Open the form for a job, filled in from `typed` and, where that has no value, from the recipe.

    A form has to be the first answer to an interaction, so the database is asked before anything is answered.
    """
    require_may_write(interaction)  # before they type anything
    say = language_of(interaction.locale)
    recipe = await interaction.client.studio.history.recipe(job, viewer_of(interaction))
    fields = remix_fields(recipe, say) if kind == "remix" else extend_fields(recipe, say)
    filled = [msgspec.structs.replace(field, value=(typed or {}).get(field.name, field.value)) for field in fields]
    title = say("Remix") if kind == "remix" else say("Extend")
    await interaction.response.send_modal(make_form(title=title, custom_id=f"tappa:form:{kind}:{job}", fields=filled))


@tells_errors
async def handle_recipe_form(form: SubmittedForm, interaction: Interaction) -> None:
    """Order what a form asks for; one that is refused can be corrected instead of typed again."""
    kind, job, say = _form_kind(form.fields), form.fields["job"], language_of(interaction.locale)
    try:
        require_may_write(interaction)
        message = await acknowledge(interaction)
        recipe = await interaction.client.studio.history.recipe(job, viewer_of(interaction))
        changed = apply_remix(recipe, form.typed, say) if kind == "remix" else apply_extension(recipe, form.typed)
        await submit(interaction, message, changed, parent=job)
    except MemberError as error:
        key = form_key(interaction, kind, job)
        await refuse_form(interaction, error, key, form.typed, CorrectButton.of(kind, job, say))


def _form_kind(fields: Mapping[str, str]) -> FormKind:
    return "remix" if fields["verb"] == "remix" else "extend"


async def setup(bot: Tappa) -> None:
    bot.add_dynamic_items(CorrectButton)
    bot.forms.add(rf"tappa:form:(?P<verb>remix|extend):{JOB}", handle_recipe_form)
