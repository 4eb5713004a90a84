"""All pairs of different people, against the same by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.error_rates import fmr_at, threshold_at
from gallery.domain.impostors import all_impostors
from gallery.domain.metrics import Metric
from gallery.domain.models import Thresholds
from gallery.domain.verification import compare

LIMITS = Thresholds(0.5, 5.0)


def drawn(seed: int, count: int, failures: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    vectors = (3 * rng.normal(size=(count, 5))).astype(np.float32)
    vectors[rng.permutation(count)[:failures]] = np.nan
    return vectors


def by_brute_force(vectors: np.ndarray, people: np.ndarray) -> dict[Metric, np.ndarray]:
    pairs = [
        (i, j)
        for i, j in itertools.combinations(range(len(vectors)), 2)
        if people[i] >= 0 and people[j] >= 0 and people[i] != people[j]
    ]
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    return compare(vectors, first, second, LIMITS)


@given(
    st.integers(0, 10**6),
    st.lists(st.integers(-1, 4), min_size=3, max_size=25),
    st.integers(0, 3),
    st.integers(1, 9),
    st.sampled_from([0.01, 0.1, 0.5, 1.0]),
)
def test_thresholds_are_exact(seed, labels, failures, block, fmr):
    people = np.array([0, 1, *labels], np.intp)
    vectors = drawn(seed, len(people), failures)
    expected = by_brute_force(vectors, people)

    found = all_impostors(vectors, people, LIMITS, (fmr, fmr / 10), block)

    for metric in Metric:
        everything = expected[metric]
        finite = np.sort(everything[np.isfinite(everything)])
        assert found.count == len(everything)
        assert found.failed == len(everything) - len(finite)
        assert found.closest[metric] == pytest.approx(finite[: len(found.closest[metric])])
        assert found.histograms[metric].counts.sum() == len(finite)
        for rate in (fmr, fmr / 10):
            threshold = found.threshold_at(metric, rate)
            if len(finite) and threshold_at(everything, rate) < 1e300:
                assert threshold == pytest.approx(threshold_at(everything, rate), rel=1e-9)
            point = found.point_at(metric, rate, np.array([0.1]))
            assert point.fmr.value <= rate + 1e-9


def test_the_closest_are_named():
    vectors, people = drawn(5, 12), np.arange(12) // 2
    found = all_impostors(vectors, people, LIMITS, (0.2,), 5)

    for (i, j), distance in zip(found.pairs, found.closest[Metric.COSINE], strict=True):
        assert people[i] != people[j]
        again = compare(vectors, np.array([i]), np.array([j]), LIMITS)[Metric.COSINE][0]
        assert again == pytest.approx(distance)


def test_more_than_was_kept_is_refused():
    found = all_impostors(drawn(1, 30), np.arange(30), LIMITS, (0.01,))

    assert found.threshold_at(Metric.COSINE, 0.01) > 0
    with pytest.raises(ValueError, match="do not reach"):
        found.threshold_at(Metric.COSINE, 0.5)


def test_one_person_has_no_impostors():
    with pytest.raises(ValueError, match="no two people"):
        all_impostors(drawn(1, 3), np.zeros(3, np.intp), LIMITS)


def test_without_any_face_nothing_matches():
    found = all_impostors(drawn(1, 4, failures=4), np.arange(4), LIMITS)

    assert (found.count, found.failed) == (6, 6)
    assert found.point_at(Metric.COSINE, 1e-3, np.array([math.inf])).fmr.hits == 0


def test_the_curve_agrees_with_counting():
    vectors, people = drawn(7, 60), np.arange(60)
    everything = by_brute_force(vectors, people)
    genuine = np.array([0.05, 0.2, 0.9, math.inf])
    found = all_impostors(vectors, people, LIMITS, (0.05,), 16)

    for metric in Metric:
        curve = found.curve(metric, genuine)
        assert (np.diff(curve.thresholds) > 0).all()
        near = len(found.closest[metric])
        for threshold, fmr, fnmr in zip(curve.thresholds, curve.fmr, curve.fnmr, strict=True):
            assert fmr == pytest.approx(fmr_at(everything[metric], threshold + 1e-9).value, abs=0.004)
            assert fnmr == np.mean(~(genuine <= threshold))
        assert curve.fmr[0] == pytest.approx(1 / found.count)
        assert curve.fmr[-1] == 1
        assert near == 89  # floor(0.05 · 1770) + 1
