"""Choosing work: fair between members, and nobody waits for ever."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine.core.estimate import RateMeter, RemainingWork, estimate_standings
from engine.core.scheduling import (
    PATIENCE,
    LaneDemand,
    LaneState,
    QueuedJob,
    choose_batch,
    find_overtaken,
    fits_between,
    order_queue,
    share_lanes,
)
from engine.protocol.messages import Standing


def tickets(owners: str) -> list[QueuedJob]:
    return [QueuedJob(f"{owner}{number}", owner) for number, owner in enumerate(owners)]


def test_members_take_turns() -> None:
    assert "".join(ticket.owner for ticket in order_queue(tickets("aaabbc"), [])) == "abcaba"


def test_who_has_a_job_running_comes_after_who_has_none() -> None:
    assert [ticket.owner for ticket in order_queue(tickets("ab"), tickets("a"))] == ["b", "a"]


def test_one_member_is_served_in_order() -> None:
    assert order_queue(tickets("aaa"), []) == tickets("aaa")


@given(st.text("abcd", max_size=30))
def test_a_members_kth_job_is_no_later_than_k_rounds_of_everybody(owners: str) -> None:
    line = order_queue(tickets(owners), [])
    assert sorted(line, key=lambda ticket: ticket.job) == sorted(tickets(owners), key=lambda ticket: ticket.job)
    for place, ticket in enumerate(line, 1):
        kth = sum(earlier.owner == ticket.owner for earlier in line[:place])
        assert place <= kth * len(set(owners))


def test_lanes_go_to_the_job_that_has_fewest() -> None:
    assert share_lanes([LaneDemand("a", [5, 6, 7]), LaneDemand("b", [1])], 3) == [[5, 6], [1]]
    assert share_lanes([LaneDemand("a", [5, 6, 7], held=2), LaneDemand("b", [1])], 1) == [[], [1]]


def test_a_member_with_two_jobs_gets_no_more_lanes_than_one_with_a_single_job() -> None:
    assert share_lanes([LaneDemand("a", [1, 2]), LaneDemand("a", [3, 4]), LaneDemand("b", [5, 6])], 4) == [
        [1],
        [3],
        [5, 6],
    ]


def test_a_long_job_leaves_half_of_the_device_to_a_short_one_that_can_use_a_single_lane() -> None:
    long, short = LaneDemand("a", [1, 2, 3], calls_left=900), LaneDemand("b", [7], calls_left=30)
    assert share_lanes([long, short], 4) == [[1], [7]]
    assert share_lanes(
        [msgspec.structs.replace(long, held=1), msgspec.structs.replace(short, ready=[], held=1)], 2
    ) == [
        [],
        [],
    ]
    wide = msgspec.structs.replace(short, ready=[7, 8, 9])
    assert share_lanes([long, wide], 4) == [[1, 2], [7, 8]]


def test_a_short_job_that_has_nothing_left_to_start_holds_nobody_up() -> None:
    assert share_lanes([LaneDemand("a", [1, 2, 3], calls_left=900), LaneDemand("b", [], calls_left=0)], 4) == [
        [1, 2, 3],
        [],
    ]


HUNGERS = st.lists(
    st.builds(
        LaneDemand,
        owner=st.sampled_from("abc"),
        ready=st.integers(0, 5).map(lambda shots: list(range(shots))),
        held=st.integers(0, 5),
        calls_left=st.integers(0, 3),
        served=st.integers(0, 9),
    ),
    max_size=6,
)


@given(HUNGERS, st.integers(0, 12))
def test_no_lane_is_given_twice_and_none_left_idle_but_for_a_shorter_jobs_sake(
    jobs: list[LaneDemand], free: int
) -> None:
    granted = share_lanes(jobs, free)
    given_out = sum(map(len, granted))
    assert all(shots == job.ready[: len(shots)] for shots, job in zip(granted, jobs, strict=True))
    assert given_out <= free
    if given_out < free:
        held = [job.held + len(shots) for job, shots in zip(jobs, granted, strict=True)]
        for place, job in enumerate(jobs):
            shorter = [
                max(1, held[other]) for other, one in enumerate(jobs) if one.calls_left < job.calls_left and held[other]
            ]
            assert len(granted[place]) == len(job.ready) or held[place] >= min(shorter)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 99)), min_size=1, max_size=8), st.integers(1, 3))
def test_a_job_with_a_shot_to_start_waits_for_one_grant_to_each_other_job_at_most(
    jobs: list[tuple[str, int]], lanes: int
) -> None:
    """Whoever they belong to: members take turns by what they hold, and here nobody holds anything for long."""
    served, waited = [0] * len(jobs), [0] * len(jobs)
    for now in range(1, 40):
        hungers = [
            LaneDemand(owner, [now], calls_left=calls, served=last)
            for (owner, calls), last in zip(jobs, served, strict=True)
        ]
        for place, shots in enumerate(share_lanes(hungers, lanes)):
            waited[place] = 0 if shots else waited[place] + 1
            served[place] = now if shots else served[place]
        assert max(waited) * lanes <= len(jobs) * max(1, len({owner for owner, _ in jobs}))


def test_a_short_job_comes_in_between_long_ones_that_have_all_slots() -> None:
    assert fits_between(10, [40, 900], slots=2)
    assert not fits_between(11, [40, 900], slots=2)  # not short beside one of them
    assert not fits_between(1, [900], slots=2)  # there is a slot
    assert fits_between(10, [900, 3, 800], slots=2)  # a guest that is nearly through is no measure
    assert not fits_between(1, [900, 800, 3, 3], slots=2)  # as many guests as slots


def test_lanes_of_one_shape_share_a_call() -> None:
    lanes = [LaneState("small", 3), LaneState("large", 1), LaneState("large", 2), LaneState("small", 2)]
    assert choose_batch(lanes, 4) == [1, 2]


@given(st.lists(st.sampled_from("xyz"), min_size=1, max_size=12), st.integers(1, 4))
def test_no_lane_waits_for_more_calls_than_there_are_other_lanes(shapes: list[str], width: int) -> None:
    lanes = [LaneState(shape, 0) for shape in shapes]
    waited = [0] * len(lanes)
    for call in range(1, 60):
        chosen = choose_batch(lanes, width)
        assert 1 <= len(chosen) <= width
        assert len({lanes[index].shape_key for index in chosen}) == 1
        for index in range(len(lanes)):
            waited[index] = 0 if index in chosen else waited[index] + 1
            assert waited[index] < len(lanes)
        for index in chosen:
            lanes[index] = LaneState(lanes[index].shape_key, call)


def test_no_pace_no_promise() -> None:
    assert estimate_standings([RemainingWork("a", 10)], [RemainingWork("b", 5)], slots=1, seconds_per_step=None) == (
        Standing("a", 0, None),
        Standing("b", 1, None),
    )


def test_waiting_jobs_are_played_through_in_advance() -> None:
    running = [RemainingWork("a", 10), RemainingWork("b", 4)]
    waiting = [RemainingWork("c", 3), RemainingWork("d", 20), RemainingWork("e", 1)]
    assert estimate_standings(running, waiting, slots=2, seconds_per_step=0.5) == (
        Standing("a", 0, 5.0),
        Standing("b", 0, 2.0),
        Standing("c", 1, 3.5),  # begins when b is through
        Standing("d", 2, 13.5),  # begins when c is through
        Standing("e", 3, 5.5),  # begins when a is through
    )


def test_a_free_slot_is_used_at_once() -> None:
    assert estimate_standings([], [RemainingWork("a", 4)], slots=2, seconds_per_step=1.0) == (Standing("a", 1, 4.0),)


def test_the_pace_follows_what_is_measured() -> None:
    pace = RateMeter(halflife_seconds=10)
    assert pace.seconds_per_step is None
    for _ in range(100):
        pace.measure(seconds=1.0, steps=1.0)
    for _ in range(100):
        pace.measure(seconds=1.0, steps=2.0)
    assert pace.seconds_per_step is not None
    assert abs(pace.seconds_per_step - 0.5) < 0.01


def test_higher_priority_goes_first_and_turns_are_taken_within_one() -> None:
    low = [QueuedJob("l1", "a"), QueuedJob("l2", "b")]
    high = [QueuedJob("h1", "a", priority=2), QueuedJob("h2", "a", priority=2), QueuedJob("h3", "b", priority=2)]
    assert [ticket.job for ticket in order_queue([*low, *high], [])] == ["h1", "h3", "h2", "l2", "l1"]


def test_who_is_overtaken_for_priority_alone_is_counted() -> None:
    line = [QueuedJob("low", "a"), QueuedJob("aged", "b", overtaken=2 * PATIENCE), QueuedJob("high", "c", priority=2)]
    assert find_overtaken(line[2], line) == ["low"]
    assert find_overtaken(line[1], line) == ["low"]
    assert find_overtaken(line[0], line) == []


@given(st.lists(st.lists(st.integers(0, 6), max_size=4), min_size=60, max_size=60), st.integers(0, 6))
def test_nobody_starves_however_many_jobs_of_higher_priority_keep_coming(
    arrivals: list[list[int]], priority: int
) -> None:
    """The bound that `order_queue` promises, against members who are all new and so never have to take turns."""
    waiting = [QueuedJob("patient", "ada", priority)]
    overtakings = 0
    for round_, priorities in enumerate(arrivals):
        # And one of the highest priority always: without ageing the patient job would wait for ever.
        for number, newcomer in enumerate([6, *priorities]):
            waiting.append(QueuedJob(f"{round_}-{number}", f"member{round_}-{number}", newcomer))
        admitted = order_queue(waiting, [])[0]
        if admitted.job == "patient":
            break
        passed = find_overtaken(admitted, waiting)
        overtakings += "patient" in passed
        waiting = [
            QueuedJob(ticket.job, ticket.owner, ticket.priority, ticket.overtaken + (ticket.job in passed))
            for ticket in waiting
            if ticket != admitted
        ]
    assert admitted.job == "patient"
    assert overtakings <= (6 - priority) * PATIENCE
    assert round_ <= (6 - priority) * PATIENCE


def test_what_is_held_comes_last_and_nobody_says_when() -> None:
    assert estimate_standings(
        [RemainingWork("a", 4)], [RemainingWork("b", 2)], 1, 1.0, held=[RemainingWork("c", 1)]
    ) == (
        Standing("a", 0, 4.0),
        Standing("b", 1, 6.0),
        Standing("c", 2, None, held=True),
    )


def test_a_rate_is_the_pace_turned_round() -> None:
    pace = RateMeter()
    assert pace.per_second is None
    pace.measure(seconds=2.0, steps=8.0)
    assert pace.per_second == 4.0
