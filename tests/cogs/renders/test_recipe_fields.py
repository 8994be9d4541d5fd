"""A recipe as a form: it reads back as it was, and what cannot be read is said."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.i18n.language import language_of, languages
from cogs.renders.recipe_fields import apply_extension, apply_remix, extend_fields, remix_fields
from cogs.ui.forms import Field
from engine.errors import LimitError, MemberError
from engine.recipe.camera import parse_camera
from engine.recipe.edits import make_variations
from engine.recipe.keyframe import MAX_KEYFRAMES, Keyframe
from engine.recipe.recipe import MAX_PROMPT, MAX_SEED, Focus, Giro, Morph, Recipe, Stage, Zoom
from engine.recipe.settings import Overrides
from tests.cogs.delivery.test_result import LONGEST, SHEETS

SAY = language_of("en-US")
GIRO = Giro(seed=1, stages=(Stage("a road", 6), Stage("a hill", 7)), focus=Focus(0.5, 0.62), negative="people")
MORPH = Morph(seed=2, source="skunk", target="puppy", frames=9, settings=Overrides(steps=9))
ZOOM = Zoom(seed=3, prompt="a street at night", negative="cars", frames=30)
SHEET = make_variations(GIRO, (4, 5, 6, 7))
ROVING = Zoom(seed=3, prompt="a street", camera=parse_camera("spiral > pan 0.01 0.02, turn 1 at 70%"))
ASIDE = msgspec.structs.replace(GIRO, loop=False, mode="parallel")
RECIPES = (GIRO, ROVING, ASIDE, MORPH, msgspec.structs.replace(MORPH, loop="round"), ZOOM, SHEET)


LONG = (
    LONGEST["morph"],
    LONGEST["morph of whole prompts"],
    LONGEST["zoom"],
    msgspec.structs.replace(LONGEST["giro"], stages=(Stage("x" * MAX_PROMPT, 9),) * 13),
    SHEETS["variations of a morph of whole prompts"],
)


def typed(fields: tuple[Field, ...], **changes: str) -> dict[str, str]:
    return {field.name: field.value for field in fields} | changes


@pytest.mark.parametrize("say", languages(), ids=lambda say: say.tag)
@pytest.mark.parametrize("recipe", (*RECIPES, *LONG), ids=lambda recipe: type(recipe).__name__)
def test_a_form_that_is_sent_in_as_it_is_changes_nothing(recipe: Recipe, say) -> None:
    assert apply_remix(recipe, typed(remix_fields(recipe, say)), say) == recipe


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, MAX_SEED),
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=300),
)
def test_no_digit_and_no_letter_is_lost(x: float, y: float, seed: int, prompt: str) -> None:
    recipe = Zoom(seed=seed, prompt=prompt, focus=Focus(x, y))
    assert apply_remix(recipe, typed(remix_fields(recipe, SAY)), SAY) == recipe


@pytest.mark.parametrize("say", languages(), ids=lambda say: say.tag)
@pytest.mark.parametrize("recipe", (*RECIPES, *LONG), ids=lambda recipe: type(recipe).__name__)
def test_every_form_is_one_that_discord_takes(recipe: Recipe, say) -> None:
    fields = remix_fields(recipe, say)
    assert 1 <= len(fields) <= 5 and len({field.name for field in fields}) == len(fields)
    for field in (*fields, *extend_fields(GIRO, say)):
        assert 1 <= len(field.label) <= 45 and len(field.placeholder) <= 100
        assert len(field.value) <= field.most <= 4000
        assert len(field.options) <= 25
        for option in field.options:
            assert 1 <= len(option.label) <= 100 and len(option.description) <= 100


def test_what_is_typed_is_what_is_made() -> None:
    morph = apply_remix(MORPH, typed(remix_fields(MORPH, SAY), words="frog -> prince", seed="8", negative="crown"), SAY)
    assert morph == msgspec.structs.replace(MORPH, source="frog", target="prince", seed=8, negative="crown")
    longer = apply_remix(MORPH, typed(remix_fields(MORPH, SAY), words="frog → prince → king"), SAY)
    assert longer == msgspec.structs.replace(MORPH, source="frog", through=("prince",), target="king")
    changes = {"stages": "a | 2\nb | 3", "course": "parallel once", "negative": ""}
    stages = (Stage("a", 2), Stage("b", 3))
    assert apply_remix(GIRO, typed(remix_fields(GIRO, SAY), **changes), SAY) == msgspec.structs.replace(
        GIRO, stages=stages, loop=False, mode="parallel", negative=""
    )


@pytest.mark.parametrize("say", languages(), ids=lambda say: say.tag)
def test_how_a_morph_comes_back_is_typed_behind_its_frames(say) -> None:
    fields = remix_fields(MORPH, say)
    for written, loop in (("9, ROUND", "round"), ("9,  there  and back", "there and back"), ("9", "there and back")):
        assert apply_remix(MORPH, typed(fields, frames=written), say) == msgspec.structs.replace(MORPH, loop=loop)
    once = msgspec.structs.replace(MORPH, loop="none")
    assert apply_remix(once, typed(remix_fields(once, say)), say) == once


def test_a_seed_that_is_left_out_is_drawn() -> None:
    drawn = {apply_remix(ZOOM, typed(remix_fields(ZOOM, SAY), seed=" "), SAY).seed for _ in range(4)}
    assert len(drawn) == 4


def test_a_contact_sheet_is_remixed_with_the_seeds_that_it_has() -> None:
    fields = remix_fields(SHEET, SAY)
    assert "seed" not in {field.name for field in fields}
    assert apply_remix(SHEET, typed(fields, negative="rain"), SAY) == make_variations(
        msgspec.structs.replace(GIRO, negative="rain"), SHEET.seeds
    )


@pytest.mark.parametrize(
    ("recipe", "changes", "sentence"),
    [
        (GIRO, {"stages": "a | 0"}, "needs a whole number of frames"),
        (GIRO, {"stages": ""}, "There is no stage"),
        (MORPH, {"frames": "9, perhaps"}, "there and back / round / once, not “perhaps”"),
        (GIRO, {"camera": "towards nowhere"}, "The focus is x,y"),
        (MORPH, {"words": "skunk"}, "Say what it becomes: a target, or a chain such as skunk > puppy > rabbit"),
        (MORPH, {"words": "a → → c"}, "There is nothing on one side of an arrow"),
        (MORPH, {"prompt": "no place"}, "must contain {} exactly once"),
        (MORPH, {"frames": "many"}, "The frames are a whole number"),
        (ZOOM, {"frames": "1"}, "frames must be between 2 and 1000"),
        (ZOOM, {"seed": "-1"}, "The seed is a whole number"),
        (ZOOM, {"seed": str(MAX_SEED + 1)}, "seed must be between"),
        (ZOOM, {"prompt": "  "}, "prompt must not be empty"),
    ],
)
def test_what_cannot_be_read_is_said(recipe: Recipe, changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(MemberError) as refusal:
        apply_remix(recipe, typed(remix_fields(recipe, SAY), **changes), SAY)
    assert sentence in str(refusal.value)


def test_a_giro_is_extended_by_every_line() -> None:
    assert apply_extension(GIRO, {"stage": "a town | 5"}).stages == (*GIRO.stages, Stage("a town", 5))
    assert len(apply_extension(GIRO, {"stage": "a town | 5\nthe sea | 6"}).stages) == 4


@pytest.mark.parametrize("recipe", [MORPH, ZOOM, SHEET], ids=lambda recipe: type(recipe).__name__)
def test_only_a_giro_can_be_extended(recipe: Recipe) -> None:
    with pytest.raises(LimitError, match="Only a giro"):
        extend_fields(recipe, SAY)
    with pytest.raises(LimitError, match="Only a giro"):
        apply_extension(recipe, {"stage": "a | 1"})


@pytest.mark.parametrize(
    "recipe",
    [
        Giro(seed=1, stages=(Stage("x" * 300, 2),) * 20),
        Zoom(seed=1, prompt="a road", camera=(Keyframe(pan_x=1e-300, pan_y=1e-300),) * MAX_KEYFRAMES),
    ],
    ids=["stages", "camera"],
)
def test_what_is_too_long_for_a_form_is_pointed_to_the_file(recipe: Recipe) -> None:
    with pytest.raises(LimitError, match="/recipe export"):
        remix_fields(recipe, SAY)
