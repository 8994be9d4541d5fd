"""Delivery: from an accepted job to its GIF, whatever happens on the way."""

from __future__ import annotations

from tests.cogs.conftest import has_gif, says
from tests.fakes.engine import GIF


class TestTheOrdinaryWay:
    async def test_progress_is_shown_and_the_gif_takes_its_place(self, theatre):
        handle = await theatre.ada.slash("/morph source:skunk target:puppy frames:9 seed:1234")
        job = await theatre.engine.wait_added(1)
        theatre.engine.stand(job.id, 2, 180.0)
        await handle.message_where(says("2nd in line", "about 3 min left"))
        theatre.engine.stand(job.id, 0, 30.0)
        theatre.engine.progress(job.id, 3)
        await handle.message_where(says("33 %", "frame 3 of 9", "about 30 s left"))
        theatre.engine.finish(job.id)
        message = await handle.message_where(has_gif)
        assert message.gif.data == GIF
        assert message.gif.filename == "morph-1234.gif"
        assert "skunk turns into a picture of a puppy" in message.gif.description
        assert "`seed 1234` · fake-model-1 · 256×256 · 9 frames · rendered in 12.5 s" in message.content
        assert "```\n/morph source:skunk target:puppy frames:9 seed:1234\n```" in message.content
        await theatre.settled(job.id)
        assert theatre.engine.forgotten == [job.id]
        assert len(handle.messages) == 1
