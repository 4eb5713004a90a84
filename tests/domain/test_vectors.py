"""Lengths, directions and distances of vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain import vectors
from gallery.domain.vectors import aimless, directions, finite, pair_distances


@given(st.integers(0, 9), st.integers(1, 40), st.integers(0, 10**6))
def test_directions_are_of_length_one_or_none(count, dimension, seed):
    random = np.random.default_rng(seed)
    made = (random.normal(size=(count, dimension)) * 50).astype(np.float32)
    made[random.random(count) < 0.3] = 0

    scaled = directions(made)

    lengths = np.linalg.norm(made, axis=1)
    assert scaled * lengths[:, None] == pytest.approx(made, rel=1e-5)
    assert np.linalg.norm(scaled, axis=1) == pytest.approx((lengths > 0).astype(float), abs=1e-6)
    assert aimless(scaled).tolist() == np.flatnonzero(lengths == 0).tolist()


def test_a_direction_may_begin_with_zero():
    assert aimless(np.float32([[0, 1], [0, 0], [1, 0]])).tolist() == [1]


def test_a_distance_does_not_depend_on_what_else_is_compared(monkeypatch):
    random = np.random.default_rng(1)
    a, b = random.normal(size=(2, 50, 37)).astype(np.float32)
    rows = np.arange(50)
    together = pair_distances(a, rows, b, rows[::-1])

    monkeypatch.setattr(vectors, "VALUES", 100)
    blockwise = pair_distances(a, rows, b, rows[::-1])

    for row in rows:
        alone = pair_distances(a[row : row + 1], rows[:1], b[49 - row : 50 - row], rows[:1])
        for first, second, third in zip(together, blockwise, alone, strict=True):
            assert first[row] == second[row] == third[0]
        x, y = a[row].astype(float), b[49 - row].astype(float)
        assert alone[0][0] == pytest.approx(1 - x @ y / math.hypot(*x) / math.hypot(*y))
        assert alone[1][0] == pytest.approx(math.dist(x, y))


def test_no_pairs():
    nothing = np.zeros(0, np.intp)

    assert [len(part) for part in pair_distances(np.ones((1, 2), np.float32), nothing, np.ones((1, 2)), nothing)] == [
        0
    ] * 2


@pytest.mark.parametrize(("values", "expected"), [([], True), ([1, -2], True), ([1, np.inf], False), ([np.nan], False)])
def test_finite(values, expected):
    assert finite(np.array(values, np.float32)) is expected
    assert finite(-np.array(values, np.float32)) is expected
