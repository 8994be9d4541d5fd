"""The line that repeats an animation: it repeats exactly that, or there is none."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from engine.recipe.camera import parse_camera
from engine.recipe.command_line import command_line, form_line
from engine.recipe.preset import Preset
from engine.recipe.recipe import Focus, Giro, Morph, Stage, Variations, Zoom
from engine.recipe.settings import Overrides
from tests.engine.recipe import typed

PRESETS = {"tour": Preset(stages="a | 3\nb | 4")}
TEXTS = st.one_of(
    st.text("ab >;|:{}[]'\"`é", min_size=1, max_size=12),
    st.sampled_from(["a road seed:5", "a style:none", "loop:True", "a frames:", " a", "a > b", "a; b", "{}"]),
).filter(lambda text: bool(text.strip()))
SEEDS = st.integers(0, 2**32 - 1)
SETTINGS = st.sampled_from([Overrides(), Overrides(), Overrides(size=256), Overrides(steps=3, guidance=4.5)])
COMMON = {"seed": SEEDS, "negative": st.one_of(st.just(""), TEXTS), "settings": SETTINGS}
FOCI = st.one_of(st.just("auto"), st.builds(Focus, st.floats(0, 1), st.floats(0, 1)))
CAMERAS = st.sampled_from([(), parse_camera("drift left > back at 80%"), parse_camera("spiral > zoom 1.01")])
VIEW = {"focus": FOCI, "camera": CAMERAS}


def made(kind, **parts):
    """Build recipes from parts of which some do not go together."""

    def build(given):
        try:
            return kind(**given)
        except RecipeError:
            return None

    return st.fixed_dictionaries({**COMMON, **parts}).map(build).filter(lambda recipe: recipe is not None)


STAGES = st.lists(st.builds(Stage, TEXTS, st.integers(1, 9)), min_size=1, max_size=4).map(tuple)
GIROS = made(
    Giro,
    stages=st.one_of(STAGES, st.just(PRESETS["tour"].parse_stages())),
    loop=st.booleans(),
    mode=st.sampled_from(["chain", "parallel"]),
    **VIEW,
)
ZOOMS = made(Zoom, prompt=TEXTS, frames=st.integers(2, 99), **VIEW)
MORPHS = made(
    Morph,
    source=TEXTS,
    target=TEXTS,
    through=st.lists(TEXTS, max_size=2).map(tuple),
    prompt=st.one_of(st.sampled_from(["a picture of a {}", "{}", " {} ", "a {} seed:1"])),
    frames=st.just(3),
    loop=st.sampled_from(["there and back", "round", "none"]),
    tries=st.integers(1, 3),
    positions=st.sampled_from([(), (), (0.0, 0.2, 1.0)]),
)
RECIPES = st.one_of(GIROS, ZOOMS, MORPHS)


@given(RECIPES)
def test_it_repeats_exactly_that_or_there_is_none(recipe):
    if (line := command_line(recipe, PRESETS)) is not None:
        assert typed.recipe_of(line, PRESETS) == recipe


@given(ZOOMS)
def test_what_a_command_can_say_has_one(recipe):
    plain = msgspec.structs.replace(recipe, settings=Overrides(), prompt="a road", negative="")
    assert command_line(plain, {}) is not None


@pytest.mark.parametrize(
    "recipe",
    [
        Zoom(prompt="a road", seed=1, settings=Overrides(guidance=3.0)),
        Morph(source="a", target="b", frames=3, seed=1, positions=(0.0, 0.2, 1.0)),
        Morph(source="a > b", target="c", frames=3, seed=1, prompt="{}"),
        Zoom(prompt="a road seed:5", seed=1),
        Zoom(prompt=" a road", seed=1),
        Variations(of=Zoom(prompt="a road", seed=1), seeds=(1, 2, 3, 4)),
    ],
)
def test_what_no_command_says_has_none(recipe):
    assert command_line(recipe, {}) is None


def test_the_form_says_everything_else_or_is_not_offered():
    giro = Giro(stages=(Stage("a seed:5", 3),), seed=1, negative="people")
    assert form_line(giro) == "/giro loop:True negative:people seed:1"
    assert form_line(msgspec.structs.replace(giro, settings=Overrides(size=64))) is None
