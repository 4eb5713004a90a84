"""Items that another thread brings."""

from __future__ import annotations

import threading
import time

import pytest

from gallery.adapters.in_time import TooLate, in_time


def test_all_come_in_order():
    assert list(in_time(lambda: (n for n in range(100)), 10)) == list(range(100))


def test_what_is_raised_is_raised_after_what_came():
    def source():
        yield 1
        raise ValueError("no more")

    items = in_time(source, 10)
    assert next(items) == 1
    with pytest.raises(ValueError, match="no more"):
        next(items)


def test_an_item_that_is_too_long_in_coming_is_not_waited_for():
    def source():
        yield 1
        time.sleep(30)
        yield 2

    items = in_time(source, 0.2)
    begun = time.monotonic()
    assert next(items) == 1
    with pytest.raises(TooLate):
        next(items)
    assert time.monotonic() - begun < 20


def test_a_source_that_is_given_up_on_is_closed():
    closed = threading.Event()

    def source():
        try:
            yield from range(10**9)
        finally:
            closed.set()

    items = in_time(source, 10)
    assert next(items) == 0
    items.close()
    assert closed.wait(20)
