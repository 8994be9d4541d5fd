"""Which shots can start, and which frames are still needed."""

from hypothesis import given
from hypothesis import strategies as st

from engine.storyboard.morph_path import NoiseStart, PromptMix
from engine.storyboard.shot import Blend, FeedbackStart, Shot
from engine.storyboard.shot_graph import ShotGraph


def shot(index: int, *sources: int) -> Shot:
    match sources:
        case ():
            start = NoiseStart()
        case (frame,):
            start = FeedbackStart(frame)
        case (frame, other):
            start = FeedbackStart(frame, blend=Blend(other, 0.5))
    return Shot(index=index, prompt=PromptMix.of("a"), start=start, steps=1, strength=1, guidance=1, seed=index)


CHAIN = [shot(0), shot(1, 0), shot(2, 1), shot(3, 2, 0)]
TWO_CHAINS = [shot(0), shot(1, 0), shot(2), shot(3, 2)]


@st.composite
def graphs(draw: st.DrawFn) -> list[Shot]:
    shots = []
    for index in range(draw(st.integers(1, 20))):
        earlier = st.integers(0, index - 1) if index else st.nothing()
        shots.append(shot(index, *draw(st.lists(earlier, max_size=min(index, 2), unique=True))))
    return shots


def test_a_chain_goes_one_by_one() -> None:
    frontier = ShotGraph(CHAIN, done=())
    assert list(frontier.ready) == [0]
    frontier.start(0)
    assert list(frontier.ready) == []
    frontier.finish(0)
    assert list(frontier.ready) == [1]


def test_chains_that_do_not_need_each_other_start_side_by_side() -> None:
    frontier = ShotGraph(TWO_CHAINS, done=())
    assert list(frontier.ready) == [0, 2]


def test_a_frame_is_needed_until_the_last_one_that_starts_from_it_exists() -> None:
    frontier = ShotGraph(CHAIN, done=())
    for index in range(3):
        frontier.start(index)
        frontier.finish(index)
    assert frontier.is_needed(0) and not frontier.is_needed(1)
    frontier.start(3)
    assert frontier.is_needed(0)
    frontier.finish(3)
    assert not frontier.is_needed(0)


def test_a_shot_that_was_started_in_vain_can_be_started_again() -> None:
    frontier = ShotGraph(TWO_CHAINS, done=())
    frontier.start(0)
    frontier.start(2)
    frontier.retry(0)
    assert list(frontier.ready) == [0]
    frontier.start(0)
    frontier.finish(0)
    assert list(frontier.ready) == [1]


def test_frames_that_exist_are_not_made_again() -> None:
    frontier = ShotGraph(CHAIN, done={0, 1})
    assert list(frontier.ready) == [2]
    assert frontier.is_needed(0) and frontier.is_needed(1)


def test_nothing_is_left_when_everything_exists() -> None:
    assert ShotGraph(CHAIN, done={0, 1, 2, 3}).is_complete


@given(graphs(), st.randoms(), st.data())
def test_any_order_of_work_makes_every_frame_once(shots: list[Shot], random: object, data: st.DataObject) -> None:
    done = data.draw(st.sets(st.sampled_from([shot.index for shot in shots])))
    frontier = ShotGraph(shots, done)
    made = set(done)
    while not frontier.is_complete:
        assert frontier.ready, "stuck"
        index = data.draw(st.sampled_from(list(frontier.ready)))
        assert shots[index].sources <= made
        frontier.start(index)
        frontier.finish(index)
        assert index not in made
        made.add(index)
    assert made == {shot.index for shot in shots}
    assert not any(frontier.is_needed(index) for index in made)
