"""The largest values of groups."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.grouping import LONGEST, Groups, slabs

SIZES = st.lists(st.integers(1, 5) | st.integers(1, 3 * LONGEST) | st.just(LONGEST**2 + 1), min_size=1, max_size=8)


@given(SIZES, st.integers(0, 10**6), st.booleans())
def test_the_two_largest_of_each_group(sizes, seed, mixed):
    random = np.random.default_rng(seed)
    owners = np.repeat(np.arange(len(sizes)), sizes)
    if mixed:
        owners = random.permutation(owners)
    values = random.integers(-9, 9, size=(len(owners), 3)).astype(np.float32)
    groups = Groups.of(owners, len(sizes))

    largest = groups.largest(values)
    first, second = groups.two_largest(values)

    assert np.array_equal(largest, first)
    for group, size in enumerate(sizes):
        rows = groups.rows(group)
        assert rows.tolist() == np.flatnonzero(owners == group).tolist()
        ordered = -np.sort(-values[rows], axis=0)
        assert np.array_equal(first[group], ordered[0])
        assert np.array_equal(second[group], ordered[1] if size > 1 else np.full(3, -np.inf))


def test_slabs_hold_the_first_rows_then_the_second():
    order, starts, sizes = np.array([5, 6, 7, 8, 9, 10]), np.array([0, 1, 4]), np.array([1, 3, 2])

    people, found = slabs(order, starts, sizes)

    assert people.tolist() == [1, 2, 0]
    assert [slab.tolist() for slab in found] == [[6, 9, 5], [7, 10], [8]]


def test_nobody():
    groups = Groups.of(np.zeros(0, np.intp), 0)

    assert groups.order.shape == groups.sizes.shape == (0,)
