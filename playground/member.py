"""A member: what a person does with their Discord client.

ada = playground.member("Ada")
handle = await ada.slash("/morph source:skunk target:puppy frames:9")
milliseconds = await handle.acknowledged()
message = await handle.message_where(lambda message: message.gif is not None, timeout=60)
again = await ada.click(message, "Again")
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from playground.backend import Backend
from playground.client import command_line, options
from playground.client.command_line import Typed
from playground.client.handle import PATIENCE_SECONDS, InteractionHandle, Predicate
from playground.client.modal import Modal
from playground.errors import ClientRefused, Json
from playground.interaction import Kind, Request
from playground.posting.cdn import Place, Upload
from playground.posting.composer import Origin
from playground.validation.components import BUTTON, SELECTS, STRING_SELECT
from playground.world import wire
from playground.world.model import Channel, GuildMember, Message, User
from playground.world.permissions import Permission


@dataclass(frozen=True)
class Member:
    """A person looking at one channel.

    Attributes:
        user: who they are.
        channel: where they are; `at` gives the same person elsewhere.
        stated_limit: what their interactions state as `attachment_size_limit`; None lets server and subscription
            decide.
    """

    backend: Backend
    user: User
    channel: Channel
    stated_limit: int | None = None

    def at(self, channel: Channel) -> Self:
        """Return the same person looking at another channel."""
        return dataclasses.replace(self, channel=channel)

    def stating(self, limit: int) -> Self:
        """Return the same person, whose interactions state `limit` bytes as the largest file."""
        return dataclasses.replace(self, stated_limit=limit)

    # Reading

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages this member sees in the channel, oldest first."""
        return self.backend.world.visible_messages(self.channel.id, self.user.id)

    @property
    def commands(self) -> list[Json]:
        """The commands this member sees, as registered."""
        return list(self.backend.world.commands_in(self.channel.guild_id))

    async def message_where(
        self,
        predicate: Predicate,
        timeout: float = PATIENCE_SECONDS,  # noqa: ASYNC109
    ) -> Message:
        """Return the first message this member sees that fits, as it was when it fitted.

        Raises:
            TimeoutError: none did in time.
        """

        def look() -> Message | None:
            return next((message for message in self.messages if predicate(message)), None)

        return await self.backend.world.news.until(look, timeout)

    # Doing

    def say(self, text: str) -> Message:
        """Write a plain message."""
        world = self.backend.world
        blank = self.backend.composer.placeholder(Origin(channel=self.channel, author=self.user))
        return world.post(msgspec.structs.replace(blank, content=text))

    def read(self, text: str) -> Typed:
        """Read a command line, such as `/morph source:skunk target:puppy` or, for short, `/morph skunk puppy`.

        Raises:
            ClientRefused: there is no such command here.
        """
        return command_line.read(text, self.commands, self.user.locale)

    async def slash(self, text: str, files: Mapping[str, Upload] | None = None) -> InteractionHandle:
        """Use a command, as typed.

        Args:
            text: the command line.
            files: for attachment options, by option name.

        Raises:
            ClientRefused: there is no such command here, or the client would not send these options.
        """
        return await self.use(self.read(text), files or {})

    async def use(self, typed: Typed, files: Mapping[str, Upload]) -> InteractionHandle:
        """Use a command that has been read.

        Raises:
            ClientRefused: the client would not send these options.
        """
        return self._send_command(typed, options.checked(typed, self._occasion, files))

    async def invoke(self, name: str, values: Mapping[str, Any]) -> InteractionHandle:
        """Use a command with `values` exactly as given, whatever the registered command allows.

        Args:
            name: of the command, followed by those of group and sub-command.
            values: by option name; an `Upload` for an attachment option.

        Raises:
            ClientRefused: there is no such command or option here.
        """
        return self._send_command(command_line.filled(name, values, self.commands), values)

    async def autocomplete(self, text: str) -> list[Json]:
        """Return the choices offered for the last option in `text`, as far as it is typed.

        Raises:
            ClientRefused: that option offers none.
            DidNotRespond: the bot did not answer.
        """
        return await (await self.type_ahead(self.read(text))).choices()

    async def type_ahead(self, typed: Typed) -> InteractionHandle:
        """Ask for choices for the last option of a command that has been read, without waiting for them.

        Raises:
            ClientRefused: that option offers none.
        """
        focused = next(reversed(list(typed.values)), None)
        option = next((one for one in typed.options if one["name"] == focused), None)
        if option is None or not option.get("autocomplete"):
            raise ClientRefused(f"Nothing completes the option {focused}.")
        data = options.command_data(typed, typed.values, {})
        innermost = data["options"]
        for _ in typed.path:
            innermost = innermost[0]["options"]
        for one in innermost:
            if one["name"] == focused:
                one["focused"] = True
        return self._open(self._request(Kind.AUTOCOMPLETE, data, option_type=option["type"]))

    async def click(self, message: Message, label_or_custom_id: str) -> InteractionHandle:
        """Press a button.

        Raises:
            ClientRefused: the newest version of the message has no such button, or it cannot be pressed.
        """
        newest, control = self._control(message, label_or_custom_id)
        if control["type"] != BUTTON or "custom_id" not in control:
            raise ClientRefused(f"{label_or_custom_id!r} is no button that tells the bot anything.")
        data = {"custom_id": control["custom_id"], "component_type": BUTTON, "id": control["id"]}
        return self._open(self._request(Kind.COMPONENT, data, message=newest))

    async def select(self, message: Message, placeholder_or_custom_id: str, *values: str) -> InteractionHandle:
        """Choose from a select: labels or values of its options.

        Raises:
            ClientRefused: there is no such select or option, or the number of values does not fit.
        """
        newest, control = self._control(message, placeholder_or_custom_id)
        if control["type"] not in SELECTS:
            raise ClientRefused(f"{placeholder_or_custom_id!r} is no select.")
        if not control["min_values"] <= len(values) <= control["max_values"]:
            raise ClientRefused(f"Choose {control['min_values']} to {control['max_values']}.")
        chosen = list(values)
        if control["type"] == STRING_SELECT:
            chosen = [_option_value(control, value) for value in values]
        data = {
            "custom_id": control["custom_id"],
            "component_type": control["type"],
            "id": control["id"],
            "values": chosen,
        }
        return self._open(self._request(Kind.COMPONENT, data, message=newest))

    async def submit(self, modal: Modal, /, **values: str) -> InteractionHandle:
        """Submit a modal, its inputs named by custom id; see `submit_values`."""
        return await self.submit_values(modal, values)

    async def submit_values(self, modal: Modal, values: Mapping[str, str | list[str]]) -> InteractionHandle:
        """Submit a modal; inputs left out keep what stands in them.

        Args:
            modal: as it was opened.
            values: by label or custom id; a list for a select.

        Raises:
            ClientRefused: an input is not there, or a value does not fit it.
        """
        cause = modal.cause
        data = modal.submission(values)
        return self._open(self._request(Kind.MODAL_SUBMIT, data, message=cause.request.message, cause=cause))

    # How

    @property
    def _occasion(self) -> options.Occasion:
        return options.Occasion(self.backend.world, self.channel)

    @property
    def _membership(self) -> GuildMember:
        return self.backend.world.guilds[self.channel.guild_id].members[self.user.id]

    def _send_command(self, typed: Typed, values: Mapping[str, Any]) -> InteractionHandle:
        granted = self.backend.world.permissions(self.channel, self.user)
        if Permission.USE_APPLICATION_COMMANDS not in granted:
            raise ClientRefused("You may not use commands in this channel.")
        place = Place(channel_id=self.channel.id, ephemeral=True)
        uploads = {name: value for name, value in values.items() if isinstance(value, Upload)}
        files = {name: self.backend.cdn.store(upload, place) for name, upload in uploads.items()}
        data = options.command_data(typed, values, files)
        resolved = options.resolved(typed, values, self._occasion)
        if files:
            resolved["attachments"] = {one.id: wire.attachment(one) for one in files.values()}
        if resolved:
            data["resolved"] = resolved
        return self._open(self._request(Kind.COMMAND, data))

    def _control(self, message: Message, name: str) -> tuple[Message, Json]:
        newest = self.backend.world.messages.get(message.id)
        if newest is None or newest.visible_to not in (None, self.user.id):
            raise ClientRefused("The message is not there any more.")
        control = newest.control(name)
        if control is None:
            known = ", ".join(str(one.get("label") or one.get("placeholder")) for one in newest.controls)
            raise ClientRefused(f"The message has no {name!r}; it has: {known or 'nothing to press'}.")
        if control.get("disabled"):
            raise ClientRefused(f"{name!r} is disabled.")
        return newest, control

    def _request(self, kind: Kind, data: Json, **details: Any) -> Request:
        channel = self.channel
        message = details.get("message")
        if message is not None:
            channel = self.backend.world.channels[message.channel_id]
        return Request(
            kind=kind,
            member=self._membership,
            channel=channel,
            data=data,
            upload_limit=self.stated_limit,
            **details,
        )

    def _open(self, request: Request) -> InteractionHandle:
        return InteractionHandle(self.backend, self.backend.interactions.open(request))


def _option_value(select: Json, wanted: str) -> str:
    for option in select["options"]:
        if wanted in (option["label"], option["value"]):
            return str(option["value"])
    known = ", ".join(option["label"] for option in select["options"])
    raise ClientRefused(f"There is no {wanted!r} to choose; there is: {known}.")
