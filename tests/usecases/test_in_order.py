"""Work side by side, results in order."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.usecases.in_order import AHEAD, Job, in_order


def never() -> bool:
    return False


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 4), st.integers(1, 60))
def test_all_results_come_in_the_order_of_the_jobs_and_the_room_is_kept(sizes, threads, room):
    lock, taken = threading.Lock(), 0
    begun: list[int] = []

    def work(place: int) -> int:
        with lock:
            begun.append(place)
            at_once = [sizes[other] for other in begun if other >= taken]
        assert len(at_once) <= AHEAD * threads
        assert sum(at_once) <= room or len(at_once) == 1 or sum(at_once) - at_once[-1] == 0
        return place

    results = in_order(
        (Job(lambda place=place: work(place), size) for place, size in enumerate(sizes)), threads, room, never, print
    )
    for expected, result in enumerate(results):
        assert result == expected
        taken = expected + 1
    assert taken == len(sizes)


def test_jobs_are_done_side_by_side():
    both = threading.Barrier(2, timeout=10)

    assert list(in_order([Job(both.wait, 1), Job(both.wait, 1)], 2, 10, never, print)) is not None


def test_jobs_that_have_begun_are_finished_when_it_is_stopped():
    stop, at_work = threading.Event(), threading.Event()

    def slow() -> str:
        at_work.set()
        stop.wait(10)
        time.sleep(0.05)
        return "slow"

    def jobs():
        yield Job(lambda: "first", 1)
        yield Job(slow, 1)
        yield Job(lambda: "never", 1)

    results = in_order(jobs(), 1, 10, stop.is_set, print)
    assert next(results) == "first"
    at_work.wait(10)
    stop.set()
    assert list(results) == ["slow"]


def test_what_was_begun_and_is_not_taken_is_abandoned():
    left: list[int] = []
    results = in_order([Job(lambda n=n: n, 1) for n in range(9)], 2, 100, never, left.append)
    assert next(results) == 0
    results.close()
    assert left == list(range(len(left)))
    assert left[0] == 0 or left[0] == 1


def test_an_error_of_the_work_reaches_the_taker_and_the_rest_is_abandoned():
    left: list[str] = []

    def fail() -> str:
        raise ZeroDivisionError

    results = in_order([Job(fail, 1), Job(lambda: "second", 1)], 1, 10, never, left.append)
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert left in ([], ["second"])
