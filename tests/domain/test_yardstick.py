"""Limits are judged by their numbers, whatever their origin says."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.models import Normalisation, Thresholds
from gallery.domain.yardstick import EVERYBODY, Yardstick
from gallery.testing import EMBEDDER

OWN = Thresholds(0.591, 1.087, "FMR 1e-5 over LFW")
UNIT = Yardstick("sface", OWN, unit=True)
RAW = Yardstick("vgg-face", Thresholds(0.4, 120, "the notebook"), unit=False)
NUMBERS = st.floats(0, 2)


@pytest.mark.parametrize(
    ("cosine", "euclidean", "looser"),
    [
        (0.591, 1.087, False),
        (0.591, math.sqrt(2 * 0.591), False),
        (2.0, 2.0, True),
        (0.95, 1.4, True),
        (0.6, 1.1, True),
        (0.95, 1.0, False),
        (0.3, 9.0, False),
    ],
)
@pytest.mark.parametrize("origin", [OWN.origin, "", "cosine set by hand; else nothing"])
def test_on_vectors_of_length_one_the_stricter_of_both_counts(cosine, euclidean, looser, origin):
    assert UNIT.exceeded_by(Thresholds(cosine, euclidean, origin)) is looser


@pytest.mark.parametrize(
    ("cosine", "euclidean", "looser"), [(0.4, 120, False), (0.3, 130, True), (0.5, 100, True), (0.39, 119, False)]
)
def test_on_raw_vectors_neither_makes_up_for_the_other(cosine, euclidean, looser):
    assert RAW.exceeded_by(Thresholds(cosine, euclidean)) is looser


@given(NUMBERS, st.floats(0, 3), st.booleans())
def test_what_is_capped_lets_nothing_match_that_the_models_own_do_not(cosine, euclidean, unit):
    yardstick = replace(UNIT, unit=unit)
    capped = yardstick.capped(Thresholds(cosine, euclidean, "calibrated"))

    assert not yardstick.exceeded_by(capped)
    assert capped.cosine <= cosine
    assert capped.euclidean <= euclidean
    if (capped.cosine, capped.euclidean) != (cosine, euclidean):
        assert "no looser than sface itself" in capped.origin


def test_whose_limits_are_looser_is_told_everybodys_first():
    loose = Thresholds(0.9, 1.9)

    assert UNIT.exceeding(loose, {"Bob": loose, "Ada": OWN}) == ((EVERYBODY, loose), ("Bob", loose))
    assert UNIT.exceeding(OWN, {}) == ()


@pytest.mark.parametrize(
    ("cosine", "euclidean", "model"), [(0.9, 9.0, EMBEDDER.name), (0.1, 9.0, EMBEDDER.name), (0.1, 1.0, "mine")]
)
def test_an_entry_of_ones_own_is_judged_by_the_model_that_comes_with_the_program(cosine, euclidean, model):
    spec = replace(EMBEDDER.spec, thresholds=Thresholds(cosine, euclidean, "FMR 1e-5 over LFW"))
    mine = replace(EMBEDDER, name="mine", embedder=spec)

    yardstick = Yardstick.of(mine, EMBEDDER)

    assert yardstick.model == model
    assert not Yardstick.of(EMBEDDER).exceeded_by(yardstick.thresholds)
    assert yardstick.thresholds.cosine == min(cosine, EMBEDDER.spec.thresholds.cosine)
    assert yardstick.unit is (EMBEDDER.spec.normalisation is Normalisation.L2)
