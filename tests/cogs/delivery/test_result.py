"""The final message: true, complete, and never longer than Discord takes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.delivery.progress import progress_draft
from cogs.delivery.result import Files, bare_draft, failed_draft, finished_draft
from cogs.i18n.language import language_of, languages
from cogs.renders.recipe_file import parse_recipe_file
from cogs.ui.drafts import MAX_CONTENT, MAX_MODAL_TEXT, MAX_STAGES_TEXT, ROOM, Draft
from cogs.ui.headline import headline
from engine.protocol.messages import Standing
from engine.recipe.camera import parse_camera
from engine.recipe.command_line import command_line, stages_on_one_line
from engine.recipe.edits import make_variations
from engine.recipe.keyframe import MAX_KEYFRAMES, Keyframe
from engine.recipe.preset import Preset
from engine.recipe.recipe import (
    MAX_FRAMES,
    MAX_PROMPT,
    MAX_SEED,
    MAX_STAGES,
    MAX_TRIES,
    MAX_WAYPOINTS,
    MAX_WORD,
    Focus,
    Giro,
    Morph,
    Stage,
    Zoom,
    kind_of,
)
from engine.recipe.settings import Overrides
from engine.recipe.stages import format_stages, parse_stages
from engine.recipe.survey_result import SurveyResult
from engine.sentence import Sentence
from studio.orders.job_snapshot import JobSnapshot
from studio.store import JobRecord, Member, Render
from tests.fakes.engine import GIF, plan_of, report_of
from tests.fakes.orders import ADA, MIB, MORPH, answer

FILES = Files(Render(GIF, ".gif"))
ENGLISH = language_of(None)
NASTY = "`*_~|<@1>[x](y)" * 20
NOTES = (
    Sentence("{frames} frames were asked for; at most {limit} are allowed here.", {"frames": 999999, "limit": 400}),
    Sentence("Frames of {size} pixels were asked for; at most {limit} are allowed here.", {"size": 2048, "limit": 512}),
    Sentence("{words} mean nothing to it. It knows {known}.", {"words": NASTY[:170], "known": "a word, " * 40}),
)
MOVES = tuple(
    Keyframe(at=number / 20 + 1e-9, zoom=1.0123456789012345, pan_x=-1 / 17, pan_y=1 / 13, degrees=-10 / 3)
    for number in range(MAX_KEYFRAMES)
)
EDGES = {"seed": MAX_SEED, "negative": NASTY[:MAX_PROMPT]}
WAY = Morph(
    source="@" * MAX_WORD,
    through=("_" * MAX_WORD,) * (MAX_WAYPOINTS - 2),
    target="*" * MAX_WORD,
    prompt=NASTY[: MAX_PROMPT - 2] + "{}",
    frames=MAX_FRAMES,
    loop="round",
    tries=MAX_TRIES,
    **EDGES,
)
PROMPTS = tuple((letter + NASTY)[:MAX_PROMPT] for letter in "abcdefghij")
LONGEST = {
    "morph": WAY,
    "morph of whole prompts": Morph(
        source=PROMPTS[0], through=PROMPTS[1:-1], target=PROMPTS[-1], prompt="{}", tries=MAX_TRIES, **EDGES
    ),
    "zoom": Zoom(prompt=NASTY[:MAX_PROMPT], focus=Focus(1 / 3, 2 / 3), camera=MOVES, frames=MAX_FRAMES, **EDGES),
    "giro": Giro(
        stages=(Stage(NASTY[:MAX_PROMPT], 20),) * MAX_STAGES, focus=Focus(1 / 3, 2 / 3), camera=MOVES, **EDGES
    ),
    "giro of many stages": Giro(stages=(Stage("x", 20),) * MAX_STAGES, seed=MAX_SEED),
}
"""Of every kind what is longest, every option at its limit, and half of it needs a backslash."""
SHEETS = {f"variations of a {name}": make_variations(recipe, (MAX_SEED,) * 4) for name, recipe in LONGEST.items()}


def record_of(recipe, **changes) -> JobRecord:
    record = JobRecord(
        id="0" * 16,
        recipe=recipe,
        member=ADA,
        answer=answer(),
        limit_bytes=10 * MIB,
        state="done",
        plan=plan_of(recipe),
        report=report_of(recipe),
        created=0.0,
    )
    return msgspec.structs.replace(record, **changes)


def block_of(draft: Draft) -> str:
    """Return the line in the code block."""
    return draft.content.split("```")[1].strip()


class TestLengths:
    @pytest.mark.parametrize("say", languages(), ids=lambda say: say.tag)
    @pytest.mark.parametrize("recipe", [*LONGEST.values(), *SHEETS.values()], ids=[*LONGEST, *SHEETS])
    def test_the_longest_recipes_fit_a_message_in_every_state(self, recipe, say):
        found = SurveyResult(positions=(0.0,) * recipe.frames, seeds=tuple(range(MAX_SEED - MAX_TRIES, MAX_SEED)))
        report = msgspec.structs.replace(report_of(recipe), flagged=999, retried=999, gif_frames=1)
        if isinstance(recipe, Morph):
            report = msgspec.structs.replace(report, found=found)
        record = record_of(recipe, error=Sentence(NASTY * 10), report=report, notes=NOTES)
        parent = record_of(recipe, member=Member(id="1", name="_" * 100))
        live = JobSnapshot(record=record, restarts=9)
        drafts = [
            finished_draft(record, msgspec.structs.replace(FILES, tries=b"PNG"), {}, say, parent),
            failed_draft(record, {}, say),
            bare_draft(record, say),
            progress_draft(live, None, say, loaded=True, preview=None),
        ]
        assert max(len(draft.content) for draft in drafts) <= ROOM < MAX_CONTENT
        for draft in drafts:
            assert draft.content.startswith(headline(recipe, say))

    @pytest.mark.parametrize("name", ["morph of whole prompts", "zoom", "giro"])
    def test_a_line_that_is_too_long_for_the_message_comes_as_a_file_that_can_be_imported(self, name):
        record = record_of(LONGEST[name])
        finished, failed = finished_draft(record, FILES, {}, ENGLISH), failed_draft(record, {}, ENGLISH)
        for draft in (finished, failed):
            file = draft.uploads[-1]
            assert (file.name, parse_recipe_file(file.data).recipe) == (
                f"{kind_of(record.final_recipe)}-{MAX_SEED}.json",
                record.final_recipe,
            )
            assert "give the file to /recipe import" in draft.content
            assert "```" not in draft.content
        assert finished.uploads[0].data == GIF

    def test_a_morph_through_prompts_of_the_usual_length_is_delivered_with_its_recipe(self):
        prompts = [
            f"a road by the sea number {number}, sunny day, " + "trees on the right, " * 11 for number in range(6)
        ]
        morph = Morph(source=prompts[0], through=tuple(prompts[1:-1]), target=prompts[-1], prompt="{}", seed=7)
        draft = finished_draft(record_of(morph), FILES, {}, ENGLISH)
        assert len(draft.content) <= ROOM
        assert [upload.name for upload in draft.uploads] == ["morph-7.gif", "morph-7.json"]

    def test_what_was_clamped_is_told_however_long_the_recipe_is(self):
        draft = finished_draft(record_of(WAY, notes=NOTES[:2]), FILES, {}, ENGLISH)
        assert "999999 frames were asked for; at most 400 are allowed here." in draft.content
        assert "Frames of 2048 pixels were asked for; at most 512 are allowed here." in draft.content

    def test_stages_that_are_too_long_for_the_message_come_as_a_file_that_the_form_takes(self):
        stages = tuple(Stage(f"a road number {number}, sunny day, with trees", 20) for number in range(50))
        draft = finished_draft(record_of(Giro(stages=stages, loop=False, seed=7)), FILES, {}, ENGLISH)
        picture, text = draft.uploads
        assert (picture.data, text.name) == (GIF, "stages.txt")
        assert parse_stages(text.data.decode()) == stages
        assert block_of(draft) == "/giro loop:False seed:7"
        assert "paste them into the form" in draft.content

    def test_stages_that_are_too_long_for_the_form_are_said_to_go_into_the_option(self):
        stages = tuple(Stage(f"a road number {number}, " + "with trees, " * 7, 20) for number in range(50))
        draft = finished_draft(record_of(Giro(stages=stages, seed=7)), FILES, {}, ENGLISH)
        assert MAX_MODAL_TEXT < len(format_stages(stages)) <= MAX_STAGES_TEXT
        assert "form" not in draft.content
        assert "give them as stages" in draft.content

    def test_stages_that_are_too_long_for_any_command_are_not_said_to_fit_one(self):
        giro = Giro(stages=(Stage("x" * MAX_PROMPT, 20),) * MAX_STAGES, seed=7)
        draft = finished_draft(record_of(giro), FILES, {}, ENGLISH)
        assert [upload.name for upload in draft.uploads] == ["giro-7.gif", "giro-7.json"]


class TestFacts:
    def test_a_gif_with_fewer_frames_than_were_rendered_says_so(self):
        report = msgspec.structs.replace(report_of(MORPH), gif_frames=5)
        draft = finished_draft(record_of(MORPH, report=report), FILES, {}, ENGLISH)
        assert "5 of 9 frames, to fit the upload limit" in draft.content

    def test_a_focus_is_told_in_percent(self):
        draft = finished_draft(record_of(Zoom(prompt="a road", focus=Focus(0.5, 0.65), seed=1)), FILES, {}, ENGLISH)
        assert "**Zoom** into a road, towards 50% across and 65% down" in draft.content

    def test_the_cameras_moves_are_told(self):
        recipe = Zoom(prompt="a road", camera=parse_camera("spiral > zoom 1.01"), seed=1)
        draft = finished_draft(record_of(recipe), FILES, {}, ENGLISH)
        assert "**Zoom** into a road (camera: spiral > zoom 1.01)" in draft.content.replace("\\", "")

    def test_the_picture_is_described_for_those_who_do_not_see_it(self):
        draft = finished_draft(record_of(Giro(stages=(Stage("a", 1), Stage("b", 1)), seed=1)), FILES, {}, ENGLISH)
        assert draft.uploads[0].description == "Animation of a ride through a, then b, and back to the start"


class TestTheLineToRepeat:
    def test_what_has_its_default_is_left_out(self):
        assert command_line(MORPH, {}) == "/morph source:skunk target:puppy frames:9 seed:1234"
        assert command_line(Zoom(prompt="a road", seed=1), {}) == "/zoom prompt:a road frames:60 seed:1"

    def test_where_no_command_says_all_the_recipe_is_attached_instead(self):
        recipe = Zoom(prompt="a road", seed=1, settings=Overrides(guidance=3.0))
        draft = finished_draft(record_of(recipe), FILES, {}, ENGLISH)
        assert "/zoom" not in draft.content
        assert "No command says all of this; give the file to /recipe import." in draft.content
        assert draft.uploads is not None
        assert draft.uploads[-1].name == "zoom-1.json"

    def test_a_focus_is_exact(self):
        line = command_line(Zoom(prompt="a", focus=Focus(1 / 3, 1e-7), seed=1), {})
        assert "focus:0.3333333333333333,0.0000001 " in line

    def test_the_cameras_moves_are_repeated(self):
        recipe = Giro(stages=(Stage("a", 5),), camera=parse_camera("drift left > back at 80%"), focus=Focus(), seed=1)
        assert "loop:True focus:0.5,0.5 camera:drift left > back at 0.8 seed:1" in command_line(recipe, {})

    def test_a_preset_goes_by_its_name(self):
        presets = {"tour": Preset(stages="a | 3\nb | 4")}
        recipe = Giro(stages=presets["tour"].parse_stages(), seed=1)
        assert command_line(recipe, presets) == "/giro preset:tour loop:True seed:1"

    def test_a_mode_other_than_the_usual_is_said(self):
        recipe = Giro(stages=(Stage("a road", 3),), seed=1, mode="parallel")
        assert command_line(recipe, {}) == "/giro stages:a road | 3 loop:True mode:parallel seed:1"

    def test_stages_are_written_as_members_write_them(self):
        recipe = Giro(stages=(Stage("a road", 3), Stage("a town", 4)), loop=False, seed=1)
        assert command_line(recipe, {}) == "/giro stages:a road | 3; a town | 4 loop:False seed:1"

    @given(
        st.lists(
            st.builds(
                Stage,
                st.text("ab;|[](){}'\",\\ `é", min_size=1, max_size=12).map(str.strip).filter(bool),
                st.integers(1, 9),
            ),
            min_size=1,
            max_size=4,
        ).map(tuple)
    )
    def test_stages_read_back_as_they_are_whatever_is_in_them(self, stages):
        line = stages_on_one_line(stages)
        assert "\n" not in line
        assert parse_stages(line) == stages

    def test_stages_in_the_file_read_back_too(self):
        stages = (Stage("a, b", 3), Stage("c | d", 4))
        assert parse_stages(format_stages(stages)) == stages


@pytest.mark.parametrize(
    ("flagged", "sentence"),
    [
        (1, "the safety checker objected to 1 frame; it is blurred"),
        (3, "the safety checker objected to 3 frames; they are blurred"),
    ],
)
def test_what_the_safety_checker_objected_to_comes_as_a_spoiler_and_says_why(flagged, sentence):
    report = msgspec.structs.replace(report_of(MORPH), flagged=flagged)
    draft = finished_draft(record_of(MORPH, report=report, nsfw=True), FILES, {}, ENGLISH)
    assert draft.uploads is not None
    assert draft.uploads[0].as_file().filename == f"SPOILER_morph-{MORPH.seed}.gif"
    assert sentence in draft.content


def test_an_ordinary_render_is_no_spoiler():
    draft = finished_draft(record_of(MORPH), FILES, {}, ENGLISH)
    assert draft.uploads is not None
    assert draft.uploads[0].name == f"morph-{MORPH.seed}.gif"
    assert "spoiler" not in draft.content


def test_a_held_job_says_so_and_promises_nothing():
    live = JobSnapshot(record=record_of(MORPH, state="waiting", report=None))
    draft = progress_draft(live, Standing("0" * 16, 3, None, held=True), ENGLISH, loaded=True, preview=None)
    assert "an administrator has paused new animations" in draft.content


@pytest.mark.parametrize(
    ("retried", "sentence"),
    [(1, "1 frame came out spoilt and was made again"), (3, "3 frames came out spoilt and were made again")],
)
def test_frames_that_were_made_again_are_owned_up_to(retried, sentence):
    plain = report_of(MORPH)
    report = msgspec.structs.replace(plain, retried=retried)
    assert sentence in finished_draft(record_of(MORPH, report=report), FILES, {}, ENGLISH).content
    assert "made again" not in finished_draft(record_of(MORPH, report=plain), FILES, {}, ENGLISH).content
