"""A server that takes less than the member's own limit promised, found out only when the token has died."""

from __future__ import annotations

from playground.world.settings import GuildSettings
from tests.scenarios.conftest import frames_in, gif_of, house, message_with

LIMIT = 100_000


async def test_the_gif_is_encoded_again_from_the_frames_that_are_there(tmp_path):
    guild = GuildSettings(upload_limit=LIMIT)
    async with house(tmp_path, guilds=(guild,), token_seconds=3.0) as server:
        handle = await server.ada.stating(1_000_000).slash("/zoom prompt:a road by the sea frames:50 seed:1")
        await message_with(handle, " % · frame ")
        gif = await gif_of(handle)
        assert len(gif) <= LIMIT
        assert frames_in(gif) == 50
        log = (tmp_path / "log").read_text()
        assert "is encoded again, within" in log
        refused = [one for one in server.playground.backend.traffic if one.status == 413]
        assert refused
        (message,) = handle.messages
        assert "50 frames" in message.content
