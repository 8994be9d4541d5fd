"""A member: what a person does with their Discord client.

ada = playground.member("Ada")
handle = await ada.slash("/morph source:skunk target:puppy frames:9")
milliseconds = await handle.acknowledged()
message = await handle.message_where(lambda message: message.gif is not None, timeout=60)
again = await ada.click(message, "Again")
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from playground.backend import Backend
from playground.client import command_line, controls, options
from playground.client.command_line import Typed
from playground.client.handle import PATIENCE_SECONDS, InteractionHandle, Predicate
from playground.client.modal import Modal
from playground.errors import ClientRefused, Json
from playground.posting.cdn import Place, Upload
from playground.posting.composer import Origin
from playground.world import wire
from playground.world.interaction import Interaction, Kind, Request
from playground.world.model import Channel, Message, User
from playground.world.permissions import Permission

# A person needs a moment before they use what has just appeared. So does the bot: discord.py takes note of a view or a
# form once Discord's answer about it has reached it, which may be after others see the message.
_REACTION_SECONDS = 0.1


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
        """Return the same person looking at another channel.

        Raises:
            ClientRefused: they are not in that server, or may not see the channel.
        """
        if Permission.VIEW_CHANNEL not in self.backend.world.permissions(channel, self.user):
            raise ClientRefused(f"{self.user.shown} does not see #{channel.name}.")
        return dataclasses.replace(self, channel=channel)

    @property
    def in_private(self) -> Self:
        """The same person looking at their direct messages with the bot."""
        return dataclasses.replace(self, channel=self.backend.world.direct_channel(self.user))

    def stating(self, limit: int) -> Self:
        """Return the same person, whose interactions state `limit` bytes as the largest file."""
        return dataclasses.replace(self, stated_limit=limit)

    # Reading

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages this member sees in the channel, oldest first."""
        if Permission.READ_MESSAGE_HISTORY not in self._granted:
            return ()
        return self.backend.world.visible_messages(self.channel.id, self.user.id)

    @property
    def commands(self) -> list[Json]:
        """The commands this member sees here, as registered."""
        return self.backend.world.commands_for(self.channel, self.user)

    @property
    def moderates(self) -> bool:
        """Whether they may delete what others wrote here."""
        return self.channel.recipient is None and Permission.MANAGE_MESSAGES in self._granted

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

    def delete(self, message: Message) -> None:
        """Delete a message: one's own, or anybody's as a moderator.

        Raises:
            ClientRefused: it is not there any more, or neither is the case.
        """
        newest = self._newest(message)
        there = self.at(self.backend.world.channels[newest.channel_id])
        if newest.ephemeral or (newest.author != self.user and not there.moderates):
            raise ClientRefused("You may not delete this message.")
        self.backend.world.remove(newest)

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

    async def context(self, name: str, target: Message | User) -> InteractionHandle:
        """Use a command from the menu of a message or of a person.

        Args:
            name: of the command, as registered or as it is shown to this member.
            target: a message that is to be seen, or somebody who is here.

        Raises:
            ClientRefused: there is no such command here, or no such target.
        """
        self._require_commands()
        newest = self._newest(target) if isinstance(target, Message) else target
        data = controls.from_menu(name, newest, self.commands, self._occasion, self.user.locale)
        return self._open(self._request(Kind.COMMAND, data))

    async def forge(
        self, kind: Kind, data: Json, message: Message | None = None, cause: Interaction | None = None
    ) -> InteractionHandle:
        """Send an interaction exactly as given, which no honest client would, nor Discord let through.

        Args:
            kind: what it claims to be.
            data: its data, any custom id included.
            message: on which message, as the bot shall be told that it looks.
            cause: for a form, the interaction that is said to have opened it.
        """
        return self._open(self._request(kind, data, message=message, cause=cause))

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
        self._require_commands()
        focused = next(reversed(list(typed.values)), None)
        option = next((one for one in typed.options if one["name"] == focused), None)
        if focused is None or option is None or not option.get("autocomplete"):
            raise ClientRefused(f"Nothing completes the option {focused}.")
        data = options.command_data(typed, options.typed_so_far(typed, focused, self._occasion), {})
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
        await asyncio.sleep(_REACTION_SECONDS)
        newest = self._newest(message)
        data = controls.pressed(controls.usable(newest, label_or_custom_id))
        return self._open(self._request(Kind.COMPONENT, data, message=newest))

    async def select(self, message: Message, placeholder_or_custom_id: str, *values: str) -> InteractionHandle:
        """Choose from a select: labels or values of its options, or @names and #names.

        Raises:
            ClientRefused: there is no such select or option, or the number of values does not fit.
        """
        await asyncio.sleep(_REACTION_SECONDS)
        newest = self._newest(message)
        data = controls.chosen(controls.usable(newest, placeholder_or_custom_id), values, self._occasion)
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
        await asyncio.sleep(_REACTION_SECONDS)
        cause = modal.cause
        data = modal.submission(values)
        return self._open(self._request(Kind.MODAL_SUBMIT, data, message=cause.request.message, cause=cause))

    # How

    @property
    def _occasion(self) -> options.Occasion:
        return options.Occasion(self.backend.world, self.channel)

    @property
    def _granted(self) -> Permission:
        return self.backend.world.permissions(self.channel, self.user)

    def _require_commands(self) -> None:
        if Permission.USE_APPLICATION_COMMANDS not in self._granted:
            raise ClientRefused("You may not use commands in this channel.")

    def _send_command(self, typed: Typed, values: Mapping[str, Any]) -> InteractionHandle:
        self._require_commands()
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

    def _newest(self, message: Message) -> Message:
        world = self.backend.world
        newest = world.messages.get(message.id)
        if newest is None or newest.visible_to not in (None, self.user.id):
            raise ClientRefused("The message is not there any more.")
        if Permission.VIEW_CHANNEL not in world.permissions(world.channels[newest.channel_id], self.user):
            raise ClientRefused("The message is where you cannot look.")
        return newest

    def _request(self, kind: Kind, data: Json, **details: Any) -> Request:
        message = details.get("message")
        channel = self.channel if message is None else self.backend.world.channels[message.channel_id]
        return Request(
            kind=kind,
            member=self.backend.world.membership(channel, self.user),
            channel=channel,
            data=data,
            upload_limit=self.stated_limit,
            **details,
        )

    def _open(self, request: Request) -> InteractionHandle:
        return InteractionHandle(self.backend, self.backend.interactions.open(request))
