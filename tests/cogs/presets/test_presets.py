"""Members' own presets: kept, listed, shown, ridden and thrown away."""

from __future__ import annotations

import msgspec
import pytest

from cogs.presets.preset_list import PER_PAGE
from cogs.renders.recipe_file import parse_recipe_file
from engine.recipe.preset import Preset
from engine.recipe.recipe import Giro, Morph, kind_of
from engine.recipe.stages import parse_stages
from engine.recipe.style import Style
from studio.config.config import Config, LimitsConfig
from studio.profiles.profiles import MAX_NAME_LENGTH
from studio.store.members import MemberPreset
from tests.cogs.conftest import BRISK, is_note
from tests.cogs.delivery.test_result import LONGEST

SEASONS = Preset(stages="spring | 3\nautumn | 4", loop=False, description="Through the year")
SNOW = Style(suffix="in winter")
CONFIG = Config(
    delivery=BRISK, limits=LimitsConfig(jobs_per_member=20), presets={"seasons": SEASONS}, styles={"snow": SNOW}
)


@pytest.fixture
async def theatre(stage):
    async with stage.playground() as playground, stage.bot(playground, config=CONFIG) as theatre:
        yield theatre


async def note(theatre, command, who=None):
    """Send a command and return the answer that only the member sees."""
    return await (await (who or theatre.ada).slash(command)).message_where(is_note)


async def recipe_of(theatre, command):
    """Send a command and return the recipe that reaches the engine."""
    await theatre.ada.slash(command)
    return (await theatre.engine.wait_added(len(theatre.engine.added) + 1)).recipe


class TestSaving:
    async def test_the_stages_given_are_kept_and_can_be_ridden(self, theatre):
        answer = await note(theatre, "/preset save name:coast stages:a road by the sea | 5; a town | 6")
        assert answer.content == "Kept. Have it again with `/giro preset:coast`."
        first, second = [await recipe_of(theatre, "/giro preset:coast") for _ in range(2)]
        assert first.stages == parse_stages("a road by the sea | 5; a town | 6")
        assert first.seed != second.seed

    async def test_without_stages_it_is_the_last_giro_with_all_that_was_said(self, theatre):
        await recipe_of(theatre, "/giro stages:a road | 5 loop:False negative:people seed:3")
        await note(theatre, "/preset save name:last")
        recipe = await recipe_of(theatre, "/giro preset:last")
        assert isinstance(recipe, Giro)
        assert (recipe.stages, recipe.loop, recipe.negative) == (parse_stages("a road | 5"), False, "people")
        told = await recipe_of(theatre, "/giro preset:last loop:True negative:none seed:4")
        assert (told.loop, told.negative, told.seed) == (True, "", 4)

    async def test_without_stages_and_without_a_giro_it_says_what_to_give(self, theatre):
        answer = await note(theatre, "/preset save name:last")
        assert answer.content.startswith("You have not ordered anything yet: give stages")

    async def test_a_morph_is_kept_and_used_as_well(self, theatre):
        said = "source:skunk target:puppy prompt:a sketch of a {} frames:9 negative:people seed:3"
        first = await recipe_of(theatre, f"/morph {said}")
        answer = await note(theatre, "/preset save name:pets")
        assert answer.content == "Kept. Have it again with `/preset use name:pets`."
        again = await recipe_of(theatre, "/preset use name:PETS")
        assert again.seed != first.seed and msgspec.structs.replace(again, seed=first.seed) == first
        styled = await recipe_of(theatre, "/preset use name:pets style:snow seed:4")
        assert (styled.prompt, styled.seed) == ("a sketch of a {}, in winter", 4)
        assert (await note(theatre, "/preset list")).content.startswith("**★ pets** · 9 frames · morph: skunk")
        assert "/morph source:skunk target:puppy" in (await note(theatre, "/preset show name:pets")).content

    async def test_a_render_of_somebody_elses_is_kept(self, theatre):
        await theatre.bruno.slash("/zoom prompt:a zebra seed:3")
        job = await theatre.engine.wait_next()
        theatre.engine.finish(job.id)
        await theatre.engine.wait_forgotten(job.id)
        await note(theatre, f"/preset save name:zebra render:{job.id}")
        assert (await recipe_of(theatre, "/preset use name:zebra")).prompt == "a zebra"
        refused = await note(theatre, f"/preset save name:both render:{job.id} stages:a | 3")
        assert refused.content == "Give either stages or a render, not both."

    async def test_a_servers_preset_is_used_as_well(self, theatre):
        assert (await recipe_of(theatre, "/preset use name:seasons")).stages == parse_stages("spring | 3\nautumn | 4")

    async def test_stages_that_cannot_be_read_are_refused(self, theatre):
        answer = await note(theatre, "/preset save name:bad stages:a road | 0")
        assert "a whole number of frames" in answer.content
        assert (await note(theatre, "/preset list")).content == "**seasons** · 2 stages, 7 frames · spring"

    async def test_a_name_is_shown_as_it_is_whatever_is_in_it(self, theatre):
        await note(theatre, "/preset save name:**@everyone** stages:a road | 5")
        listed = await note(theatre, "/preset list")
        assert not listed.mentions
        assert "\\*\\*" in listed.content


class TestListing:
    async def test_ones_own_come_first_and_are_marked(self, theatre):
        await note(theatre, "/preset save name:zoo stages:a road | 5")
        first, second = (await note(theatre, "/preset list")).content.splitlines()
        assert first == "**★ zoo** · 1 stage, 5 frames · a road"
        assert second.startswith("**seasons**")
        bruno = await note(theatre, "/preset list", theatre.bruno)
        assert "zoo" not in bruno.content

    async def test_a_long_list_has_pages_that_outlive_a_restart(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground, config=CONFIG) as theatre:
                for number in range(PER_PAGE + 2):
                    preset = MemberPreset(
                        name=f"own {number:02}", recipe=Giro(seed=1, stages=parse_stages("a | 3")), saved=1.0
                    )
                    await theatre.store.members.save_preset(theatre.ada.user.id, preset)
                message = await note(theatre, "/preset list")
                assert "own 09" in message.content and "own 10" not in message.content
                assert "Page 1 of 2" in message.content
            async with stage.bot(playground, config=CONFIG) as theatre:
                await theatre.ada.click(message, "More")
                turned = await theatre.ada.message_where(lambda shown: "Page 2 of 2" in shown.content)
                assert "own 10" in turned.content and "seasons" in turned.content
                await theatre.ada.click(turned, "Back")
                await theatre.ada.message_where(lambda shown: "Page 1 of 2" in shown.content)

    async def test_a_page_fits_a_message_however_much_of_it_has_to_be_escaped(self, theatre):
        for number in range(PER_PAGE):
            preset = MemberPreset(name=f"{number}" + "*" * (MAX_NAME_LENGTH - 1), recipe=LONGEST["zoom"], saved=1.0)
            await theatre.store.members.save_preset(theatre.ada.user.id, preset)
        assert (await note(theatre, "/preset list")).content.count("\n") == PER_PAGE

    async def test_nothing_at_all_says_how_to_begin(self, stage):
        async with stage.playground() as playground, stage.bot(playground) as theatre:
            assert "/preset save" in (await note(theatre, "/preset list")).content

    async def test_giro_offers_them_before_the_servers(self, theatre):
        await note(theatre, "/preset save name:zoo stages:a road | 5")
        choices = await theatre.ada.autocomplete("/giro preset:")
        assert [choice["value"] for choice in choices] == ["zoo", "seasons"]
        assert choices[0]["name"] == "★ zoo: 1 stage, 5 frames, a road"
        assert [choice["value"] for choice in await theatre.bruno.autocomplete("/giro preset:")] == ["seasons"]

    async def test_ones_own_of_the_same_name_wins(self, theatre):
        await note(theatre, "/preset save name:Seasons stages:a road | 5")
        assert (await recipe_of(theatre, "/giro preset:seasons")).stages == parse_stages("a road | 5")
        offered = await theatre.ada.autocomplete("/giro preset:")
        assert [choice["value"] for choice in offered] == ["Seasons"]


class TestShowingAndDeleting:
    async def test_stages_are_shown_as_they_are_typed(self, theatre):
        answer = await note(theatre, "/preset show name:seasons")
        assert answer.content == "**seasons** · 2 stages, 7 frames\n```\nspring | 3\nautumn | 4\n```"

    async def test_long_ones_come_as_a_file(self, theatre):
        stages = "; ".join(f"{'a road by the sea ' * 12}| 3" for _ in range(20))
        await note(theatre, f"/preset save name:long stages:{stages}")
        answer = await note(theatre, "/preset show name:long")
        assert [file.filename for file in answer.attachments] == ["stages.txt"]

    @pytest.mark.parametrize("name", LONGEST)
    async def test_the_longest_of_every_kind_are_shown_or_come_as_a_file(self, theatre, name):
        recipe = LONGEST[name]
        preset = MemberPreset(name="*" * MAX_NAME_LENGTH, recipe=recipe, saved=1.0)
        await theatre.store.members.save_preset(theatre.ada.user.id, preset)
        answer = await note(theatre, f"/preset show name:{preset.name}")
        assert answer.content.startswith("**\\*")
        if (kind := kind_of(recipe)) != "giro" and answer.attachments:
            assert answer.attachments[0].filename == f"{kind}-{recipe.seed}.json"
            assert parse_recipe_file(answer.attachments[0].data).recipe == recipe
            assert "give the file to /recipe import" in answer.content
        else:
            assert answer.attachments or "```" in answer.content

    async def test_what_is_deleted_is_gone_and_others_cannot_delete_it(self, theatre):
        await note(theatre, "/preset save name:zoo stages:a road | 5")
        refused = await note(theatre, "/preset delete name:zoo", theatre.bruno)
        assert "zoo" in refused.content and await theatre.store.members.preset(theatre.ada.user.id, "zoo")
        assert [choice["value"] for choice in await theatre.ada.autocomplete("/preset delete name:z")] == ["zoo"]
        assert (await note(theatre, "/preset delete name:zoo")).content == "`zoo` is deleted."
        unknown = await note(theatre, "/giro preset:zoo")
        assert unknown.content == "There is no preset “zoo”; there are seasons."

    async def test_a_preset_of_another_kind_is_none_of_a_giro(self, theatre):
        morph = MemberPreset(name="odd", recipe=Morph(seed=1, source="a", target="b"), saved=1.0)
        await theatre.store.members.save_preset(theatre.ada.user.id, morph)
        assert "odd" in [choice["value"] for choice in await theatre.ada.autocomplete("/preset use name:od")]
        assert await theatre.ada.autocomplete("/giro preset:od") == []
        assert (await note(theatre, "/giro preset:odd")).content == "“odd” is no giro; /preset use takes it."
