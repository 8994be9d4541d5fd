"""Styles, negative prompts and the words of a small world, as members meet them."""

from __future__ import annotations

import pytest

from engine.recipe.preset import Preset
from engine.recipe.recipe import Giro
from engine.recipe.stages import parse_stages
from engine.recipe.style import Style
from studio.config.config import Config, LimitsConfig, ServerConfig
from tests.cogs.conftest import BRISK, has_gif, is_note
from tests.fakes.engine import FakeEngine

SNOW = Style(description="Winter everywhere", suffix="in winter", negative="summer")
CONFIG = Config(
    delivery=BRISK,
    limits=LimitsConfig(jobs_per_member=20),
    styles={"snow": SNOW, "poster": Style(suffix="poster style")},
    presets={"seasons": Preset(stages="spring | 3\nautumn | 4")},
)


@pytest.fixture
async def theatre(stage):
    async with stage.playground() as playground, stage.bot(playground, config=CONFIG) as theatre:
        yield theatre


async def recipe_of(theatre, command):
    """Send a command and return the recipe that reaches the engine."""
    await theatre.ada.slash(command)
    return (await theatre.engine.wait_added(len(theatre.engine.added) + 1)).recipe


class TestStyles:
    async def test_its_words_follow_every_prompt_and_its_negative_the_members_own(self, theatre):
        giro = await recipe_of(theatre, "/giro stages:a road | 5; a town | 6 style:snow negative:people")
        assert giro.stages == parse_stages("a road, in winter | 5; a town, in winter | 6")
        assert giro.negative == "people, summer"
        morph = await recipe_of(theatre, "/morph source:skunk target:puppy style:SNOW")
        assert (morph.prompt, morph.negative) == ("a picture of a {}, in winter", "summer")
        zoom = await recipe_of(theatre, "/zoom prompt:a road style:poster")
        assert (zoom.prompt, zoom.negative) == ("a road, poster style", "")

    async def test_it_goes_with_presets_and_through_the_form(self, theatre):
        preset = await recipe_of(theatre, "/giro preset:seasons style:snow")
        assert preset.stages == parse_stages("spring, in winter | 3; autumn, in winter | 4")
        modal = await (await theatre.ada.slash("/giro style:snow")).modal()
        await theatre.ada.submit_values(modal, {modal.fields[0].custom_id: "a road | 5"})
        assert (await theatre.engine.wait_added(2)).recipe.stages == parse_stages("a road, in winter | 5")

    async def test_they_are_suggested_by_name_and_description(self, theatre):
        expected = [{"name": "snow: Winter everywhere", "value": "snow"}]
        for command in ("/giro style:wint", "/morph source:a target:b style:wint", "/zoom prompt:a style:wint"):
            assert await theatre.ada.autocomplete(command) == expected
        every = await theatre.ada.autocomplete("/giro style:")
        assert [choice["value"] for choice in every] == ["snow", "poster", "none"]

    async def test_an_unknown_one_is_refused_at_once_with_those_there_are(self, theatre):
        handle = await theatre.ada.invoke("zoom", {"prompt": "a road", "style": "oil"})
        note = await handle.message_where(is_note)
        assert note.content == "There is no style “oil”; there are snow, poster."
        assert theatre.engine.added == []

    async def test_the_line_under_a_render_repeats_it_without_the_style(self, theatre):
        await recipe_of(theatre, "/zoom prompt:a road style:snow seed:7 frames:9")
        theatre.engine.finish(theatre.engine.added[0].id)
        message = await theatre.ada.message_where(has_gif)
        line = message.content.split("```")[1].strip()
        assert await recipe_of(theatre, line) == theatre.engine.added[0].recipe

    async def test_a_server_has_its_own(self, stage):
        async with stage.playground() as playground:
            (server, *_) = playground.world.guilds
            own = ServerConfig(styles={"ink": Style(suffix="in ink")})
            config = Config(delivery=BRISK, styles={"snow": SNOW}, servers={server: own})
            async with stage.bot(playground, config=config) as theatre:
                choices = await theatre.ada.autocomplete("/zoom prompt:a style:")
                assert [choice["value"] for choice in choices] == ["ink", "snow", "none"]


class TestTheSmallWorld:
    @pytest.fixture
    async def small(self, stage):
        engine = FakeEngine()
        engine.words = ("road", "sea", "skunk", "puppy", "picture")
        async with stage.playground() as playground, stage.bot(playground, engine=engine, config=CONFIG) as theatre:
            yield theatre

    async def finished(self, theatre, command, who=None):
        """Send a command, finish its render and return the message with it."""
        count = len(theatre.engine.added) + 1
        handle = await (who or theatre.ada).slash(command)
        theatre.engine.finish((await theatre.engine.wait_added(count)).id)
        return await handle.message_where(has_gif)

    async def test_a_word_that_means_nothing_is_mentioned_once_to_each_member(self, small):
        first = await self.finished(small, "/zoom prompt:a road to a castle with dragons")
        assert "“castle”, “dragons” mean nothing to fake-model-1" in first.content
        assert "It knows road, sea, skunk, puppy, picture" in first.content
        again = await self.finished(small, "/zoom prompt:another castle")
        assert "mean" not in again.content
        other = await self.finished(small, "/morph source:skunk target:dragon", small.bruno)
        assert "“dragon” non significa nulla per fake-model-1" in other.content  # Bruno is Italian

    async def test_a_prompt_that_it_knows_is_not_commented_on(self, small):
        message = await self.finished(small, "/zoom prompt:a road by the sea style:snow")
        assert "means nothing" not in message.content

    async def test_its_words_are_offered_while_one_types(self, small):
        for command, expected in (
            ("/giro stages:a road by the s", "a road by the sea"),
            ("/zoom prompt:a ro", "a road"),
            ("/morph source:road target:sku", "skunk"),
        ):
            offered = [choice["value"] for choice in await small.ada.autocomplete(command)]
            assert expected in offered

    async def test_a_model_that_takes_any_word_comments_on_none(self, theatre):
        message = await self.finished(theatre, "/zoom prompt:a castle with dragons")
        assert "means nothing" not in message.content


async def test_a_negative_prompt_of_none_is_none(theatre):
    recipe = await recipe_of(theatre, "/giro stages:a road | 5 negative:none")
    assert isinstance(recipe, Giro) and recipe.negative == ""
