"""Where the frames of a morph belong, and which of several seeds is the best."""

import itertools
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.spacing import position_at_share, rank_by_first_look, rank_surveys, resolve_position
from engine.storyboard.morph_path import MeasuredPosition, NoiseStart, PromptPath, SeedSurvey, TokenMix
from engine.storyboard.shot import Shot
from engine.vision.perception import Description, measure_steps, variation

POSITIONS = (0.0, 0.25, 0.5, 0.75, 1.0)
DISTANCES = st.lists(st.floats(0, 100), min_size=1, max_size=12)


def look(*numbers: float) -> Description:
    return np.array(numbers, dtype=np.float32)


def survey(first: int, seed: int = 1) -> SeedSurvey:
    return SeedSurvey(seed, tuple(range(first, first + 5)), POSITIONS)


@given(DISTANCES, st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_a_greater_share_never_lies_further_back(distances: list[float], wanted: list[float]) -> None:
    positions = np.linspace(0, 1, len(distances) + 1).tolist()
    places = [position_at_share(positions, distances, share) for share in sorted(wanted)]
    assert places == sorted(places)
    assert places[0] >= 0 and places[-1] <= 1


@given(DISTANCES)
def test_the_ends_are_the_ends(distances: list[float]) -> None:
    positions = np.linspace(0, 1, len(distances) + 1).tolist()
    assert position_at_share(positions, distances, 0.0) == 0
    assert position_at_share(positions, distances, 1.0) == pytest.approx(1)


def test_where_nothing_is_to_be_seen_the_way_itself_is_divided() -> None:
    assert position_at_share(POSITIONS, (0, 0, 0, 0), 0.3) == pytest.approx(0.3)


def test_most_frames_go_where_the_picture_turns() -> None:
    places = [position_at_share(POSITIONS, (1, 1, 18, 1), number / 20) for number in range(21)]
    assert sum(0.5 <= place <= 0.75 for place in places) >= 17


@given(st.floats(0.05, 0.95), st.floats(8, 60))
def test_neighbours_become_even_where_a_picture_turns_fast(middle: float, sharpness: float) -> None:
    """A picture that turns within a small part of the way, looked at twice as a morph's storyboard does."""

    def seen(position: float) -> Description:
        return look(10 / (1 + np.exp(-sharpness * (position - middle))))

    def closer(positions: list[float], count: int) -> list[float]:
        found = measure_steps([seen(position) for position in positions])
        return [position_at_share(positions, found, number / count) for number in range(count + 1)]

    coarse = np.linspace(0, 1, 9).tolist()
    even = closer(closer(coarse, 9), 20)
    before = variation(measure_steps([seen(place) for place in np.linspace(0, 1, 21)]))
    after = variation(measure_steps([seen(place) for place in even]))
    assert after < 0.75 and after < before


class TestChoice:
    LOOKS: ClassVar = {
        # Evenly and directly from 0 to 4; with one jump; by a detour; hardly anywhere.
        **{index: look(float(index)) for index in range(5)},
        **dict(zip(range(10, 15), map(look, (0.0, 0.1, 0.2, 3.9, 4.0)), strict=True)),
        **dict(zip(range(20, 25), map(look, (0.0, 4.0, 0.0, 5.0, 4.0)), strict=True)),
    }
    SURVEYS = (survey(10, seed=1), survey(0, seed=2), survey(20, seed=3))

    def test_the_even_and_direct_one_is_the_best(self) -> None:
        assert rank_by_first_look(self.SURVEYS, self.LOOKS)[0].seed == 2

    def test_the_order_of_trying_does_not_matter_but_among_equals(self) -> None:
        for surveys in itertools.permutations(self.SURVEYS):
            assert rank_by_first_look(surveys, self.LOOKS)[0].seed == 2
        twins = (survey(0, seed=8), survey(0, seed=9))
        assert [one.seed for one in rank_by_first_look(twins, self.LOOKS)] == [8, 9]

    def test_a_shot_follows_the_best(self) -> None:
        along = MeasuredPosition(PromptPath(("skunk", "puppy"), "a {}"), 0.5, self.SURVEYS)
        shot = Shot(index=3, prompt=along, start=NoiseStart(), steps=4, strength=1.0, guidance=3.0, seed=1)
        followed = resolve_position(shot, self.LOOKS)
        assert (followed.seed, followed.prompt) == (2, TokenMix("a {}", "skunk", "puppy", 0.5))
        assert followed.sources == frozenset() and shot.sources == self.LOOKS.keys()
        assert resolve_position(followed, {}) is followed

    def test_a_cliff_that_only_a_second_look_sees_costs_the_first_place(self) -> None:
        surveys = (survey(0, seed=5), survey(10, seed=6))
        even = dict(zip(range(5), map(look, range(5)), strict=True))
        like = dict(zip(range(10, 15), map(look, (0.0, 1.0, 2.0, 3.1, 4.0)), strict=True))
        # Between its second and third frame seed 5 does nothing, then jumps; seed 6 goes on evenly.
        cliff = {20: look(1.0), 21: look(1.0), 22: look(2.0), 23: look(3.0)}
        slope = {30: look(0.8), 31: look(1.6), 32: look(2.4), 33: look(3.2)}
        looks = even | like | cliff | slope
        path = PromptPath(("skunk", "puppy"), "a {}")
        assert [one.seed for one in rank_surveys(MeasuredPosition(path, 0.5, surveys), looks)] == [5, 6]
        along = MeasuredPosition(path, 0.5, surveys, finals=((20, 21, 22, 23), (30, 31, 32, 33)))
        assert [one.seed for one in rank_surveys(along, looks)] == [6, 5]
        assert along.required_frames == looks.keys()


class TestPath:
    def test_each_waypoint_is_passed_in_turn(self) -> None:
        path = PromptPath(("a", "b", "c"), "a picture of {}")
        assert path.prompt(0.0) == TokenMix("a picture of {}", "a", "b", 0.0)
        assert path.prompt(0.75) == TokenMix("a picture of {}", "b", "c", 0.5)
        assert path.prompt(1.0) == TokenMix("a picture of {}", "b", "c", 1.0)

    def test_a_detour_leaves_the_seed_on_the_way_back_and_comes_home(self) -> None:
        path = PromptPath(("a", "b", "a"), "{}", detour=True)
        assert [path.noise(position, 4).angle for position in (0.0, 0.3, 0.5, 1.0)] == [0, 0, 0, 0]
        assert path.noise(0.75, 4).angle == pytest.approx(np.pi / 2)
        assert path.noise(0.75, 4).other != path.noise(0.75, 5).other
