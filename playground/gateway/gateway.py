"""The gateway: who is connected, what they are told, and how they are thrown out.

The server says HELLO; a client says IDENTIFY or RESUME, then heartbeats, and is told what happens.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from playground.backend import Backend
from playground.errors import Json
from playground.gateway.announcer import Announcer
from playground.gateway.connection import Connection, compression
from playground.gateway.session import PRIVILEGED, Session
from playground.world import wire
from playground.world.news import BotConnected, BotDisconnected, News

HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME = 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11
MAX_PAYLOAD_BYTES = 4096
MAX_PAYLOADS_A_MINUTE = 120
_NORMAL_CLOSURES = (1000, 1001)


class _Closing(Exception):
    """The client is thrown out with a close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass
class _Client:
    """One connected client: its connection, its session once it has one, and its pulse."""

    connection: Connection
    session: Session | None = None
    last_beat: float = field(default_factory=time.monotonic)
    received: deque[float] = field(default_factory=deque)

    @property
    def identified(self) -> Session:
        """The session.

        Raises:
            _Closing: there is none yet.
        """
        if self.session is None:
            raise _Closing(4003, "Not authenticated.")
        return self.session


class Gateway:
    """Accepts clients and tells them the news."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._sessions: dict[str, Session] = {}
        self._evicted: set[Connection] = set()
        self._announcer = Announcer(backend.world, self._sessions)

    def tell(self, news: News) -> None:
        """Tell every session that wants to know a piece of news."""
        self._announcer.tell(news)

    @property
    def connected(self) -> bool:
        """Whether a bot is there right now."""
        return any(session.connection for session in self._sessions.values())

    # Throwing clients out

    def kick(self, code: int, reason: str = "") -> None:
        """Close every connection with `code`; sessions can be resumed."""
        for connection in self._connections():
            self._evicted.add(connection)
            connection.close(code, reason)

    def ask_to_reconnect(self) -> None:
        """Send op 7 to everybody."""
        for connection in self._connections():
            connection.send(RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """Send op 9 to everybody; unless `resumable`, their sessions are forgotten."""
        connections = self._connections()
        if not resumable:
            self._sessions.clear()
        for connection in connections:
            connection.send(INVALID_SESSION, resumable)

    def _connections(self) -> list[Connection]:
        return [session.connection for session in self._sessions.values() if session.connection]

    # Clients

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one client until it goes or is thrown out."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        if request.query.get("v", "10") != "10":
            await socket.close(code=4012, message=b"Invalid API version.")
            return socket
        try:
            compress = compression(request.query.get("compress"))
        except LookupError:
            await socket.close(code=4002, message=b"Unknown compression.")
            return socket
        client = _Client(Connection(socket, compress))
        client.connection.send(HELLO, {"heartbeat_interval": round(self._backend.settings.heartbeat_seconds * 1000)})
        writer = asyncio.create_task(client.connection.write())
        try:
            await self._listen(client)
        except _Closing as closing:
            client.connection.close(closing.code, closing.reason)
            await writer
        finally:
            writer.cancel()
            self._left(client)
        return socket

    async def _listen(self, client: _Client) -> None:
        """Take payloads in until the client goes.

        Raises:
            _Closing: it did something that a client must not do, or its heart stopped.
        """
        patience = 2 * self._backend.settings.heartbeat_seconds
        while True:
            try:
                async with asyncio.timeout(client.last_beat + patience - time.monotonic()):
                    message = await client.connection.socket.receive()
            except TimeoutError:
                raise _Closing(4009, "Session timed out.") from None
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            self._limit(client)
            self._receive(client, message.data)

    def _limit(self, client: _Client) -> None:
        now = time.monotonic()
        client.received.append(now)
        while client.received[0] < now - 60:
            client.received.popleft()
        if len(client.received) > MAX_PAYLOADS_A_MINUTE:
            raise _Closing(4008, "Rate limited.")

    def _receive(self, client: _Client, raw: str | bytes) -> None:
        if len(raw) > MAX_PAYLOAD_BYTES:
            raise _Closing(4002, "Error while decoding payload.")
        try:
            payload = json.loads(raw)
            op, data = payload["op"], payload.get("d")
        except (ValueError, TypeError, KeyError, AttributeError):
            raise _Closing(4002, "Error while decoding payload.") from None
        if op == HEARTBEAT:
            client.last_beat = time.monotonic()
            client.connection.send(HEARTBEAT_ACK)
        elif op == IDENTIFY:
            self._identify(client, data or {})
        elif op == RESUME:
            self._resume(client, data or {})
        elif op == PRESENCE:
            _ = client.identified
            self._show_presence(data or {})
        elif op == REQUEST_MEMBERS:
            self._send_members(client.identified, data or {})
        elif op == VOICE_STATE:
            _ = client.identified
        else:
            raise _Closing(4001, "Unknown opcode.")

    def _identify(self, client: _Client, data: Json) -> None:
        if client.session is not None:
            raise _Closing(4005, "Already authenticated.")
        self._authenticate(data)
        intents = data.get("intents")
        if not isinstance(intents, int):
            raise _Closing(4013, "Invalid intent(s).")
        allowed = self._backend.settings.privileged_intents
        if any(intents & bit for name, bit in PRIVILEGED.items() if name not in allowed):
            raise _Closing(4014, "Disallowed intent(s).")
        session = client.session = Session(intents)
        self._sessions[session.id] = session
        session.attach(client.connection)
        session.dispatch("READY", self._ready(session, data.get("shard")))
        for guild in self._backend.world.guilds.values():
            created = wire.guild_create(guild, self._backend.world.bot)
            if session.wants("GUILD_CREATE", created):
                session.dispatch("GUILD_CREATE", created)
        self._show_presence(data.get("presence") or {})
        self._backend.world.news.publish(BotConnected(session.id, resumed=False))

    def _resume(self, client: _Client, data: Json) -> None:
        if client.session is not None:
            raise _Closing(4005, "Already authenticated.")
        self._authenticate(data)
        session = self._sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if session is None or not isinstance(sequence, int) or not session.can_replay(sequence):
            client.connection.send(INVALID_SESSION, data=False)
            return
        client.session = session
        session.attach(client.connection)
        session.replay(after=sequence)
        session.dispatch("RESUMED", {"_trace": []})
        self._backend.world.news.publish(BotConnected(session.id, resumed=True))

    def _authenticate(self, data: Json) -> None:
        if data.get("token") != self._backend.world.token:
            raise _Closing(4004, "Authentication failed.")

    def _ready(self, session: Session, shard: Any) -> Json:
        world = self._backend.world
        ready: Json = {
            "v": 10,
            "user": wire.current_user(world.bot),
            "guilds": [{"id": guild_id, "unavailable": True} for guild_id in world.guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._backend.gateway_url,
            "application": {"id": world.application_id, "flags": 0},
            "private_channels": [],
            "user_settings": {},
            "relationships": [],
            "presences": [],
            "_trace": [],
        }
        return ready | ({"shard": shard} if shard else {})

    def _show_presence(self, data: Json) -> None:
        activities = data.get("activities") or []
        if isinstance(data.get("game"), dict):
            activities = [data["game"]]
        shown = [str(one.get("state") or one.get("name") or "") for one in activities]
        self._backend.world.show_activity(", ".join(shown))

    def _send_members(self, session: Session, data: Json) -> None:
        guild = self._backend.world.guilds.get(str(data.get("guild_id")))
        if guild is None:
            return
        wanted = data.get("user_ids")
        prefix = str(data.get("query") or "").lower()
        members = [
            wire.member(member)
            for member in guild.members.values()
            if (member.user.id in wanted if wanted else member.user.name.startswith(prefix))
        ]
        chunk: Json = {"guild_id": guild.id, "members": members, "chunk_index": 0, "chunk_count": 1}
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def _left(self, client: _Client) -> None:
        """Forget a session whose client said goodbye; keep one that may come back."""
        session = client.session
        if session is None:
            return
        session.detach(client.connection)
        evicted = client.connection in self._evicted
        self._evicted.discard(client.connection)
        if client.connection.socket.close_code in _NORMAL_CLOSURES and not evicted:
            self._sessions.pop(session.id, None)
        self._backend.world.news.publish(BotDisconnected(session.id))
