"""The waypoints of a morph as members type them."""

import pytest

from engine.errors import RecipeError
from engine.recipe.waypoints import format_waypoints, parse_waypoints, waypoint_options


@pytest.mark.parametrize(
    "text", ["skunk > puppy > rabbit", "skunk->puppy  => rabbit", "skunk>puppy>rabbit", " skunk → puppy\nrabbit "]
)
def test_any_arrow_will_do(text: str) -> None:
    assert parse_waypoints(text) == ("skunk", "puppy", "rabbit")


def test_an_angle_that_closes_something_is_no_arrow() -> None:
    assert parse_waypoints("<@1>") == ("<@1>",)


def test_what_is_written_is_read_back() -> None:
    assert parse_waypoints(format_waypoints(("frogs on stilts", "a cat"))) == ("frogs on stilts", "a cat")


@pytest.mark.parametrize(
    ("source", "target", "waypoints"),
    [
        ("skunk", "puppy", ("skunk", "puppy")),
        ("skunk > puppy > rabbit", None, ("skunk", "puppy", "rabbit")),
        ("skunk > puppy", "rabbit > skunk", ("skunk", "puppy", "rabbit", "skunk")),
    ],
)
def test_a_chain_may_stand_in_either_option(source: str, target: str | None, waypoints: tuple[str, ...]) -> None:
    way = waypoint_options(source, target)
    assert (way["source"], *way["through"], way["target"]) == waypoints


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        ("skunk", None, "Say what it becomes: a target, or a chain such as skunk > puppy > rabbit"),
        ("skunk >", None, "nothing on one side of an arrow"),
        (" > ".join("abcdefgh"), "i > j > k", "There are 11 waypoints; at most 10 are possible."),
    ],
)
def test_what_cannot_be_read_says_how_it_is_written(source: str, target: str | None, sentence: str) -> None:
    with pytest.raises(RecipeError) as refused:
        waypoint_options(source, target)
    assert sentence in str(refused.value)
