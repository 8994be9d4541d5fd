"""Writers: in order for one job, side by side for different ones, and nothing lost at the end."""

from __future__ import annotations

import threading
import time

import pytest

from engine.core.writers import Writers


@pytest.fixture(params=[1, 3])
def writers(request):
    pool = Writers(request.param)
    yield pool
    pool.close()


def test_the_work_of_a_job_is_done_in_order_and_all_of_it_before_the_end(writers):
    done = []
    for number in range(40):
        writers.of("a").submit(done.append, number)
    writers.close()
    assert done == list(range(40))


def test_what_may_be_done_aside_is_begun_before_what_waits_for_it(writers):
    results = []
    writer = writers.of("a")
    for number in range(20):
        kept = writer.aside(lambda number=number: time.sleep(0.001) or number)
        writer.submit(lambda kept=kept: results.append(kept.result(timeout=5)))
    writers.close()
    assert results == list(range(20))


def test_jobs_do_not_wait_for_each_other():
    writers = Writers(2)
    begun, over = threading.Event(), threading.Event()
    writers.of("slow").submit(lambda: begun.set() or over.wait(5))
    assert begun.wait(5) and writers.of("quick").submit(int).result(timeout=5) == 0
    over.set()
    writers.close()


def test_jobs_take_turns_on_one_thread():
    writers = Writers(1)
    gate, order = threading.Event(), []
    writers.of("gate").submit(gate.wait, 5)
    for _ in range(3):
        writers.of("a").submit(order.append, "a")
    writers.of("b").submit(order.append, "b")
    gate.set()
    writers.close()
    assert order.index("b") < 2


def test_between_two_portions_others_have_their_turn_and_what_came_later_waits():
    writers = Writers(1)
    gate, order = threading.Event(), []

    def portions():
        for _ in range(3):
            order.append("a")
            yield
        return len(order)

    writers.of("gate").submit(gate.wait, 5)
    result = writers.of("a").submit_portions(portions())
    writers.of("a").submit(order.append, "after a")
    writers.of("b").submit(order.append, "b")
    gate.set()
    writers.close()
    assert order == ["a", "b", "a", "a", "after a"]
    assert result.result() == 4


def test_a_portion_that_fails_is_the_last(writers):
    def portions():
        yield
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        writers.of("a").submit_portions(portions()).result(timeout=5)
    assert writers.of("a").submit(int).result(timeout=5) == 0


def test_who_asks_for_a_result_hears_what_went_wrong(writers):
    with pytest.raises(ZeroDivisionError):
        writers.of("a").submit(lambda: 1 // 0).result(timeout=5)
    assert writers.of("a").submit(int).result(timeout=5) == 0
