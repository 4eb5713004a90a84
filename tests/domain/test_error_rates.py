"""Error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gallery.domain.error_rates import curve, fmr_at, fnmr_at, least_fmr, threshold_at, wilson

DISTANCES = arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 2) | st.just(math.inf))


def test_wilson_agrees_with_the_textbook():
    # Brown, Cai and DasGupta 2001, and every table since: 0 of 10 gives up to 0.2775, 5 of 10 gives 0.2366 to 0.7634.
    nothing, half = wilson(0, 10), wilson(5, 10)

    assert (nothing.low, nothing.high) == (0, pytest.approx(0.2775, abs=1e-4))
    assert (half.low, half.high) == (pytest.approx(0.2366, abs=1e-4), pytest.approx(0.7634, abs=1e-4))


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_and_stays_within_bounds(a, b):
    rate = wilson(a, a + b)

    assert 0 <= rate.low <= rate.high <= 1
    if rate.trials:
        assert rate.low <= rate.value <= rate.high


@pytest.mark.parametrize("bad", [(-1, 5, 0.9), (6, 5, 0.9), (1, 5, 0), (1, 5, 1)])
def test_numbers_that_make_no_sense(bad):
    with pytest.raises(ValueError, match="makes no sense"):
        wilson(*bad)


def test_the_rule_of_three():
    assert least_fmr(500) == pytest.approx(6e-3)
    assert least_fmr(0) == 1


@given(DISTANCES, st.floats(0, 1))
def test_the_threshold_keeps_its_promise_and_is_the_largest_that_does(impostors, fmr):
    threshold = threshold_at(impostors, fmr)

    assert fmr_at(impostors, threshold).value <= fmr + 1e-9
    above = impostors[impostors > threshold]
    if len(above):
        assert fmr_at(impostors, float(above.min())).value > fmr


def test_ties_are_not_split():
    assert threshold_at(np.array([0.5, 0.5, 0.5, 0.9]), 0.5) < 0.5


def test_failures_never_match():
    assert fmr_at(np.array([0.1, math.inf]), 2).value == 0.5
    assert fnmr_at(np.array([0.1, math.inf, math.nan]), 2).hits == 2


@given(DISTANCES, DISTANCES)
def test_the_curve_agrees_with_counting(genuine, impostors):
    found = curve(genuine, impostors)

    for threshold, fmr, fnmr in zip(found.thresholds[1:-1], found.fmr[1:-1], found.fnmr[1:-1], strict=True):
        assert fmr == pytest.approx(fmr_at(impostors, threshold).value)
        assert fnmr == pytest.approx(fnmr_at(genuine, threshold).value)
    assert (np.diff(found.fmr) >= 0).all()
    assert (np.diff(found.fnmr) <= 1e-12).all()


@given(arrays(np.float64, 7, elements=st.floats(0, 2)), arrays(np.float64, 9, elements=st.floats(0, 2)))
def test_the_area_is_the_share_of_pairs_in_the_right_order(genuine, impostors):
    pairs = [(g < i) + (g == i) / 2 for g in genuine for i in impostors]

    assert curve(genuine, impostors).auc == pytest.approx(np.mean(pairs), abs=1e-9)


def test_equal_error_rate():
    assert curve(np.array([0.1, 0.2]), np.array([0.8, 0.9])).eer == 0
    assert curve(np.array([0.8, 0.9]), np.array([0.1, 0.2])).eer == pytest.approx(1)
    same = np.linspace(0, 1, 101)
    assert curve(same, same).eer == pytest.approx(0.5, abs=0.01)


def test_nothing_to_compare():
    with pytest.raises(ValueError, match="needs"):
        curve(np.zeros(0), np.ones(3))
    with pytest.raises(ValueError, match="no threshold"):
        threshold_at(np.zeros(0), 0.1)
