"""The commands, as members meet them: what they take, what they suggest, and what they refuse."""

from __future__ import annotations

import asyncio
import time

import pytest

from engine.errors import PromptError
from engine.recipe.camera import parse_camera
from engine.recipe.focus import parse_focus
from engine.recipe.preset import Preset
from engine.recipe.recipe import Focus, Giro, Morph, Zoom
from engine.recipe.stages import SEED_STAGES, format_stages, parse_stages
from playground.world.interaction import Kind
from studio.config.config import Config, LimitsConfig
from tests.cogs.conftest import BRISK, has_gif, is_note, says
from tests.fakes.engine import FakeEngine, refused

SEASONS = Preset(stages="spring | 3\nautumn | 4", loop=False, description="Through the year")


@pytest.fixture
async def theatre(stage):
    config = Config(delivery=BRISK, limits=LimitsConfig(jobs_per_member=20), presets={"seasons": SEASONS})
    async with stage.playground() as playground, stage.bot(playground, config=config) as theatre:
        yield theatre


async def recipe_of(theatre, command):
    """Send a command and return the recipe that reaches the engine."""
    await theatre.ada.slash(command)
    return (await theatre.engine.wait_added(len(theatre.engine.added) + 1)).recipe


async def note_of(theatre, name, values):
    """Send a command with raw values and return the note that only the member sees; nothing may be queued."""
    handle = await theatre.ada.invoke(name, values)
    note = await handle.message_where(is_note)
    assert theatre.engine.added == []
    assert theatre.studio.list_unsettled() == []
    assert [message for message in theatre.bruno.messages if message.interaction_id == handle.interaction.id] == []
    return note


class TestMorph:
    async def test_options_become_the_recipe(self, theatre):
        recipe = await recipe_of(theatre, "/morph source:skunk target:puppy prompt:a photo of a {} frames:9 seed:1234")
        assert isinstance(recipe, Morph)
        assert (recipe.source, recipe.target, recipe.prompt) == ("skunk", "puppy", "a photo of a {}")
        assert (recipe.frames, recipe.seed) == (9, 1234)

    async def test_what_is_left_out_has_a_default_and_the_seed_is_drawn(self, theatre):
        first, second = [await recipe_of(theatre, "/morph skunk puppy") for _ in range(2)]
        assert (first.prompt, first.frames) == ("a picture of a {}", 21)
        assert first.seed != second.seed

    async def test_the_members_own_prompts_are_suggested_first(self, theatre):
        await recipe_of(theatre, "/morph source:skunk target:puppy prompt:a {} on the moon")
        choices = await theatre.ada.autocomplete("/morph source:a target:b prompt:a")
        assert choices[0]["value"] == "a {} on the moon"
        assert "a painting of a {}" in [choice["value"] for choice in choices]


class TestZoom:
    async def test_options_become_the_recipe(self, theatre):
        recipe = await recipe_of(theatre, "/zoom prompt:a road by the sea frames:12 focus:50%,60% seed:7")
        assert isinstance(recipe, Zoom)
        assert (recipe.prompt, recipe.frames, recipe.focus, recipe.seed) == (
            "a road by the sea",
            12,
            Focus(0.5, 0.6),
            7,
        )

    async def test_moves_become_the_recipes_keyframes(self, theatre):
        recipe = await recipe_of(theatre, "/zoom prompt:a road camera:spiral > drift left focus:auto")
        assert isinstance(recipe, Zoom)
        assert (recipe.camera, recipe.focus) == (parse_camera("spiral > drift left"), "auto")
        giro = await recipe_of(theatre, "/giro stages:a road | 5; a hill | 5 camera:back focus:0.4,0.6")
        assert isinstance(giro, Giro)
        assert (giro.camera, giro.focus) == (parse_camera("back"), Focus(0.4, 0.6))

    async def test_moves_are_suggested_one_after_another(self, theatre):
        choices = await theatre.ada.autocomplete("/zoom prompt:a camera:spiral > dr")
        assert [choice["value"] for choice in choices] == ["spiral > drift left", "spiral > drift right"]

    async def test_places_have_names(self, theatre):
        choices = await theatre.ada.autocomplete("/zoom prompt:a focus:bel")
        assert choices == [{"name": "below (0.5,0.65)", "value": "below"}]
        assert (await recipe_of(theatre, "/zoom prompt:a road focus:below")).focus == Focus(0.5, 0.65)

    async def test_prompts_of_presets_are_suggested(self, theatre):
        assert await theatre.ada.autocomplete("/zoom prompt:aut") == [{"name": "autumn", "value": "autumn"}]


class TestGiro:
    async def test_stages_loop_and_seed_become_the_recipe(self, theatre):
        recipe = await recipe_of(theatre, "/giro stages:a road | 5; a town | 6 loop:False seed:3")
        assert isinstance(recipe, Giro)
        assert recipe.stages == parse_stages("a road | 5; a town | 6")
        assert (recipe.loop, recipe.seed) == (False, 3)

    async def test_the_mode_becomes_the_recipe_however_the_stages_are_given(self, theatre):
        for command in ("/giro stages:a road | 5 mode:parallel", "/giro preset:seasons mode:parallel"):
            recipe = await recipe_of(theatre, command)
            assert isinstance(recipe, Giro) and recipe.mode == "parallel"
        assert (await recipe_of(theatre, "/giro preset:seasons")).mode == "chain"

    async def test_a_preset_brings_its_own_loop_unless_told_otherwise(self, theatre):
        assert (await recipe_of(theatre, "/giro preset:seasons")).loop is False
        assert (await recipe_of(theatre, "/giro preset:seasons loop:True")).loop is True

    async def test_presets_are_suggested_by_name_and_description(self, theatre):
        expected = [{"name": "seasons: Through the year", "value": "seasons"}]
        assert await theatre.ada.autocomplete("/giro preset:year") == expected

    async def test_stages_are_suggested_behind_those_typed_already(self, theatre):
        choices = await theatre.ada.autocomplete("/giro stages:a road | 5; aut")
        assert [choice["value"] for choice in choices] == ["a road | 5; autumn | 4"]

    async def test_an_unknown_preset_is_refused_with_those_there_are(self, theatre):
        note = await note_of(theatre, "giro", {"preset": "wints"})
        assert note.content == "There is no preset “wints”; there are seasons."

    async def test_stages_and_a_preset_at_a_time_are_refused(self, theatre):
        note = await note_of(theatre, "giro", {"preset": "seasons", "stages": "a | 3"})
        assert note.content == "Give either stages or a preset, not both."


class TestTheForm:
    async def test_it_opens_with_the_seeds_stages_and_carries_loop_and_seed(self, theatre):
        modal = await (await theatre.ada.slash("/giro loop:False seed:9")).modal()
        (field,) = modal.fields
        assert field.value == format_stages(SEED_STAGES)
        await theatre.ada.submit(modal)
        recipe = (await theatre.engine.wait_added(1)).recipe
        assert (recipe.stages, recipe.loop, recipe.seed) == (SEED_STAGES, False, 9)

    async def test_what_was_sent_from_it_is_delivered(self, theatre):
        modal = await (await theatre.ada.slash("/giro")).modal()
        handle = await theatre.ada.submit_values(modal, {modal.fields[0].custom_id: "a road | 5"})
        theatre.engine.finish((await theatre.engine.wait_added(1)).id)
        assert (await handle.message_where(has_gif)).content.startswith("**Giro** through 1 stage: a road")

    async def test_stages_that_are_refused_can_be_corrected_instead_of_typed_again(self, theatre):
        modal = await (await theatre.ada.slash("/giro seed:9")).modal()
        handle = await theatre.ada.submit_values(modal, {modal.fields[0].custom_id: "a road | many"})
        note = await handle.message_where(is_note)
        assert "a whole number of frames between 1 and 1000" in note.content
        reopened = await (await theatre.ada.click(note, "Correct the stages")).modal()
        assert reopened.fields[0].value == "a road | many"
        await theatre.ada.submit_values(reopened, {reopened.fields[0].custom_id: "a road | 5"})
        recipe = (await theatre.engine.wait_added(1)).recipe
        assert (recipe.stages, recipe.seed) == (parse_stages("a road | 5"), 9)

    async def test_it_is_taken_after_a_restart_with_all_that_the_command_said(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                line = "/giro loop:False mode:parallel focus:left camera:still negative:people seed:9"
                modal = await (await before.ada.slash(line)).modal()
            async with stage.bot(playground) as after:
                await after.ada.submit_values(modal, {"stages": "a road | 5"})
                recipe = (await after.engine.wait_added(1)).recipe
                assert recipe.stages == parse_stages("a road | 5")
                assert (recipe.loop, recipe.mode, recipe.negative, recipe.seed) == (False, "parallel", "people", 9)
                assert (recipe.focus, recipe.camera) == (parse_focus("left"), parse_camera("still"))

    async def test_so_is_a_correction(self, stage):
        async with stage.playground() as playground:
            async with stage.bot(playground) as before:
                modal = await (await before.ada.slash("/giro seed:9")).modal()
                handle = await before.ada.submit_values(modal, {"stages": "a road | many"})
                note = await handle.message_where(is_note)
            async with stage.bot(playground) as after:
                reopened = await (await after.ada.click(note, "Correct the stages")).modal()
                assert reopened.fields[0].value == "a road | many"
                await after.ada.submit_values(reopened, {"stages": "a road | 5"})
                recipe = (await after.engine.wait_added(1)).recipe
                assert (recipe.stages, recipe.seed) == (parse_stages("a road | 5"), 9)

    async def test_it_may_be_open_for_longer_than_discord_py_remembers_it(self, theatre, monkeypatch):
        monkeypatch.setattr("cogs.ui.forms._OPEN_SECONDS", 0.01)
        modal = await (await theatre.ada.slash("/giro seed:9")).modal()
        await asyncio.sleep(0.1)
        await theatre.ada.submit_values(modal, {"stages": "a road | 5"})
        assert (await theatre.engine.wait_added(1)).recipe.seed == 9

    async def test_of_one_that_was_forgotten_what_was_typed_is_kept(self, theatre):
        modal = await (await theatre.ada.slash("/giro seed:9")).modal()
        await theatre.store.forms.prune(time.time() + 1)
        handle = await theatre.ada.submit_values(modal, {"stages": "a road | 5"})
        note = await handle.message_where(is_note)
        assert note.content.startswith("This form was open for so long that only its stages are kept")
        again = await (await theatre.ada.click(note, "Correct the stages")).modal()
        await theatre.ada.submit(again)
        assert (await theatre.engine.wait_added(1)).recipe.stages == parse_stages("a road | 5")

    async def test_a_correction_that_was_forgotten_says_so(self, theatre):
        note = await (await theatre.ada.slash("/giro stages:a road | many")).message_where(is_note)
        await theatre.store.forms.prune(time.time() + 1)
        refusal = await (await theatre.ada.click(note, "Correct the stages")).message_where(is_note)
        assert refusal.content == "What you typed is not kept any more: it was too long ago."

    async def test_nobody_takes_it_up_for_somebody_else(self, theatre):
        modal = await (await theatre.ada.slash("/giro seed:9")).modal()
        data = modal.submission({"stages": "a road | 5"})
        handle = await theatre.bruno.forge(Kind.MODAL_SUBMIT, data, cause=modal.cause)
        await handle.message_where(is_note)
        assert theatre.engine.added == []


class TestRefusals:
    """Values that no Discord client would send come as they are, for the bot must not rely on the client."""

    @pytest.mark.parametrize(
        ("name", "values", "sentence"),
        [
            ("morph", {"source": "a", "target": "b", "frames": 0}, "frames must be between 2 and 1000"),
            ("morph", {"source": "a", "target": "b", "frames": 1_000_000}, "frames must be between 2 and 1000"),
            ("morph", {"source": "a", "target": "b", "seed": -1}, "seed must be between 0 and 4294967295"),
            ("morph", {"source": "a", "target": "b", "prompt": "no place"}, "must contain {} exactly once"),
            ("morph", {"source": " ", "target": "b"}, "source must not be empty"),
            ("morph", {"source": "a" * 61, "target": "b"}, "source may have at most 60 characters"),
            ("zoom", {"prompt": ""}, "prompt must not be empty"),
            ("zoom", {"prompt": "a", "focus": "2,2"}, "The focus must lie inside the picture"),
            ("zoom", {"prompt": "a", "focus": "nowhere"}, "The focus is x,y such as 0.5,0.6"),
            ("zoom", {"prompt": "a", "camera": "nowhere"}, "The camera's moves are forward, back"),
            ("giro", {"camera": "nowhere"}, "The camera's moves are forward, back"),
            ("zoom", {"prompt": "a" * 301}, "prompt may have at most 300 characters"),
            ("giro", {"stages": ""}, "There is no stage"),
            ("giro", {"stages": "a | 0"}, "a whole number of frames between 1 and 1000"),
            ("giro", {"stages": "a | 3", "seed": 2**32}, "seed must be between 0 and 4294967295"),
            ("giro", {"stages": "a | 900; b | 900"}, "1800 frames; at most 1000 are possible"),
        ],
    )
    async def test_bad_values_get_a_sentence_that_names_what_is_allowed(self, theatre, name, values, sentence):
        note = await note_of(theatre, name, values)
        assert sentence in note.content.replace("\\", "")

    async def test_a_value_of_another_kind_is_refused_too(self, theatre):
        note = await note_of(theatre, "morph", {"source": "a", "target": "b", "frames": "many"})
        assert note.content == "frames must be a whole number between 2 and 1000, not text."

    async def test_a_refusal_after_the_acknowledgement_takes_the_thinking_away(self, theatre):
        handle = await theatre.ada.slash(f"/giro stages:{'; '.join(['a road | 2'] * 21)}")
        note = await handle.message_where(is_note)
        assert note.content == "There are 21 stages; at most 20 are allowed here, so leave some out."
        assert [message.ephemeral for message in handle.messages] == [True]

    async def test_what_the_model_cannot_take_is_said_to_the_member_alone(self, stage):
        engine = refused(PromptError("The word “zxqv” is too long for this model: at most 20 tokens."))
        async with stage.playground() as playground, stage.bot(playground, engine=engine) as theatre:
            note = await note_of(theatre, "morph", {"source": "zxqv", "target": "puppy"})
            assert note.content == "The word “zxqv” is too long for this model: at most 20 tokens."

    async def test_a_refused_giro_can_be_corrected(self, stage):
        engine = refused(PromptError("The prompt of stage 1 is too long."))
        async with stage.playground() as playground, stage.bot(playground, engine=engine) as theatre:
            note = await note_of(theatre, "giro", {"stages": "a road | 5"})
            modal = await (await theatre.ada.click(note, "Correct the stages")).modal()
            assert modal.fields[0].value == "a road | 5"

    async def test_an_unknown_error_is_logged_under_the_reference_that_the_member_sees(self, stage, caplog):
        class Broken(FakeEngine):
            async def check(self, *_):
                raise ZeroDivisionError("a secret of the house")

        async with stage.playground() as playground, stage.bot(playground, engine=Broken()) as theatre:
            note = await note_of(theatre, "morph", {"source": "skunk", "target": "puppy"})
            assert "secret" not in note.content
            reference = note.content.split("`")[1]
            assert f"Reference {reference}: a secret of the house" in caplog.text

    async def test_hostile_words_in_a_refusal_are_inert(self, theatre):
        note = await note_of(theatre, "giro", {"stages": "[@everyone <@1> `x` **y**"})
        assert not note.mentions
        assert "<@1>" not in note.content
        assert "**y**" not in note.content


class TestAcknowledging:
    async def test_the_member_is_answered_while_the_engine_has_not_said_anything(self, theatre, monkeypatch):
        asked = asyncio.Event()

        async def never(*_):
            asked.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(theatre.engine, "check", never)
        handle = await theatre.ada.slash("/morph skunk puppy")
        await handle.acknowledged(timeout=1.5)
        await asked.wait()
        assert theatre.engine.added == []

    async def test_the_member_is_answered_while_the_disk_is_slow(self, theatre, monkeypatch):
        hold = asyncio.Event()

        async def slow(self, **_):
            await hold.wait()
            return 0

        monkeypatch.setattr("studio.store.jobs.Jobs.count_open", slow)
        handle = await theatre.ada.slash("/morph skunk puppy")
        await handle.acknowledged()
        hold.set()
        theatre.engine.finish((await theatre.engine.wait_added(1)).id)
        await handle.message_where(says("skunk → puppy"))
