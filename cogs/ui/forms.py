"""Forms: what they ask for, and the one place where submitted ones arrive.

discord.py forgets the forms it has sent when the bot stops. So a form has no callback: its custom_id says what it is
about, and `FormRouter` gives every submitted form to its handler.
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
        value: what it is filled in with.
        most: number of characters that it takes.
        lines: whether it takes several lines.
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
    """Return a form of at most five fields."""
    form = discord.ui.Modal(title=title, custom_id=custom_id, timeout=_OPEN_SECONDS)
    for field in fields:
        form.add_item(discord.ui.Label(text=field.label, component=field.component()))
    return form


class SubmittedForm(msgspec.Struct, frozen=True):
    """A form that a member has sent: the named groups of its custom_id, and what was typed, by the inputs' names."""

    fields: Mapping[str, str]
    typed: Mapping[str, str]


FormHandler: TypeAlias = Callable[[SubmittedForm, discord.Interaction[Any]], Coroutine[Any, Any, None]]


class FormRouter:
    """Gives each submitted form to the handler of its kind."""

    def __init__(self) -> None:
        self._handlers: dict[re.Pattern[str], FormHandler] = {}

    def add(self, template: str, handler: FormHandler) -> None:
        """Let `handler` take the forms whose custom_id matches a regular expression."""
        self._handlers[re.compile(template)] = handler

    async def route(self, interaction: discord.Interaction[Any]) -> None:
        """Call the handler if the interaction submits a form."""
        if interaction.type is not discord.InteractionType.modal_submit or interaction.data is None:
            return
        for template, handler in self._handlers.items():
            if match := template.fullmatch(str(interaction.data.get("custom_id"))):
                await handler(SubmittedForm(match.groupdict(), dict(_read_inputs(interaction.data))), interaction)
                return


def _read_inputs(data: Any) -> Iterator[tuple[str, str]]:
    """Yield name and value of every input, however deep it is nested; of a list the first chosen value."""
    for component in data.get("components", ()):
        for inner in (component, component.get("component"), *component.get("components", ())):
            if inner and "value" in inner:
                yield inner["custom_id"], inner["value"]
            elif inner and inner.get("values"):
                yield inner["custom_id"], inner["values"][0]
