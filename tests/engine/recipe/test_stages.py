"""Lists of stages, in every form people write them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecipeError
from engine.recipe.focus import parse_focus
from engine.recipe.recipe import Focus, Stage
from engine.recipe.stages import SEED_STAGES, format_stages, parse_stages, spread_frames

AS_THE_SEED_PRINTS_THEM = """
[‘a wide street in a rural town in Tuscany, springtime’, 25],

[‘a road in the countryside, in Tuscany, springtime’,25],

[“a road by the sea, trees on the right, sunny day, Italy”,50],

[‘a road going up a mountain, Dolomites, sunny day’,50],

[‘a road descending a mountain, Dolomites, Italy’,25],

[‘a road in the countryside, cypress trees, Tuscany’,50],

[‘a narrow road through a medieval town in Tuscany, sunny day’,50]
"""


def test_the_seed_documents_own_list() -> None:
    assert parse_stages(AS_THE_SEED_PRINTS_THEM) == SEED_STAGES
    assert sum(stage.frames for stage in SEED_STAGES) == 275


@pytest.mark.parametrize(
    "text",
    [
        "a road by the sea, sunny day | 50; a road going up a mountain | 25",
        "a road by the sea, sunny day | 50\na road going up a mountain | 25\n",
        "  a road by the sea, sunny day|50 ;; a road going up a mountain",
        "[['a road by the sea, sunny day', 50], ['a road going up a mountain', 25]]",
        "[‘a road by the sea, sunny day’, 50], [“a road going up a mountain”]",
        '[["a road by the sea, sunny day", 50], "a road going up a mountain"]',
        '[{"prompt": "a road by the sea, sunny day", "frames": 50}, {"prompt": "a road going up a mountain"}]',
        '{"stages": [["a road by the sea, sunny day", 50], ["a road going up a mountain", 25]]}',
    ],
)
def test_other_forms_mean_the_same(text: str) -> None:
    assert parse_stages(text) == (Stage("a road by the sea, sunny day", 50), Stage("a road going up a mountain", 25))


def test_an_apostrophe_does_not_end_a_prompt() -> None:
    assert parse_stages("[‘the rider’s road’, 3]") == (Stage("the rider’s road", 3),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no stage"),
        ("; ;", "There is no stage"),
        ("[]", "There is no stage"),
        ("| 5", "Stage 1 has no prompt"),
        ("a | 5; b | 0", "Stage 2 has '0' for its frames: it needs a whole number of frames between 1 and 1000."),
        ("a | 1000000", "Stage 1 has '1000000' for its frames"),
        ("a | -3", "Stage 1 has '-3' for its frames"),
        ("a | many", "Stage 1 has 'many' for its frames"),
        ('[["a", 2.5]]', "Stage 1 has '2.5' for its frames"),
        ('[["a", true]]', "Stage 1 has 'True' for its frames"),
        ("[nonsense", "This list of stages cannot be read near “nonsense”"),
        ('[{"prompt": "a", "length": 3}]', "A stage in JSON is"),
        ('{"other": 1}', "A stage in JSON is"),
        ("x" * 301, "The prompt of stage 1 has 301 characters; at most 300 are possible."),
        ("a;" * 51, "There are 51 stages; at most 50 are possible."),
    ],
)
def test_a_bad_list_is_refused_with_what_is_allowed(text: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as refusal:
        parse_stages(text)
    assert str(refusal.value).startswith(sentence)


STAGES = st.lists(
    st.builds(Stage, st.from_regex(r"[a-z][a-z, ]{0,30}[a-z]", fullmatch=True), st.integers(1, 1000)),
    min_size=1,
    max_size=50,
).map(tuple)


@given(STAGES)
def test_what_is_written_can_be_read(stages: tuple[Stage, ...]) -> None:
    assert parse_stages(format_stages(stages)) == stages
    assert parse_stages(json.dumps([[stage.prompt, stage.frames] for stage in stages])) == stages


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["stages", "prompt", "frames"]), inner),
)


@given(st.text(max_size=200) | st.text("[]()'\",; ", max_size=200) | JSON.map(json.dumps) | st.just("[" * 6000))
def test_any_text_gives_stages_or_a_sentence(text: str) -> None:
    try:
        stages = parse_stages(text)
    except RecipeError as refusal:
        assert str(refusal).endswith(".")
    else:
        assert all(stage.prompt.strip() and stage.frames >= 1 for stage in stages)


@given(STAGES, st.integers(1, 1000))
def test_stages_spread_over_any_number_of_frames(stages: tuple[Stage, ...], frames: int) -> None:
    spread = spread_frames(stages, frames)
    assert sum(stage.frames for stage in spread) == frames
    assert [stage.prompt for stage in spread] == [stage.prompt for stage in stages[:frames]]
    assert all(stage.frames >= 1 for stage in spread)


@pytest.mark.parametrize(
    ("text", "focus"),
    [
        ("0.5,0.6", Focus(0.5, 0.6)),
        ("50%, 60 %", Focus(0.5, 0.6)),
        ("(0, 1)", Focus(0, 1)),
        ("Below", Focus(0.5, 0.65)),
        ("auto", "auto"),
    ],
)
def test_a_focus_is_a_point_or_a_name(text: str, focus: Focus) -> None:
    assert parse_focus(text) == focus


@pytest.mark.parametrize("text", ["1.5,0.5", "0.5,-0.1", "150%,50%", "here", "0.5", "1.2.3,4", ""])
def test_a_focus_outside_the_picture_is_refused(text: str) -> None:
    with pytest.raises(RecipeError, match="focus"):
        parse_focus(text)
