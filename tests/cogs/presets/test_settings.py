"""/settings: shown and changed in one place, and heeded wherever an option is left out."""

from __future__ import annotations

import pytest

from engine.recipe.recipe import Focus, Morph, Zoom
from engine.recipe.style import Style
from studio.config.config import Config, LimitsConfig
from studio.profiles.defaults import Defaults
from tests.cogs.conftest import BRISK, is_note

CONFIG = Config(
    delivery=BRISK,
    limits=LimitsConfig(jobs_per_member=30),
    styles={"snow": Style(description="Winter everywhere", suffix="in winter", negative="summer")},
)


@pytest.fixture
async def theatre(stage):
    async with stage.playground() as playground, stage.bot(playground, config=CONFIG) as theatre:
        yield theatre


async def opened(theatre, who=None):
    return await (await (who or theatre.ada).slash("/settings")).message_where(is_note)


async def shows(theatre, *parts):
    """Wait until the member's note has all these parts."""
    return await theatre.ada.message_where(
        lambda shown: is_note(shown) and all(part in shown.content for part in parts)
    )


async def recipe_of(theatre, command, who=None):
    """Send a command and return the recipe that reaches the engine."""
    await (who or theatre.ada).slash(command)
    return (await theatre.engine.wait_added(len(theatre.engine.added) + 1)).recipe


async def prefer(theatre, **chosen):
    await theatre.studio.profiles.set_defaults(theatre.ada.user.id, Defaults(**chosen))


class TestChanging:
    async def test_at_first_everything_is_left_to_the_commands(self, theatre):
        note = await opened(theatre)
        assert "Style: none" in note.content
        assert note.content.count("as the command says") == 5

    async def test_style_and_loop_are_chosen_from_lists(self, theatre):
        note = await opened(theatre)
        await theatre.ada.select(note, "Style", "snow")
        await shows(theatre, "Style: snow")
        await theatre.ada.select(note, "Loop", "no")
        await shows(theatre, "Style: snow", "Loop: no")
        defaults = await theatre.studio.profiles.defaults(theatre.ada.user.id)
        assert defaults == Defaults(style="snow", loop=False)

    async def test_the_rest_is_typed_and_stands_there_the_next_time(self, theatre):
        note = await opened(theatre)
        modal = await (await theatre.ada.click(note, "Negative prompt, frames, focus")).modal()
        values = dict(zip([field.custom_id for field in modal.fields], ["people", "9", "30", "below"], strict=True))
        await theatre.ada.submit_values(modal, values)
        await shows(theatre, "`people`", "Frames of a morph: 9", "Frames of a zoom: 30", "`below`")
        again = await (await theatre.ada.click(note, "Negative prompt, frames, focus")).modal()
        assert [field.value for field in again.fields] == ["people", "9", "30", "below"]

    async def test_the_form_is_taken_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                note = await opened(before)
                modal = await (await before.ada.click(note, "Negative prompt, frames, focus")).modal()
            async with stage.bot(playground) as after:
                await after.ada.submit(modal, negative="people", zoom="30")
                await shows(after, "`people`", "Frames of a zoom: 30")
                defaults = await after.studio.profiles.defaults(after.ada.user.id)
                assert defaults == Defaults(negative="people", zoom_frames=30)

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            (["", "many", "", ""], "Frames are a whole number between 2 and 1000."),
            (["", "", "1", ""], "Frames are a whole number between 2 and 1000."),
            (["", "", "", "nowhere"], "The focus is x,y such as 0.5,0.6"),
        ],
    )
    async def test_what_cannot_be_is_refused_and_nothing_changes(self, theatre, values, sentence):
        note = await opened(theatre)
        modal = await (await theatre.ada.click(note, "Negative prompt, frames, focus")).modal()
        filled = dict(zip([field.custom_id for field in modal.fields], values, strict=True))
        refusal = await (await theatre.ada.submit_values(modal, filled)).message_where(is_note)
        assert sentence in refusal.content
        assert await theatre.studio.profiles.defaults(theatre.ada.user.id) == Defaults()

    async def test_what_was_refused_is_corrected_rather_than_typed_again_also_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                note = await opened(before)
                modal = await (await before.ada.click(note, "Negative prompt, frames, focus")).modal()
                refused = await before.ada.submit(modal, negative="people", zoom="many")
                refusal = await refused.message_where(is_note)
            async with stage.bot(playground) as after:
                again = await (await after.ada.click(refusal, "Correct it")).modal()
                assert [field.value for field in again.fields] == ["people", "", "many", ""]
                await after.ada.submit(again, zoom="30")
                await shows(after, "`people`", "Frames of a zoom: 30")

    async def test_all_of_it_can_be_said_in_the_command_and_taken_back_there(self, theatre):
        said = "style:SNOW negative:people loop:False morph-frames:9 zoom-frames:30 focus:below"
        note = await (await theatre.ada.slash(f"/settings {said}")).message_where(is_note)
        assert "Style: snow" in note.content and "Loop: no" in note.content
        chosen = Defaults(style="snow", negative="people", loop=False, morph_frames=9, zoom_frames=30, focus="below")
        assert await theatre.studio.profiles.defaults(theatre.ada.user.id) == chosen
        note = await (await theatre.ada.slash("/settings style:none focus:none")).message_where(is_note)
        assert "Style: none" in note.content and "`people`" in note.content
        assert await theatre.studio.profiles.defaults(theatre.ada.user.id) == Defaults(
            negative="people", loop=False, morph_frames=9, zoom_frames=30
        )

    @pytest.mark.parametrize(
        ("option", "sentence"),
        [("style:ink", "There is no style “ink”; there are snow."), ("focus:nowhere", "The focus is x,y")],
    )
    async def test_what_cannot_be_is_refused_there_too(self, theatre, option, sentence):
        note = await (await theatre.ada.slash(f"/settings {option}")).message_where(is_note)
        assert sentence in note.content

    async def test_everything_with_a_name_is_offered(self, theatre):
        async def offered(option):
            return [choice["value"] for choice in await theatre.ada.autocomplete(f"/settings {option}:")]

        assert await offered("style") == ["snow", "none"]
        assert await offered("negative") == ["summer"]
        assert "below" in await offered("focus")

    async def test_reset_takes_everything_back(self, theatre):
        await prefer(theatre, style="snow", loop=False, morph_frames=9)
        note = await opened(theatre)
        await theatre.ada.click(note, "Reset everything")
        await shows(theatre, "Style: none", "Loop: as the command says")
        assert await theatre.studio.profiles.defaults(theatre.ada.user.id) == Defaults()

    async def test_it_works_after_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground, config=CONFIG) as theatre:
                note = await opened(theatre)
            async with stage.bot(playground, config=CONFIG) as theatre:
                await theatre.ada.select(note, "Style", "snow")
                await shows(theatre, "Style: snow")

    async def test_everybody_has_their_own(self, theatre):
        await prefer(theatre, style="snow", negative="people")
        assert "snow" not in (await opened(theatre, theatre.bruno)).content


class TestBeingHeeded:
    async def test_they_stand_in_for_what_is_left_out(self, theatre):
        await prefer(
            theatre, style="snow", negative="people", loop=False, morph_frames=9, zoom_frames=30, focus="below"
        )
        giro = await recipe_of(theatre, "/giro stages:a road | 5")
        assert (giro.stages[0].prompt, giro.loop, giro.negative) == ("a road, in winter", False, "people, summer")
        morph = await recipe_of(theatre, "/morph skunk puppy")
        assert isinstance(morph, Morph) and (morph.frames, morph.negative) == (9, "people, summer")
        zoom = await recipe_of(theatre, "/zoom prompt:a road")
        assert isinstance(zoom, Zoom) and (zoom.frames, zoom.focus) == (30, Focus(0.5, 0.65))
        assert (await recipe_of(theatre, "/morph skunk puppy", theatre.bruno)).frames == 21

    async def test_what_is_said_comes_first(self, theatre):
        await prefer(theatre, style="snow", negative="people", loop=False, zoom_frames=30)
        giro = await recipe_of(theatre, "/giro stages:a road | 5 loop:True style:none negative:text")
        assert (giro.stages[0].prompt, giro.loop, giro.negative) == ("a road", True, "text")
        assert (await recipe_of(theatre, "/zoom prompt:a road frames:8 negative:none style:none")).negative == ""

    async def test_a_seed_leaves_them_out_for_it_repeats_an_animation(self, theatre):
        await prefer(theatre, style="snow", negative="people", zoom_frames=30)
        zoom = await recipe_of(theatre, "/zoom prompt:a road seed:7")
        assert (zoom.prompt, zoom.negative, zoom.frames) == ("a road", "", 60)

    async def test_a_style_that_is_not_here_is_as_good_as_none_and_says_so(self, theatre):
        await prefer(theatre, style="ink")
        assert (await recipe_of(theatre, "/zoom prompt:a road")).prompt == "a road"
        assert "ink, which this server does not have" in (await opened(theatre)).content
