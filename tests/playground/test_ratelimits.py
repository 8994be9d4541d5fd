"""Rate limits: what the headers say, and what happens to those who do not listen."""

from __future__ import annotations

import pytest

from playground.client.handle import InteractionHandle
from playground.faults import Fault
from playground.server import Playground
from playground.world.settings import Bucket, PlaygroundSettings, RateLimits
from tests.playground.rest import Rest

MESSAGE = 4


@pytest.fixture
def settings() -> PlaygroundSettings:
    window = Bucket(2, 0.3)
    return PlaygroundSettings(
        rate_limits=RateLimits(messages=window, edits=window, webhooks=window, everything=Bucket(6, 0.3))
    )


async def test_the_headers_count_down(rest: Rest, channel_path: str) -> None:
    replies = [await rest.call("POST", channel_path, {"content": "x"}) for _ in range(2)]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["1", "0"]
    assert replies[0].headers["X-RateLimit-Limit"] == "2"
    assert 0 < float(replies[0].headers["X-RateLimit-Reset-After"]) <= 0.3


async def test_over_the_limit(rest: Rest, channel_path: str) -> None:
    for _ in range(2):
        await rest.call("POST", channel_path, {"content": "x"})
    reply = await rest.call("POST", channel_path, {"content": "x"})
    assert reply.status == 429
    assert reply.body["global"] is False
    assert 0 < reply.body["retry_after"] <= 0.3
    assert reply.headers["Retry-After"] == "1"
    assert reply.headers["X-RateLimit-Scope"] == "user"
    assert reply.headers["Via"]


async def test_another_channel_has_a_bucket_of_its_own(playground: Playground, rest: Rest, channel_path: str) -> None:
    for _ in range(2):
        await rest.call("POST", channel_path, {"content": "x"})
    other = f"/channels/{playground.channel('animations').id}/messages"
    assert (await rest.call("POST", other, {"content": "x"})).status == 200


async def test_everything_together(playground: Playground, rest: Rest) -> None:
    replies = [await rest.call("GET", "/users/@me") for _ in range(7)]
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.body["global"] is True
    assert refused.headers["X-RateLimit-Global"] == "true"
    assert refused.headers["X-RateLimit-Scope"] == "global"


async def test_answers_to_interactions_are_exempt_and_their_webhooks_are_not(
    rest: Rest, ping: InteractionHandle
) -> None:
    for _ in range(7):
        await rest.call("GET", "/users/@me")
    assert (await rest.answer(ping, MESSAGE, {"content": "x"})).status == 200
    edits = [await rest.call("PATCH", rest.webhook(ping, "/messages/@original"), {"content": str(n)}) for n in range(3)]
    assert [reply.status for reply in edits] == [200, 200, 429]


class TestFaults:
    async def test_the_next_matching_requests_fail(self, playground: Playground, rest: Rest) -> None:
        playground.backend.faults.order(Fault(method="GET", path="/users/@me$", status=503, times=2))
        statuses = [(await rest.call("GET", path)).status for path in ("/gateway", *["/users/@me"] * 3)]
        assert statuses == [200, 503, 503, 200]

    async def test_with_a_code(self, playground: Playground, rest: Rest, channel_path: str) -> None:
        playground.backend.faults.order(Fault(status=403, code=50013))
        assert (await rest.call("POST", channel_path, {"content": "x"})).refusal == (403, 50013)

    async def test_as_a_rate_limit(self, playground: Playground, rest: Rest) -> None:
        playground.backend.faults.order(Fault(status=429, retry_after=1.5))
        reply = await rest.call("GET", "/gateway")
        assert (reply.status, reply.body["retry_after"]) == (429, 1.5)
        assert reply.headers["X-RateLimit-Scope"] == "shared"

    async def test_only_late(self, playground: Playground, rest: Rest) -> None:
        playground.backend.faults.order(Fault(status=None, delay_seconds=0.01))
        assert (await rest.call("GET", "/gateway")).status == 200
