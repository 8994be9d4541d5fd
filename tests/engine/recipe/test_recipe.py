"""Recipes: what members share, remix and replay."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from engine.recipe import recipe as recipes
from engine.recipe.recipe import (
    Focus,
    Giro,
    Morph,
    MorphLoop,
    Recipe,
    Stage,
    Zoom,
    from_json,
    from_plain,
    kind_of,
    resolve,
    to_json,
)
from engine.recipe.settings import BUILT_IN, Overrides, Settings, SettingsLayer

PROMPTS = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), min_size=1, max_size=300).filter(
    lambda text: text.strip()
)
SEEDS = st.integers(0, recipes.MAX_SEED)
RECIPES = st.one_of(
    st.builds(
        Giro,
        seed=SEEDS,
        stages=st.lists(st.builds(Stage, PROMPTS, st.integers(1, 20)), min_size=1, max_size=50).map(tuple),
        loop=st.booleans(),
    ),
    st.builds(Morph, seed=SEEDS, source=st.just("skunk"), target=st.just("puppy"), frames=st.integers(2, 1000)),
    st.builds(
        Zoom,
        seed=SEEDS,
        prompt=PROMPTS,
        focus=st.builds(Focus, st.floats(0, 1), st.floats(0, 1)),
        settings=st.builds(Overrides, steps=st.integers(1, 200), strength=st.floats(0.01, 1)),
    ),
)


@given(RECIPES)
def test_a_recipe_survives_json(recipe: Recipe) -> None:
    assert from_json(to_json(recipe)) == recipe


def test_the_json_is_readable_and_says_what_it_is() -> None:
    plain = msgspec.json.decode(to_json(Morph(seed=4, source="skunk", target="puppy")))
    assert plain == {
        "kind": "morph",
        "version": 1,
        "seed": 4,
        "source": "skunk",
        "target": "puppy",
        "prompt": "a picture of a {}",
        "negative": "",
        "frames": 21,
        "through": [],
        "loop": "there and back",
        "tries": 1,
        "positions": [],
        "settings": {},
    }


def test_a_morph_from_before_there_were_waypoints_is_still_read() -> None:
    old = from_json('{"kind":"morph","version":1,"seed":4,"source":"skunk","target":"puppy","frames":21}')
    assert isinstance(old, Morph) and old.waypoints == ("skunk", "puppy")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"through": ["a"] * 9}, "through may have at most 8 entries"),
        ({"through": ["a", " "]}, "A waypoint must not be empty."),
        ({"through": ["a" * 61]}, "at most 60 characters; with the prompt {} it is a whole prompt, and may have 300"),
        ({"loop": "sideways"}, "loop must be one of none, round, there and back"),
        ({"tries": 17}, "tries must be between 1 and 16"),
        ({"positions": [0, 1]}, "There are 3 frames, but positions for 2."),
        ({"positions": [0, 0.6, 0.5]}, "must not go back"),
        ({"positions": [0, 0.5, 1.5]}, "between 0 and 1"),
    ],
)
def test_a_morph_that_cannot_be_says_what_is_allowed(changes: dict[str, object], sentence: str) -> None:
    plain = {"kind": "morph", "seed": 4, "source": "skunk", "target": "puppy", "frames": 3, **changes}
    with pytest.raises(RecipeError) as refused:
        from_plain(plain)
    assert sentence in str(refused.value)


def test_whole_prompts_may_be_as_long_as_any() -> None:
    morph = Morph(seed=1, source="a road by the sea, " * 10, target="a mountain", prompt="{}")
    assert morph.is_whole


@pytest.mark.parametrize(
    ("waypoints", "loop", "course"),
    [
        (("a", "b"), "there and back", "there and back"),
        (("a", "b"), "round", "round"),
        (("a", "b", "c", "a"), "there and back", "round"),
        (("a", "b", "c", "a"), "none", "none"),
        (("a", "a"), "there and back", "there and back"),
    ],
)
def test_a_way_that_ends_where_it_began_is_round(waypoints: tuple[str, ...], loop: MorphLoop, course: str) -> None:
    morph = Morph(seed=1, source=waypoints[0], through=waypoints[1:-1], target=waypoints[-1], loop=loop)
    assert (morph.waypoints, morph.effective_loop) == (waypoints, course)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "This is not a recipe: it is no valid JSON"),
        ("[]", "The recipe must be a table of keys and values, not a list."),
        ('{"seed": 1}', "The recipe lacks `kind`."),
        ('{"kind": "still", "seed": 1}', "kind must be one of giro, morph, zoom, variations, not 'still'."),
        ('{"kind": "zoom", "version": 2}', "This recipe is of version 2; this program reads version 1."),
        ('{"kind": "zoom", "seed": 1}', "The recipe lacks `prompt`."),
        ('{"kind": "zoom", "seed": -1, "prompt": "x"}', "seed must be between 0 and 4294967295."),
        ('{"kind": "zoom", "seed": 1, "prompt": " "}', "The prompt must not be empty."),
        ('{"kind": "zoom", "seed": 1, "prompt": "a\\u0000b"}', "The prompt must not contain control characters."),
        ('{"kind": "zoom", "seed": 1, "prompt": "x", "frames": 0}', "frames must be between 2 and 1000."),
        ('{"kind": "zoom", "seed": 1, "prompt": "x", "frames": 1000000}', "frames must be between 2 and 1000."),
        ('{"kind": "zoom", "seed": 1, "prompt": "x", "focus": {"x": 1.5}}', "focus.x must be between 0 and 1."),
        (
            '{"kind": "zoom", "seed": 1, "prompt": "x", "settings": {"size": 65}}',
            "settings.size must be a multiple of 8.",
        ),
        (
            '{"kind": "morph", "seed": 1, "source": "a", "target": "b", "prompt": "no place"}',
            "The prompt must contain {} exactly once: it marks where the word goes.",
        ),
        (
            '{"kind": "giro", "seed": 1, "stages": [{"prompt": "a", "frames": 900}, {"prompt": "b", "frames": 900}]}',
            "The stages add up to 1800 frames; at most 1000 are possible.",
        ),
        ('{"kind": "giro", "seed": 1, "stages": []}', "stages must have at least 1 entry."),
    ],
)
def test_a_bad_recipe_is_refused_with_what_is_allowed(text: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as refusal:
        from_json(text)
    assert str(refusal.value).startswith(sentence)


def test_an_over_long_prompt_is_refused_with_the_limit() -> None:
    with pytest.raises(RecipeError, match=r"prompt may have at most 300 characters\."):
        recipes.from_plain({"kind": "zoom", "seed": 1, "prompt": "x" * 301})


def test_a_resolved_recipe_renders_the_same_when_the_defaults_have_changed() -> None:
    recipe = Zoom(seed=1, prompt="a road", settings=Overrides(steps=7))
    resolved, settings = resolve(recipe, (BUILT_IN, SettingsLayer(common=Overrides(size=128, steps=9))))
    assert (settings.steps, settings.size) == (7, 128)
    _, later = resolve(resolved, (BUILT_IN, SettingsLayer(common=Overrides(size=768, guidance=1.5))))
    assert later == settings


def test_layers_lie_over_each_other_and_a_kind_over_what_is_common() -> None:
    card = SettingsLayer(common=Overrides(strength=0.6, guidance=3.0), morph=Overrides(strength=0.7))
    admin = SettingsLayer(common=Overrides(guidance=4.0))
    _, settings = resolve(Morph(seed=1, source="a", target="b"), (BUILT_IN, card, admin))
    assert (settings.strength, settings.guidance, settings.frame_ms) == (0.7, 4.0, 200)


def test_overrides_and_settings_have_the_same_fields() -> None:
    assert Overrides.__struct_fields__ == Settings.__struct_fields__


@pytest.mark.parametrize(
    ("recipe", "kind"),
    [
        (Giro(seed=0, stages=(Stage("a", 1),)), "giro"),
        (Morph(seed=0, source="a", target="b"), "morph"),
        (Zoom(seed=0, prompt="a"), "zoom"),
    ],
)
def test_a_recipe_knows_its_kind(recipe: Recipe, kind: str) -> None:
    assert kind_of(recipe) == kind
