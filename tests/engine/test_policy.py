"""Choosing work: fair between members, and nobody waits for ever."""

from hypothesis import given
from hypothesis import strategies as st

from engine.estimate import Outlook, Pace, standings
from engine.messages import Standing
from engine.policy import LaneView, Ticket, choose_batch, line_up, share_lanes


def tickets(owners: str) -> list[Ticket]:
    return [Ticket(f"{owner}{number}", owner) for number, owner in enumerate(owners)]


def test_members_take_turns() -> None:
    assert "".join(ticket.owner for ticket in line_up(tickets("aaabbc"), [])) == "abcaba"


def test_who_has_a_job_running_comes_after_who_has_none() -> None:
    assert [ticket.owner for ticket in line_up(tickets("ab"), tickets("a"))] == ["b", "a"]


def test_one_member_is_served_in_order() -> None:
    assert line_up(tickets("aaa"), []) == tickets("aaa")


@given(st.text("abcd", max_size=30))
def test_a_members_kth_job_is_no_later_than_k_rounds_of_everybody(owners: str) -> None:
    line = line_up(tickets(owners), [])
    assert sorted(line, key=lambda ticket: ticket.job) == sorted(tickets(owners), key=lambda ticket: ticket.job)
    for place, ticket in enumerate(line, 1):
        kth = sum(earlier.owner == ticket.owner for earlier in line[:place])
        assert place <= kth * len(set(owners))


def test_lanes_go_to_the_job_that_has_fewest() -> None:
    assert share_lanes([[5, 6, 7], [1]], [0, 0], 3) == [[5, 6], [1]]
    assert share_lanes([[5, 6, 7], [1]], [2, 0], 1) == [[], [1]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6), st.integers(0, 12))
def test_no_lane_is_left_idle_and_none_given_twice(jobs: list[tuple[int, int]], free: int) -> None:
    ready = [list(range(shots)) for shots, _ in jobs]
    granted = share_lanes(ready, [held for _, held in jobs], free)
    assert sum(map(len, granted)) == min(free, sum(map(len, ready)))
    assert all(given == shots[: len(given)] for given, shots in zip(granted, ready, strict=True))


def test_lanes_of_one_shape_share_a_call() -> None:
    lanes = [LaneView("small", 3), LaneView("large", 1), LaneView("large", 2), LaneView("small", 2)]
    assert choose_batch(lanes, 4) == [1, 2]


@given(st.lists(st.sampled_from("xyz"), min_size=1, max_size=12), st.integers(1, 4))
def test_no_lane_waits_for_more_calls_than_there_are_other_lanes(shapes: list[str], width: int) -> None:
    lanes = [LaneView(shape, 0) for shape in shapes]
    waited = [0] * len(lanes)
    for call in range(1, 60):
        chosen = choose_batch(lanes, width)
        assert 1 <= len(chosen) <= width
        assert len({lanes[index].shape_key for index in chosen}) == 1
        for index in range(len(lanes)):
            waited[index] = 0 if index in chosen else waited[index] + 1
            assert waited[index] < len(lanes)
        for index in chosen:
            lanes[index] = LaneView(lanes[index].shape_key, call)


def test_no_pace_no_promise() -> None:
    assert standings([Outlook("a", 10)], [Outlook("b", 5)], slots=1, seconds_per_step=None) == (
        Standing("a", 0, None),
        Standing("b", 1, None),
    )


def test_waiting_jobs_are_played_through_in_advance() -> None:
    running = [Outlook("a", 10), Outlook("b", 4)]
    waiting = [Outlook("c", 3), Outlook("d", 20), Outlook("e", 1)]
    assert standings(running, waiting, slots=2, seconds_per_step=0.5) == (
        Standing("a", 0, 5.0),
        Standing("b", 0, 2.0),
        Standing("c", 1, 3.5),  # begins when b is through
        Standing("d", 2, 13.5),  # begins when c is through
        Standing("e", 3, 5.5),  # begins when a is through
    )


def test_a_free_slot_is_used_at_once() -> None:
    assert standings([], [Outlook("a", 4)], slots=2, seconds_per_step=1.0) == (Standing("a", 1, 4.0),)


def test_the_pace_follows_what_is_measured() -> None:
    pace = Pace(halflife_seconds=10)
    assert pace.seconds_per_step is None
    for _ in range(100):
        pace.measure(seconds=1.0, steps=1.0)
    for _ in range(100):
        pace.measure(seconds=1.0, steps=2.0)
    assert pace.seconds_per_step is not None
    assert abs(pace.seconds_per_step - 0.5) < 0.01
