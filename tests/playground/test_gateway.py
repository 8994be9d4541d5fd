"""The gateway, spoken to byte by byte: identifying, hearts that beat and stop, leaving and coming back."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import zstandard

from playground.member import Member
from playground.server import Playground
from playground.world.model import ThreadState
from playground.world.settings import UNLIMITED, PlaygroundSettings
from tests.playground.rest import Rest

Json = dict[str, Any]
HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = 1, 2, 3, 6, 7, 8, 9, 10, 11
GUILDS, MEMBERS_INTENT, MESSAGES, CONTENT = 1, 1 << 1, 1 << 9, 1 << 15


class Client:
    """A gateway client that does as it is told and nothing by itself."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, decode: Callable[[bytes], bytes]) -> None:
        self.socket = socket
        self._decode = decode

    async def send(self, op: int, data: Any = None) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def receive(self) -> Json:
        message = await self.socket.receive(timeout=5)
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
        raw = message.data if isinstance(message.data, str) else self._decode(message.data)
        payload: Json = json.loads(raw)
        return payload

    async def event(self, name: str) -> Json:
        """Return the next event of that name; others are passed over."""
        while True:
            payload = await self.receive()
            if payload["t"] == name:
                return payload

    async def close_code(self) -> int | None:
        """Wait until the server closes, and return the code it gave."""
        while not self.socket.closed:
            await self.socket.receive(timeout=5)
        return self.socket.close_code


class Gateway:
    """Opens clients."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self._playground = playground
        self._session = session

    async def connect(self, query: str = "", decode: Callable[[bytes], bytes] = bytes) -> Client:
        url = f"{self._playground.backend.gateway_url}?v=10&encoding=json{query}"
        return Client(await self._session.ws_connect(url, max_msg_size=0), decode)

    async def identified(self, intents: int = GUILDS | MESSAGES) -> tuple[Client, Json]:
        """Return a client whose session has begun, and READY's data."""
        client = await self.connect()
        assert (await client.receive())["op"] == HELLO
        await client.send(IDENTIFY, {"token": self._playground.token, "intents": intents})
        ready = await client.event("READY")
        return client, ready["d"]

    async def resumed(self, session_id: str, sequence: int) -> Client:
        """Return a client that has asked to resume."""
        client = await self.connect()
        assert (await client.receive())["op"] == HELLO
        about = {"token": self._playground.token, "session_id": session_id, "seq": sequence}
        await client.send(RESUME, about)
        return client


@pytest.fixture
async def gateway(playground: Playground) -> AsyncIterator[Gateway]:
    async with aiohttp.ClientSession() as session:
        yield Gateway(playground, session)


class TestBeginning:
    async def test_hello_states_the_interval(self, gateway: Gateway) -> None:
        client = await gateway.connect()
        assert await client.receive() == {
            "op": HELLO,
            "d": {"heartbeat_interval": 41250},
            "s": None,
            "t": None,
        }

    async def test_ready_then_the_servers(self, gateway: Gateway, playground: Playground) -> None:
        client, ready = await gateway.identified()
        assert ready["user"]["id"] == playground.world.bot.id
        guild = await client.event("GUILD_CREATE")
        assert guild["d"]["name"] == "Playground"
        assert [channel["name"] for channel in guild["d"]["channels"]] == ["general", "animations"]
        assert guild["s"] == 2

    async def test_open_threads_are_announced(self, gateway: Gateway, playground: Playground) -> None:
        general = playground.channel("general")
        playground.open_thread(general, "talk")
        playground.open_thread(general, "old", ThreadState(archived=True))
        client, _ = await gateway.identified()
        guild = await client.event("GUILD_CREATE")
        assert [thread["name"] for thread in guild["d"]["threads"]] == ["talk"]

    async def test_heartbeats_are_acknowledged(self, gateway: Gateway) -> None:
        client = await gateway.connect()
        await client.receive()
        await client.send(HEARTBEAT)
        assert (await client.receive())["op"] == ACK

    @pytest.mark.parametrize(
        ("query", "decoder"),
        [
            ("&compress=zlib-stream", lambda: zlib.decompressobj().decompress),
            ("&compress=zstd-stream", lambda: zstandard.ZstdDecompressor().decompressobj().decompress),
        ],
    )
    async def test_compressed_as_one_stream(
        self, gateway: Gateway, query: str, decoder: Callable[[], Callable[[bytes], bytes]]
    ) -> None:
        client = await gateway.connect(query, decoder())
        assert (await client.receive())["op"] == HELLO
        await client.send(HEARTBEAT)
        assert (await client.receive())["op"] == ACK

    async def test_what_the_bot_says_it_is_doing(self, gateway: Gateway, playground: Playground, ada: Member) -> None:
        client, _ = await gateway.identified()
        activities = [{"name": "tiny-model", "type": 0}]
        await client.send(PRESENCE, {"activities": activities, "status": "online", "since": 0, "afk": False})
        await playground.world.news.until(lambda: playground.world.activity or None, 5)
        assert playground.world.activity == "tiny-model"

    async def test_members_are_sent_on_request(self, gateway: Gateway, playground: Playground) -> None:
        client, _ = await gateway.identified()
        guild = playground.guild("Playground")
        await client.send(MEMBERS, {"guild_id": guild.id, "query": "", "limit": 0, "nonce": "n"})
        chunk = await client.event("GUILD_MEMBERS_CHUNK")
        assert len(chunk["d"]["members"]) == 3
        assert chunk["d"]["nonce"] == "n"


class TestThrownOut:
    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ({"op": IDENTIFY, "d": {"token": "wrong", "intents": 0}}, 4004),
            ({"op": PRESENCE, "d": {}}, 4003),
            ({"op": MEMBERS, "d": {}}, 4003),
            ({"op": 99}, 4001),
            ("not JSON", 4002),
            ([], 4002),
            ({"op": HEARTBEAT, "d": "x" * 5000}, 4002),
        ],
    )
    async def test_for_what_it_said(self, gateway: Gateway, payload: Any, code: int) -> None:
        client = await gateway.connect()
        await client.socket.send_str(payload if isinstance(payload, str) else json.dumps(payload))
        assert await client.close_code() == code

    @pytest.mark.parametrize("intents", [MEMBERS_INTENT, CONTENT, 1 << 8])
    async def test_for_privileged_intents(self, gateway: Gateway, playground: Playground, intents: int) -> None:
        client = await gateway.connect()
        await client.send(IDENTIFY, {"token": playground.token, "intents": intents})
        assert await client.close_code() == 4014

    async def test_for_no_intents(self, gateway: Gateway, playground: Playground) -> None:
        client = await gateway.connect()
        await client.send(IDENTIFY, {"token": playground.token})
        assert await client.close_code() == 4013

    async def test_for_identifying_twice(self, gateway: Gateway, playground: Playground) -> None:
        client, _ = await gateway.identified()
        await client.send(IDENTIFY, {"token": playground.token, "intents": 0})
        assert await client.close_code() == 4005

    async def test_for_talking_too_much(self, gateway: Gateway) -> None:
        client = await gateway.connect()
        for _ in range(121):
            await client.send(HEARTBEAT)
        assert await client.close_code() == 4008

    async def test_for_an_unknown_compression(self, gateway: Gateway) -> None:
        client = await gateway.connect("&compress=lzma")
        assert await client.close_code() == 4002

    async def test_for_an_old_version(self, playground: Playground) -> None:
        async with aiohttp.ClientSession() as session:
            socket = await session.ws_connect(f"{playground.backend.gateway_url}?v=9")
            assert await Client(socket, bytes).close_code() == 4012


class TestAStoppedHeart:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        return PlaygroundSettings(rate_limits=UNLIMITED, heartbeat_seconds=0.05)

    async def test_the_session_times_out(self, gateway: Gateway) -> None:
        client, _ = await gateway.identified()
        assert await client.close_code() == 4009


class TestComingBack:
    async def test_what_was_missed_is_told_again(
        self, gateway: Gateway, playground: Playground, rest: Rest, channel_path: str
    ) -> None:
        client, ready = await gateway.identified()
        guild = await client.event("GUILD_CREATE")
        playground.gateway.kick(4000)
        assert await client.close_code() == 4000
        await rest.call("POST", channel_path, {"content": "missed"})
        client = await gateway.resumed(ready["session_id"], guild["s"])
        assert (await client.receive())["d"]["content"] == "missed"
        assert (await client.receive())["t"] == "RESUMED"

    async def test_an_interaction_meanwhile_is_told_too(
        self, gateway: Gateway, playground: Playground, rest: Rest, ada: Member
    ) -> None:
        client, ready = await gateway.identified()
        playground.gateway.kick(4000)
        await client.close_code()
        handle = await ada.slash("/ping")
        client = await gateway.resumed(ready["session_id"], 2)
        assert (await client.event("INTERACTION_CREATE"))["d"]["id"] == handle.interaction.id

    async def test_after_op_7(self, gateway: Gateway, playground: Playground) -> None:
        client, ready = await gateway.identified()
        playground.gateway.ask_to_reconnect()
        while (await client.receive())["op"] != RECONNECT:
            pass
        await client.socket.close(code=4000)
        client = await gateway.resumed(ready["session_id"], 2)
        assert (await client.receive())["t"] == "RESUMED"

    async def test_after_op_9_true(self, gateway: Gateway, playground: Playground) -> None:
        client, ready = await gateway.identified()
        await client.event("GUILD_CREATE")
        playground.gateway.invalidate(resumable=True)
        assert (await client.receive()) == {"op": INVALID, "d": True, "s": None, "t": None}
        await client.socket.close(code=4000)
        client = await gateway.resumed(ready["session_id"], 2)
        assert (await client.receive())["t"] == "RESUMED"

    async def test_after_op_9_false_there_is_nothing_to_come_back_to(
        self, gateway: Gateway, playground: Playground
    ) -> None:
        client, ready = await gateway.identified()
        await client.event("GUILD_CREATE")
        playground.gateway.invalidate(resumable=False)
        assert (await client.receive())["d"] is False
        client = await gateway.resumed(ready["session_id"], 2)
        assert (await client.receive()) == {"op": INVALID, "d": False, "s": None, "t": None}

    async def test_who_said_goodbye_begins_anew(self, gateway: Gateway, playground: Playground) -> None:
        client, ready = await gateway.identified()
        await client.socket.close(code=1000)
        await playground.world.news.until(lambda: None if playground.gateway.connected else True, 5)
        client = await gateway.resumed(ready["session_id"], 2)
        assert (await client.receive())["op"] == INVALID

    async def test_a_sequence_number_from_the_future(self, gateway: Gateway) -> None:
        _, ready = await gateway.identified()
        client = await gateway.resumed(ready["session_id"], 99)
        assert (await client.receive())["op"] == INVALID


class TestEvents:
    @pytest.fixture
    def settings(self) -> PlaygroundSettings:
        return PlaygroundSettings(rate_limits=UNLIMITED, privileged_intents=frozenset({"message_content"}))

    async def test_an_interaction(self, gateway: Gateway, rest: Rest, bruno: Member) -> None:
        client, _ = await gateway.identified(intents=0)
        await bruno.slash("/ping")
        event = (await client.event("INTERACTION_CREATE"))["d"]
        assert event["member"]["user"]["username"] == "bruno"
        assert "flags" in event["member"]
        assert (event["locale"], event["guild_locale"]) == ("it", "en-US")
        assert event["attachment_size_limit"] == 10_485_760

    async def test_ephemeral_messages_are_not_told(
        self, gateway: Gateway, rest: Rest, ada: Member, channel_path: str
    ) -> None:
        client, _ = await gateway.identified()
        handle = await ada.slash("/ping")
        await rest.answer(handle, 4, {"content": "psst", "flags": 64})
        await rest.call("POST", channel_path, {"content": "aloud"})
        assert (await client.event("MESSAGE_CREATE"))["d"]["content"] == "aloud"

    async def test_a_message_is_told_from_beginning_to_end(
        self, gateway: Gateway, rest: Rest, channel_path: str
    ) -> None:
        client, _ = await gateway.identified()
        posted = await rest.call("POST", channel_path, {"content": "x"})
        path = f"{channel_path}/{posted.body['id']}"
        await rest.call("PATCH", path, {"content": "y"})
        await rest.call("DELETE", path)
        assert (await client.event("MESSAGE_CREATE"))["d"]["content"] == "x"
        assert (await client.event("MESSAGE_UPDATE"))["d"]["content"] == "y"
        assert (await client.event("MESSAGE_DELETE"))["d"]["id"] == posted.body["id"]

    @pytest.mark.parametrize(("intents", "content"), [(MESSAGES, ""), (MESSAGES | CONTENT, "a secret")])
    async def test_what_people_write_takes_an_intent(
        self, gateway: Gateway, ada: Member, intents: int, content: str
    ) -> None:
        client, _ = await gateway.identified(intents)
        ada.say("a secret")
        assert (await client.event("MESSAGE_CREATE"))["d"]["content"] == content

    async def test_no_intent_no_event(self, gateway: Gateway, rest: Rest, ada: Member, channel_path: str) -> None:
        client, _ = await gateway.identified(intents=GUILDS)
        await rest.call("POST", channel_path, {"content": "x"})
        await ada.slash("/ping")
        await client.event("GUILD_CREATE")
        assert (await client.receive())["t"] == "INTERACTION_CREATE"

    async def test_typing(self, gateway: Gateway, rest: Rest, playground: Playground) -> None:
        client, _ = await gateway.identified(intents=1 << 11)
        await rest.call("POST", f"/channels/{playground.channel('general').id}/typing")
        assert (await client.event("TYPING_START"))["d"]["user_id"] == playground.world.bot.id


async def test_stopping_tells_the_bot(settings: PlaygroundSettings) -> None:
    async with aiohttp.ClientSession() as session:
        async with Playground(settings) as playground:
            client, _ = await Gateway(playground, session).identified()
            ending = asyncio.create_task(client.close_code())
        assert await ending == 1001
