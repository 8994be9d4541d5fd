"""/queue: positions, honest estimates, and buttons for one's own jobs."""

from __future__ import annotations

import msgspec

from cogs.queue import queue_text
from engine.messages import Standing
from engine.store.records import JobRecord
from engine.studio import QueueEntry
from tests.cogs.conftest import is_note, says
from tests.fakes.orders import ADA, BOB, MORPH, answer


def entry(number, member=BOB, standing=None, recipe=MORPH):
    record = JobRecord(
        id=f"{number:016x}", recipe=recipe, member=member, answer=answer(), limit_bytes=1000, created=float(number)
    )
    return QueueEntry(record, standing)


class TestTheNote:
    async def test_an_empty_queue_says_so_to_the_member_alone(self, theatre):
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        assert note.content == "Nothing is running or waiting here."

    async def test_positions_times_and_cancel_buttons_for_ones_own(self, theatre):
        await theatre.ada.slash("/morph skunk puppy")
        await theatre.bruno.slash("/zoom prompt:a road")
        first, second = [(await theatre.engine.wait_added(number)).id for number in (1, 2)]
        theatre.engine.stand(first, 0, 20.0)
        theatre.engine.stand(second, 1, 200.0)
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        assert note.content.splitlines() == [
            "▶ **morph: skunk → puppy** · yours · about 20 s left",
            "1\\. **zoom: a road** · Bruno · about 3 min left",
        ]
        assert [control["label"] for control in note.controls] == ["Cancel morph: skunk → puppy"]

    async def test_a_button_there_calls_the_job_off_and_the_list_follows(self, theatre):
        handle = await theatre.ada.slash("/morph skunk puppy")
        job = await theatre.engine.wait_added(1)
        note = await (await theatre.ada.slash("/queue")).message_where(is_note)
        await theatre.ada.click(note, "Cancel morph: skunk → puppy")
        await theatre.ada.message_where(
            lambda message: message.id == note.id and message.content == "Nothing is running or waiting here."
        )
        assert theatre.engine.cancelled == [job.id]
        await handle.message_where(says("Cancelled."))


class TestTheText:
    def test_a_long_queue_fits_a_message_and_says_how_much_more_there_is(self):
        entries = [entry(number, standing=Standing("x", number, 60.0 * number)) for number in range(50)]
        text = queue_text(entries, elsewhere=3, member=ADA.id)
        assert len(text) <= 2000
        shown = sum("skunk" in line for line in text.splitlines())
        assert f"and {50 - shown} more animations" in text
        assert text.endswith("-# 3 animations of other servers are in the same line.")

    def test_names_and_prompts_are_inert(self):
        nasty = msgspec.structs.replace(BOB, name="**@everyone**")
        text = queue_text([entry(1, member=nasty)], elsewhere=0, member=ADA.id)
        assert "@everyone" not in text
        assert "**@" not in text

    def test_without_a_standing_nothing_is_made_up(self):
        assert "time left: measuring" in queue_text([entry(1)], elsewhere=0, member=ADA.id)

    def test_other_servers_jobs_are_counted_only(self):
        text = queue_text([], elsewhere=1, member=ADA.id)
        assert text == "Nothing is running or waiting here. -# 1 animation of other servers is in the same line."
