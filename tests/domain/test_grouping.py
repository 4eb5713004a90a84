"""Rows by whose they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.grouping import Groups, slabs

SIZES = st.lists(st.integers(1, 50), min_size=1, max_size=8)


@given(SIZES, st.integers(0, 10**6), st.booleans())
def test_groups_hold_their_rows_in_order(sizes, seed, mixed):
    owners = np.repeat(np.arange(len(sizes)), sizes)
    if mixed:
        owners = np.random.default_rng(seed).permutation(owners)
    groups = Groups.of(owners, len(sizes))

    assert groups.sizes.tolist() == sizes
    for group in range(len(sizes)):
        assert groups.rows(group).tolist() == np.flatnonzero(owners == group).tolist()


def test_slabs_hold_the_first_rows_then_the_second():
    order, starts, sizes = np.array([5, 6, 7, 8, 9, 10]), np.array([0, 1, 4]), np.array([1, 3, 2])

    people, found = slabs(order, starts, sizes)

    assert people.tolist() == [1, 2, 0]
    assert [slab.tolist() for slab in found] == [[6, 9, 5], [7, 10], [8]]


def test_nobody():
    groups = Groups.of(np.zeros(0, np.intp), 0)

    assert groups.order.shape == groups.sizes.shape == (0,)
