"""A whitelist that grows says the same as one that was read whole."""

from __future__ import annotations

import tracemalloc
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.growing import LEAST_ROOM, GrowingWhitelist
from gallery.domain.matching import Whitelist, own_and_other

NAMES = tuple("abcde")


def whitelist(people, templates) -> Whitelist:
    names = tuple(dict.fromkeys(people))
    owners = np.array([names.index(name) for name in people], np.intp)
    return Whitelist(names, owners, np.arange(len(people)), np.asarray(templates, np.float32))


@given(
    st.lists(st.sampled_from(NAMES), max_size=3 * LEAST_ROOM),
    st.integers(0, 3 * LEAST_ROOM),
    st.sampled_from([*NAMES, None]),
    st.integers(0, 10**6),
)
def test_it_is_the_whitelist_of_all_templates(people, read, name, seed):
    random = np.random.default_rng(seed)
    templates = random.normal(size=(len(people), 4)).astype(np.float32)
    probe = random.normal(size=4).astype(np.float32)
    templates[random.random(len(people)) < 0.1] = 0
    growing = GrowingWhitelist(whitelist(people[:read], templates[:read]) if people[:read] else Whitelist.empty(0))

    for number in range(read, len(people)):
        growing.add(people[number], number, templates[number])

    whole = whitelist(people, templates) if people else Whitelist.empty(4)
    assert growing.own_and_other(probe, name) == own_and_other(probe, whole, name)
    made = growing.whitelist()
    assert len(growing) == len(made) == len(people)
    assert made.names == whole.names
    for attribute in ("owners", "references", "templates"):
        assert np.array_equal(getattr(made, attribute).ravel(), getattr(whole, attribute).ravel())
    assert all((one in growing) == (one in people) for one in NAMES)


def test_what_was_withheld_stays_so():
    base = Whitelist(("a",), np.zeros(1, np.intp), np.zeros(1, np.int64), np.ones((1, 2), np.float32), {"a": date.min})
    growing = GrowingWhitelist(base)
    assert growing.whitelist() is base

    growing.add("b", 1, np.ones(2, np.float32))

    assert growing.whitelist().withheld == {"a": date.min}


@pytest.mark.parametrize("bad", [[1, 2, 3], [[1, 2]], [1, np.nan]])
def test_what_does_not_fit_is_refused_and_changes_nothing(bad):
    growing = GrowingWhitelist(whitelist("a", [[1, 0]]))

    with pytest.raises(ValueError, match=r"fit|finite"):
        growing.add("b", 1, np.array(bad, np.float32))

    assert len(growing) == 1
    assert "b" not in growing


def test_the_first_template_settles_the_dimension():
    growing = GrowingWhitelist(Whitelist.empty(0))
    growing.add("a", 1, np.ones(3, np.float32))

    with pytest.raises(ValueError, match="fit"):
        growing.add("a", 2, np.ones(4, np.float32))


def test_adding_copies_nothing_of_what_was_read():
    base = whitelist(["a"] * 20_000, np.ones((20_000, 32)))
    growing = GrowingWhitelist(base)
    tracemalloc.start()
    for number in range(100):
        growing.add("b", number, np.ones(32, np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < base.templates.nbytes / 10
