"""Forms: what they ask for, and the one place where those that were sent in arrive.

discord.py remembers a form that it has sent only until the bot stops. So no form does anything by itself: all that it
is about stands in its custom_id, and whatever Discord says was sent in goes through `FormRouter`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import discord
import msgspec

_OPEN_SECONDS = 30 * 60.0
"""Time for which discord.py remembers a form that it has sent."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a form: typed, or chosen from a list where there are `options`.

    Attributes:
        name: its custom_id.
        label: at most 45 characters.
        value: what stands there.
        most: characters that it takes.
        lines: whether it takes several.
        options: at most 25.
    """

    name: str
    label: str
    value: str = ""
    placeholder: str = ""
    most: int = 100
    lines: bool = False
    required: bool = True
    options: tuple[discord.SelectOption, ...] = ()

    def component(self) -> discord.ui.TextInput[discord.ui.Modal] | discord.ui.Select[discord.ui.Modal]:
        if self.options:
            for option in self.options:
                option.default = option.value == self.value
            return discord.ui.Select(custom_id=self.name, options=list(self.options), required=self.required)
        return discord.ui.TextInput(
            custom_id=self.name,
            style=discord.TextStyle.paragraph if self.lines else discord.TextStyle.short,
            default=self.value or None,
            placeholder=self.placeholder or None,
            required=self.required,
            max_length=self.most,
        )


def make_form(*, title: str, custom_id: str, fields: Iterable[Field]) -> discord.ui.Modal:
    """Return a form of at most five fields; a handler of the router takes it when it is sent in."""
    form = discord.ui.Modal(title=title, custom_id=custom_id, timeout=_OPEN_SECONDS)
    for field in fields:
        form.add_item(discord.ui.Label(text=field.label, component=field.component()))
    return form


class SubmittedForm(msgspec.Struct, frozen=True):
    """A form that was sent in.

    Attributes:
        fields: what the groups of its template found in its custom_id.
        typed: what stands in its inputs, by their names.
    """

    fields: Mapping[str, str]
    typed: Mapping[str, str]


FormHandler: TypeAlias = Callable[[SubmittedForm, discord.Interaction[Any]], Coroutine[Any, Any, None]]


class FormRouter:
    """Gives each form that is sent in to the handler of its kind."""

    def __init__(self) -> None:
        self._handlers: dict[re.Pattern[str], FormHandler] = {}

    def add(self, template: str, handler: FormHandler) -> None:
        """Let `handler` take the forms whose custom_id matches a regular expression."""
        self._handlers[re.compile(template)] = handler

    async def route(self, interaction: discord.Interaction[Any]) -> None:
        """Let a form be handled; an interaction that is none is left alone."""
        if interaction.type is not discord.InteractionType.modal_submit or interaction.data is None:
            return
        for template, handler in self._handlers.items():
            if match := template.fullmatch(str(interaction.data.get("custom_id"))):
                await handler(SubmittedForm(match.groupdict(), dict(_read_inputs(interaction.data))), interaction)
                return


def _read_inputs(data: Any) -> Iterator[tuple[str, str]]:
    """Yield name and value of every input, whatever it lies in; of a list the first value that was chosen."""
    for component in data.get("components", ()):
        for inner in (component, component.get("component"), *component.get("components", ())):
            if inner and "value" in inner:
                yield inner["custom_id"], inner["value"]
            elif inner and inner.get("values"):
                yield inner["custom_id"], inner["values"][0]
