"""The chat page: a web page to be a member with. It sees what that member sees, and does what a member can do.

The page and this side talk JSON over one WebSocket. From the page: `{"do": …}`, see `_DOES` for the methods that say
more. To the page: `{"type": …}`, one of hello, channel, message, deleted, commands, presence, typing, sent, answered,
failed, modal, choices, refused.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import WSMsgType, web

from playground.backend import Backend
from playground.client import command_line
from playground.client.command_line import Typed
from playground.client.handle import InteractionHandle
from playground.client.modal import Modal
from playground.errors import ClientRefused, DidNotRespond, Json
from playground.member import Member
from playground.posting.cdn import Upload
from playground.validation.commands import CHAT_INPUT, SUB_COMMAND, SUB_COMMAND_GROUP
from playground.world import wire
from playground.world.interaction import Kind
from playground.world.model import Channel, Message
from playground.world.news import (
    BotConnected,
    BotDisconnected,
    CommandsRegistered,
    InteractionAnswered,
    InteractionFailed,
    MessageCreated,
    MessageDeleted,
    MessageUpdated,
    News,
    PresenceChanged,
    TypingStarted,
)

_FILES = Path(__file__).with_name("page")
_PLAIN = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
_LARGEST_PAYLOAD = 32 * 1024 * 1024


class ChatPage:
    """Serves the page and talks to those who have it open."""

    def __init__(self, backend: Backend, members: Iterable[Member], is_connected: Callable[[], bool]) -> None:
        self._backend = backend
        self._members = {member.user.id: member for member in members}
        self._is_connected = is_connected

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the page, its files and its socket."""
        router.add_get("/", self._index)
        router.add_get("/page/socket", self._socket)
        router.add_get("/page/{name}", self._file)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        path = _FILES / request.match_info["name"]
        if path.parent != _FILES or not path.is_file():
            return web.Response(status=404)
        return web.FileResponse(path, headers=_PLAIN)

    async def _index(self, _: web.Request) -> web.FileResponse:
        socket = self._backend.url.replace("http", "ws", 1)
        policy = f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src {socket}"
        policy += "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
        return web.FileResponse(_FILES / "index.html", headers=_PLAIN | headers)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Origin") != self._backend.url:
            return web.Response(status=403, text="Open the page under the address that was printed.")
        socket = web.WebSocketResponse(max_msg_size=_LARGEST_PAYLOAD)
        await socket.prepare(request)
        visitor = _Visitor(self._backend, self._members, self._is_connected)
        with self._backend.world.news.listening(visitor.tell):
            writer = asyncio.create_task(visitor.write(socket))
            try:
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        await visitor.do(json.loads(message.data))
            finally:
                writer.cancel()
        return socket


class _Visitor:
    """One open page: who it is, where it looks, and what it is waiting for."""

    def __init__(self, backend: Backend, members: dict[str, Member], is_connected: Callable[[], bool]) -> None:
        self._backend = backend
        self._members = members
        self._is_connected = is_connected
        self._member = next(iter(members.values()))
        self._outbox: asyncio.Queue[Json] = asyncio.Queue()
        self._mine: dict[str, Json] = {}
        self._completing: set[asyncio.Task[None]] = set()
        self._send(self._hello())

    async def write(self, socket: web.WebSocketResponse) -> None:
        """Send what there is to tell, until the page is closed."""
        while not socket.closed:
            await socket.send_json(await self._outbox.get())

    # What the page is told

    def tell(self, news: News) -> None:
        """Pass on a piece of news, if this member sees it from here."""
        match news:
            case MessageCreated(message) | MessageUpdated(message) if self._sees(message):
                self._send({"type": "message", "message": self._shown(message)})
            case MessageDeleted(message) if self._sees(message):
                self._send({"type": "deleted", "id": message.id})
            case TypingStarted(channel_id, _) if channel_id == self._member.channel.id:
                self._send({"type": "typing"})
            case CommandsRegistered():
                self._send({"type": "commands", "commands": self._member.commands})
            case PresenceChanged() | BotConnected() | BotDisconnected():
                self._send({"type": "presence", **self._presence()})
            case InteractionAnswered(interaction) if interaction.id in self._mine:
                self._send({"type": "answered", **self._mine[interaction.id]})
                if interaction.modal is not None:
                    self._send({"type": "modal", "interaction": interaction.id, "modal": interaction.modal})
            case InteractionFailed(interaction) if interaction.id in self._mine:
                self._send({"type": "failed", **self._mine[interaction.id]})

    def _send(self, payload: Json) -> None:
        self._outbox.put_nowait(payload)

    def _sees(self, message: Message) -> bool:
        here = message.channel_id == self._member.channel.id
        return here and message.visible_to in (None, self._member.user.id)

    def _hello(self) -> Json:
        world = self._backend.world
        return {
            "type": "hello",
            "members": [
                {
                    "id": one.user.id,
                    "name": one.user.shown,
                    "locale": one.user.locale,
                    "direct": one.in_private.channel.id,
                }
                for one in self._members.values()
            ],
            "guilds": [
                {
                    "id": guild.id,
                    "name": guild.name,
                    "members": list(guild.members),
                    "channels": [
                        {"id": one.id, "name": one.name, "mark": _mark(one)} for one in guild.channels.values()
                    ],
                    "roles": [{"id": role.id, "name": role.name} for role in guild.roles.values()],
                }
                for guild in world.guilds.values()
            ],
            "bot": {"id": world.bot.id, "name": world.bot.shown},
            **self._presence(),
        }

    def _presence(self) -> Json:
        return {"activity": self._backend.world.activity, "connected": self._is_connected()}

    def _shown(self, message: Message) -> Json:
        """A message as REST answers it, with what a client knows besides: who used which command."""
        shown = wire.message(message, self._backend.world) | {"author_name": message.author.shown}
        cause = self._backend.interactions.get(message.interaction_id)
        if cause is not None and cause.request.kind is Kind.COMMAND:
            command = self._used(cause.request.data)
            shown["used"] = {"by": cause.request.member.user.shown, "command": command}
        return shown

    def _used(self, data: Json) -> str:
        """A command as this member reads it: the whole path of a slash command, in their language."""
        locale = self._member.user.locale
        every = [one for commands in self._backend.world.commands.values() for one in commands]
        node = next((one for one in every if one["id"] == data["id"]), data)
        name = _localized(node, locale)
        if data["type"] != CHAT_INPUT:
            return name
        below = data.get("options") or []
        while below and below[0]["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP):
            known = command_line.named(below[0]["name"], node.get("options") or [], locale)
            node = known or below[0]
            name += f" {_localized(node, locale)}"
            below = below[0].get("options") or []
        return f"/{name}"

    # What the page does

    async def do(self, asked: Json) -> None:
        """Do what the page asks for; what a client would not do is answered with the reason."""
        try:
            await _DOES[asked["do"]](self, asked)
        except ClientRefused as refusal:
            self._send({"type": "refused", "why": str(refusal), **_reference(asked)})

    async def _look(self, asked: Json) -> None:
        """{"do": "look", "member", "channel"}: be somebody, somewhere."""
        channel = self._backend.world.channels[asked["channel"]]
        member = self._members[asked["member"]]
        self._member = member.in_private if channel.recipient is not None else member.at(channel)
        messages = [self._shown(message) for message in self._member.messages]
        commands = self._member.commands
        moderates = self._member.moderates
        answer = {"type": "channel", "id": channel.id, "messages": messages, "commands": commands}
        self._send(answer | {"moderates": moderates})

    async def _say(self, asked: Json) -> None:
        """{"do": "say", "text"}: write a message, or a whole command line."""
        text = asked["text"].strip()
        if text.startswith("/"):
            self._follow(await self._member.use(self._member.read(text), {}), asked)
        elif text:
            self._member.say(text)
        self._send({"type": "sent"})

    async def _use(self, asked: Json) -> None:
        """{"do": "use", "name", "values", "files"}: use a command whose options were filled in."""
        files = {
            name: Upload(file["name"], base64.b64decode(file["data"])) for name, file in asked.get("files", {}).items()
        }
        self._follow(await self._member.use(self._filled(asked, files), files), asked)
        self._send({"type": "sent"})

    async def _complete(self, asked: Json) -> None:
        """{"do": "complete", "request", "name", "values"}: offer choices for the last option in `values`."""
        handle = await self._member.type_ahead(self._filled(asked, {}))
        task = asyncio.create_task(self._send_choices(handle, asked["request"]))
        self._completing.add(task)
        task.add_done_callback(self._completing.discard)

    async def _send_choices(self, handle: InteractionHandle, request: int) -> None:
        try:
            choices: list[Json] | None = await handle.choices()
        except DidNotRespond:
            choices = None
        self._send({"type": "choices", "request": request, "choices": choices})

    async def _click(self, asked: Json) -> None:
        """{"do": "click", "message", "custom_id"}: press a button."""
        message = self._message(asked)
        self._follow(await self._member.click(message, asked["custom_id"]), asked)

    async def _select(self, asked: Json) -> None:
        """{"do": "select", "message", "custom_id", "values"}: choose from a select."""
        message = self._message(asked)
        self._follow(await self._member.select(message, asked["custom_id"], *asked["values"]), asked)

    async def _context(self, asked: Json) -> None:
        """{"do": "context", "name", "message" or "user"}: use a command from the menu of a message or of a person."""
        world = self._backend.world
        target = self._message(asked) if "message" in asked else world.user(asked["user"])
        self._follow(await self._member.context(asked["name"], target), asked)

    async def _delete(self, asked: Json) -> None:
        """{"do": "delete", "message"}: delete a message."""
        self._member.delete(self._message(asked))

    async def _submit(self, asked: Json) -> None:
        """{"do": "submit", "interaction", "values"}: submit the modal that an interaction opened."""
        cause = self._backend.interactions.get(asked["interaction"])
        if cause is None or cause.modal is None:
            raise ClientRefused("That form is not open any more.")
        modal = Modal(cause, cause.modal)
        self._follow(await self._member.submit_values(modal, asked["values"]), asked)

    def _filled(self, asked: Json, files: dict[str, Upload]) -> Typed:
        texts = {name: text for name, text in asked["values"].items() if name not in files}
        return command_line.filled(asked["name"], texts, self._member.commands)

    def _message(self, asked: Json) -> Message:
        message = self._backend.world.messages.get(asked["message"])
        if message is None:
            raise ClientRefused("The message is not there any more.")
        return message

    def _follow(self, handle: InteractionHandle, asked: Json) -> None:
        """Tell the page what becomes of an interaction that it started."""
        self._mine[handle.interaction.id] = _reference(asked)


def _mark(channel: Channel) -> str:
    """What stands before a channel's name."""
    if channel.thread is not None:
        return "↳"
    return "⚠" if channel.age_restricted else "#"


def _localized(node: Json, locale: str) -> str:
    return str((node.get("name_localizations") or {}).get(locale) or node["name"])


def _reference(asked: Json) -> dict[str, Any]:
    """What the page needs to know its request again by."""
    return {key: asked[key] for key in ("do", "message", "custom_id", "name", "request") if key in asked}


_DOES: dict[str, Callable[[_Visitor, Json], Awaitable[None]]] = {
    "look": _Visitor._look,
    "say": _Visitor._say,
    "use": _Visitor._use,
    "complete": _Visitor._complete,
    "click": _Visitor._click,
    "select": _Visitor._select,
    "context": _Visitor._context,
    "delete": _Visitor._delete,
    "submit": _Visitor._submit,
}
