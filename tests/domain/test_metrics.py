"""The distances that error rates are given for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.metrics import Metric, distances, farthest, together
from gallery.domain.models import Thresholds

LIMITS = Thresholds(0.4, 120.0)


def of(a: np.ndarray, b: np.ndarray, thresholds: Thresholds = LIMITS) -> dict[Metric, float]:
    found = distances(np.array([a @ b]), np.linalg.norm([a]), np.linalg.norm([b]), thresholds)
    return {metric: float(values[0]) for metric, values in found.items()}


@given(st.floats(0, 2), st.floats(0, 500))
def test_both_is_at_most_one_exactly_where_both_tests_pass(cosine, euclidean):
    both = together(np.array(cosine), np.array(euclidean), LIMITS)

    passed = cosine <= LIMITS.cosine and euclidean <= LIMITS.euclidean
    assert (both <= 1 + 1e-12) == passed or both == pytest.approx(1, abs=1e-9)


def test_on_vectors_of_length_one_all_three_say_the_same():
    rng = np.random.default_rng(1)
    a, b = (v / np.linalg.norm(v) for v in rng.normal(size=(2, 16)))
    limits = Thresholds(0.5, 1.0)  # 1² = 2 · 0.5

    found = of(a, b, limits)

    assert found[Metric.EUCLIDEAN] ** 2 == pytest.approx(2 * found[Metric.COSINE])
    assert found[Metric.BOTH] == pytest.approx(found[Metric.COSINE] / 0.5)


def test_raw_vectors_are_measured_as_they_are():
    a, b = np.array([3.0, 4.0]), np.array([6.0, 8.0])

    found = of(a, b)

    assert found[Metric.COSINE] == pytest.approx(0, abs=1e-12)
    assert found[Metric.EUCLIDEAN] == pytest.approx(5)


def test_a_vector_without_direction_is_far_from_everything():
    assert of(np.zeros(3), np.ones(3))[Metric.COSINE] == 2


def test_a_threshold_of_nothing_lets_only_the_same_pass():
    assert together(np.array([0.0, 1e-6]), np.array([0.0, 0.0]), Thresholds(0, 1)).tolist()[0] == 0
    assert together(np.array(1e-6), np.array(0.0), Thresholds(0, 1)) > 1


def test_nothing_is_farther_than_the_farthest():
    longest = 3.0
    opposite = of(np.array([longest, 0]), np.array([-longest, 0]))

    for metric in Metric:
        assert opposite[metric] <= farthest(metric, longest, LIMITS) + 1e-12
