"""A morph that tries several seeds: what is said meanwhile, what is posted, and how another seed is chosen."""

from __future__ import annotations

import io

from PIL import Image

from engine.recipe.survey_result import SurveyResult
from tests.cogs.conftest import has_gif, says

COMMAND = "/morph source:skunk target:puppy > rabbit frames:3 tries:3 seed:7"
FOUND = SurveyResult(positions=(0.0, 0.3, 1.0), seeds=(30, 7, 31))


def sheet() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


async def tried(theatre):
    """Order, render and deliver; return the message and its job."""
    handle = await theatre.ada.slash(COMMAND)
    job = await theatre.engine.wait_added(len(theatre.engine.added) + 1)
    theatre.engine.finish(job.id, found=FOUND, tries=sheet())
    message = await handle.message_where(has_gif)
    await theatre.engine.wait_forgotten(job.id)
    return message, job


async def test_it_says_how_many_are_tried_until_the_first_frame_is_there(theatre):
    handle = await theatre.ada.slash(COMMAND)
    job = await theatre.engine.wait_added(1)
    assert (job.recipe.waypoints, job.recipe.tries) == (("skunk", "puppy", "rabbit"), 3)
    theatre.engine.accept(job.id)
    theatre.engine.progress(job.id, 0)
    await handle.message_where(says("Trying 3 seeds…"))
    theatre.engine.progress(job.id, 1)
    await handle.message_where(says("frame 1 of 3"))


async def test_the_best_is_posted_with_the_sheet_and_a_line_that_names_its_seed(theatre):
    message, _ = await tried(theatre)
    assert [file.filename for file in message.attachments] == ["morph-30.gif", "tries-30.png"]
    assert "/morph source:skunk target:puppy > rabbit frames:3 seed:30" in message.content
    assert "The best of 3 seeds" in message.content
    assert message.control("2") and message.control("3") and not message.control("1")


async def test_a_number_orders_that_seed_in_full_for_whoever_presses_also_after_a_restart(stage):
    async with stage.playground() as playground:
        async with stage.bot(playground) as before:
            message, job = await tried(before)
        async with stage.bot(playground) as after:
            await after.bruno.click(message, "3")
            other = await after.engine.wait_added(1)
            assert (other.recipe.seed, other.recipe.tries, other.recipe.positions) == (31, 1, ())
            assert (other.owner, other.base) == (after.bruno.user.id, job.id)


async def test_again_tries_other_seeds(theatre):
    message, _ = await tried(theatre)
    await theatre.ada.click(message, "Again")
    again = await theatre.engine.wait_added(2)
    assert again.recipe.tries == 3 and again.recipe.seed not in (7, 30)


async def test_a_remix_starts_from_the_seed_that_was_chosen(theatre):
    message, _ = await tried(theatre)
    form = await theatre.ada.click(message, "Remix")
    values = {field.custom_id: field.value for field in (await form.modal()).fields}
    assert (values["words"], values["seed"]) == ("skunk → puppy → rabbit", "30")
