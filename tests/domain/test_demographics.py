"""False match rates by group: the counting, and intervals that hold where some faces match many."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.domain.demographics import Group, Limit, Matches, by_group, matches, of_pairs, worst_first
from gallery.domain.error_rates import wilson
from gallery.domain.models import Thresholds
from gallery.domain.vectors import pair_distances

LIMITS = [Limit("strict", Thresholds(0.6, 1.2)), Limit("lax", Thresholds(1.1, 1.4))]


def near(vectors: np.ndarray, limit: Limit) -> set[tuple[int, int]]:
    pairs = list(combinations(range(len(vectors)), 2))
    one, other = (np.array([pair[n] for pair in pairs], np.intp) for n in (0, 1))
    cosine, euclidean = pair_distances(vectors, one, vectors, other)
    passed = (cosine <= limit.thresholds.cosine) & (euclidean <= limit.thresholds.euclidean)
    return {pair for pair, match in zip(pairs, passed, strict=True) if match}


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 30), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_every_pair_is_compared_once_whatever_the_block(faces, block, seed):
    vectors = np.random.default_rng(seed).normal(size=(faces, 3)).astype(np.float32)
    for limit, found in zip(LIMITS, matches(vectors, LIMITS, block=block), strict=True):
        pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
        assert len(pairs) == len(set(pairs))
        assert set(pairs) == near(vectors, limit)


VALUES = st.sampled_from(["", "a", "b", "c"])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=2, max_size=25), st.data())
def test_groups_are_counted_as_by_hand(known, data):
    faces = len(known)
    every = list(combinations(range(faces), 2))
    matched = data.draw(st.sets(st.sampled_from(every)))
    first, second = (np.array([pair[n] for pair in sorted(matched)], np.intp) for n in (0, 1))
    columns = {name: [row[n] for row in known] for n, name in enumerate(("age", "sex", "origin"))}

    groups = by_group(Matches(faces, first, second), columns, crossed=2)

    expected = {((), ()): (faces, len(matched), len(every))}
    for count in (1, 2):
        for names in combinations(columns, count):
            for values in {tuple(columns[name][face] for name in names) for face in range(faces)}:
                of_it = [f for f in range(faces) if tuple(columns[name][f] for name in names) == values]
                inside = list(combinations(of_it, 2))
                if all(values) and inside:
                    expected[names, values] = (len(of_it), len(matched & set(inside)), len(inside))
    found = {(g.columns, g.values): (g.faces, g.fmr.hits, g.fmr.trials) for g in groups}
    assert found == expected
    assert groups[0].columns == ()


def test_no_more_columns_are_crossed_than_there_are():
    found = Matches(3, np.zeros(0, np.intp), np.zeros(0, np.intp))
    groups = by_group(found, {"age": ["a", "a", "b"]}, crossed=5)
    assert [group.values for group in groups] == [(), ("a",)]


def rate_of(matched: np.ndarray) -> tuple[float, float, float]:
    degrees = matched.sum(axis=1)
    rate = of_pairs(int(degrees.sum()) // 2, len(matched), float((degrees**2).sum()))
    return rate.low, rate.value, rate.high


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0])
def test_the_interval_holds_the_true_rate_as_often_as_it_says(spread):
    """Faces differ in how many others they resemble; a plain interval of pairs would be far too narrow."""
    random = np.random.default_rng(5)
    faces, held, plain = 120, 0, 0
    true = np.mean([_match_chance(*random.normal(size=(2, 4000)), spread)])
    for _ in range(300):
        own = random.normal(size=faces)
        chance = _match_chance(own[:, None], own[None, :], spread)
        upper = np.triu(random.random((faces, faces)) < chance, 1)
        matched = upper | upper.T
        low, _, high = rate_of(matched)
        held += low <= true <= high
        bare = wilson(int(upper.sum()), faces * (faces - 1) // 2)
        plain += bare.low <= true <= bare.high
    assert held >= 0.9 * 300
    if spread:
        assert plain < 0.8 * 300


def _match_chance(one: np.ndarray, other: np.ndarray, spread: float) -> np.ndarray:
    return 1 / (1 + np.exp(3 - spread * (one + other) / 2))


def test_independent_pairs_need_no_wider_interval():
    random = np.random.default_rng(0)
    upper = np.triu(random.random((400, 400)) < 0.05, 1)
    low, _, high = rate_of(upper | upper.T)
    plain = wilson(int(upper.sum()), 400 * 399 // 2)
    assert (high - low) / (plain.high - plain.low) == pytest.approx(1, abs=0.35)


def test_one_face_that_matches_all_others_is_one_face():
    matched = np.zeros((50, 50), bool)
    matched[0, 1:] = matched[1:, 0] = True
    low, value, high = rate_of(matched)
    assert value == pytest.approx(0.04)
    assert low < 0.01
    assert high > 0.12


@pytest.mark.parametrize("faces", [2, 3, 10])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_none_and_all_have_an_interval(faces, all_of_them):
    matched = ~np.eye(faces, dtype=bool) if all_of_them else np.zeros((faces, faces), bool)
    low, value, high = rate_of(matched)
    assert 0 <= low <= value <= high <= 1
    assert low < high
    assert not math.isnan(value)


def test_the_worst_are_first_and_small_groups_left_out():
    groups = [
        Group((), (), 5, wilson(1, 10)),
        Group(("age",), ("a",), 30, wilson(1, 100)),
        Group(("age",), ("b",), 30, wilson(9, 100)),
        Group(("age",), ("c",), 3, wilson(3, 3)),
        Group(("sex",), ("m",), 30, wilson(99, 100)),
        Group(("age", "sex"), ("a", "m"), 30, wilson(2, 100)),
        Group(("age", "sex"), ("b", "m"), 30, wilson(3, 100)),
    ]
    assert worst_first(groups, 20) == [0, 2, 1, 4]
    assert worst_first(groups, 20, crossed=True) == [6, 5]
