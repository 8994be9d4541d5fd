"""From one recipe to another."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from engine.recipe.edits import extend_giro, make_variations, pick_variation, with_style
from engine.recipe.recipe import (
    MAX_FRAMES,
    MAX_PROMPT,
    MAX_SEED,
    MAX_STAGES,
    Giro,
    Morph,
    Recipe,
    Stage,
    Zoom,
    from_json,
    to_json,
)
from engine.recipe.settings import Overrides
from engine.recipe.style import Style

GIRO = Giro(seed=1, stages=(Stage("a road", 6), Stage("a mountain", 6)), negative="people", settings=Overrides(steps=9))
MORPH = Morph(seed=2, source="skunk", target="puppy", prompt="a {} in the snow")
ZOOM = Zoom(seed=3, prompt="a street")
RECIPES = (GIRO, MORPH, ZOOM)
SEEDS = (5, 6, 7, 8)


class TestExtending:
    def test_a_stage_is_added_and_nothing_else_changes(self) -> None:
        longer = extend_giro(GIRO, Stage("a town", 5))
        assert longer.stages == (*GIRO.stages, Stage("a town", 5))
        assert msgspec.structs.replace(longer, stages=GIRO.stages) == GIRO

    def test_a_giro_cannot_become_longer_than_a_giro_can_be(self) -> None:
        with pytest.raises(RecipeError, match=f"add up to {MAX_FRAMES + 1} frames"):
            extend_giro(GIRO, Stage("a town", MAX_FRAMES - 11))
        with pytest.raises(RecipeError, match="at most 50 entries"):
            extend_giro(Giro(seed=1, stages=(Stage("a", 1),) * MAX_STAGES), Stage("b", 1))


class TestVariations:
    @pytest.mark.parametrize(("recipe", "stills"), [(GIRO, 2), (MORPH, 3), (ZOOM, 1)])
    def test_a_sheet_shows_the_same_moments_for_each_seed(self, recipe: Recipe, stills: int) -> None:
        sheet = make_variations(recipe, SEEDS)
        assert (sheet.stills, sheet.frames, sheet.seed) == (stills, 4 * stills, 5)
        assert from_json(to_json(sheet)) == sheet

    def test_a_long_giro_is_shown_by_three_of_its_stages(self) -> None:
        stages = tuple(Stage(f"stage {number}", 2) for number in range(9))
        assert make_variations(Giro(seed=1, stages=stages), SEEDS).stills == 3

    @given(st.sampled_from(RECIPES), st.tuples(*[st.integers(0, MAX_SEED)] * 4), st.integers(1, 4))
    def test_the_one_that_is_picked_is_the_animation_with_its_seed(
        self, recipe: Recipe, seeds: tuple[int, ...], number: int
    ) -> None:
        assert pick_variation(make_variations(recipe, seeds), number) == msgspec.structs.replace(
            recipe, seed=seeds[number - 1]
        )

    @pytest.mark.parametrize("number", [0, 5, -1])
    def test_what_is_not_on_the_sheet_cannot_be_picked(self, number: int) -> None:
        with pytest.raises(RecipeError, match="shows 1 to 4"):
            pick_variation(make_variations(ZOOM, SEEDS), number)

    @pytest.mark.parametrize("seeds", [(1, 2, 3), (1, 2, 3, 4, 5), (1, 2, 3, MAX_SEED + 1)])
    def test_a_sheet_has_four_seeds_that_are_seeds(self, seeds: tuple[int, ...]) -> None:
        with pytest.raises(RecipeError, match="seeds"):
            make_variations(ZOOM, seeds)

    def test_of_a_sheet_there_are_others_of_the_same(self) -> None:
        assert make_variations(make_variations(MORPH, SEEDS), (1, 2, 3, 4)) == make_variations(MORPH, (1, 2, 3, 4))

    def test_a_sheet_cannot_show_a_sheet(self) -> None:
        sheet = msgspec.to_builtins(make_variations(ZOOM, SEEDS))
        with pytest.raises(RecipeError, match=r"of\.kind must be one of giro, morph, zoom, not 'variations'"):
            from_json(msgspec.json.encode(sheet | {"of": sheet}))


class TestStyles:
    def test_a_styles_words_follow_every_prompt(self) -> None:
        style = Style(suffix="watercolour", negative="blurry")
        giro = with_style(GIRO, style)
        assert isinstance(giro, Giro)
        assert [stage.prompt for stage in giro.stages] == ["a road, watercolour", "a mountain, watercolour"]
        assert giro.negative == "people, blurry"
        assert with_style(MORPH, style) == msgspec.structs.replace(
            MORPH, prompt="a {} in the snow, watercolour", negative="blurry"
        )
        assert with_style(make_variations(ZOOM, SEEDS), style) == make_variations(with_style(ZOOM, style), SEEDS)

    @pytest.mark.parametrize("recipe", RECIPES)
    def test_a_style_of_no_words_changes_nothing(self, recipe: Recipe) -> None:
        assert with_style(recipe, Style()) == recipe

    def test_a_prompt_that_becomes_too_long_is_refused(self) -> None:
        with pytest.raises(RecipeError, match="prompt may have at most 300 characters"):
            with_style(Zoom(seed=1, prompt="x" * MAX_PROMPT), Style(suffix="watercolour"))


def test_a_negative_prompt_is_words_or_nothing() -> None:
    assert from_json('{"kind": "zoom", "seed": 1, "prompt": "a"}') == Zoom(seed=1, prompt="a", negative="")
    for negative in (" ", "\\n", "x" * (MAX_PROMPT + 1)):
        with pytest.raises(RecipeError, match="negative"):
            from_json(f'{{"kind": "zoom", "seed": 1, "prompt": "a", "negative": "{negative}"}}')


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_style_that_is_there_already_is_not_put_on_twice(recipe: Recipe) -> None:
    style = Style(suffix="in winter", negative="summer")
    once = with_style(recipe, style)
    assert with_style(once, style) == once != recipe
