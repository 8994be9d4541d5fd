"""A power cut in the middle of a render that outlives its interaction's token."""

from __future__ import annotations

from tests.scenarios.conftest import frames_in, gif_of, gifs_posted, house, message_with

BY_BOT = "/channels/{channel_id}/messages/{message_id}"


async def test_the_jobs_of_a_killed_bot_go_on_where_they_were_in_the_same_messages(tmp_path):
    # The tokens are dead by the time the engine has loaded.
    async with house(tmp_path, token_seconds=3.0) as server:
        running = await server.ada.slash("/zoom prompt:a road frames:60 seed:1")
        waiting = await server.bruno.slash("/morph source:sea target:town frames:3 seed:2")
        shown = await message_with(running, " % · frame ")
        frames_before = int(shown.content.split("frame ")[1].split(" ")[0])
        await server.bot.kill()
        await server.bot.start()
        after = await message_with(running, " % · frame ")
        assert int(after.content.split("frame ")[1].split(" ")[0]) >= frames_before
        assert frames_in(await gif_of(running)) == 60
        assert frames_in(await gif_of(waiting)) == 4
        assert sorted(gifs_posted(server.playground)) == ["morph-2.gif", "zoom-1.gif"]
        assert len(running.messages) == len(waiting.messages) == 1
        assert server.playground.backend.traffic.requests("PATCH", BY_BOT)
