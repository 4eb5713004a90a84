"""The limits of normalised scores go by the gallery's size."""

from __future__ import annotations

from dataclasses import asdict
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.errors import BadArgument
from gallery.domain.models import CohortEntry
from gallery.domain.score_limits import AS_IF, TARGET, ScoreLimits, score_limits

ENTRY = CohortEntry("made-up.npz", "c" * 64, 1, 10, mean=-3.4, deviation=2.7, young=1.15)
REFERENCES = st.integers(1, 100_000)
TARGETS = st.floats(1e-6, 0.1)


@given(REFERENCES, TARGETS)
def test_the_rate_expected_is_never_above_the_target(references, target):
    limits = score_limits(ENTRY, references, 1, target)
    assert 0 < limits.expected <= target * (1 + 1e-9)
    assert limits.lax <= limits.strict


@given(REFERENCES.filter(lambda n: n >= AS_IF), TARGETS)
def test_the_rate_expected_is_the_target_in_larger_galleries(references, target):
    expected = score_limits(ENTRY, references, 1, target).expected
    assert expected == pytest.approx(target, rel=0.06)  # 1 - (1 - p)ᴿ is a little less than R·p


@given(REFERENCES, st.integers(1, 1000))
def test_more_references_never_loosen(references, more):
    few, many = score_limits(ENTRY, references, 1), score_limits(ENTRY, references + more, 1)
    assert many.strict >= few.strict
    assert many.lax == few.lax


@given(REFERENCES, TARGETS, st.floats(1.01, 10))
def test_a_higher_target_never_tightens(references, target, times):
    if target * times <= 0.1:
        assert (
            score_limits(ENTRY, references, 1, target * times).strict
            <= score_limits(ENTRY, references, 1, target).strict
        )


def test_the_lax_limit_is_a_single_reference_s():
    limits = score_limits(ENTRY, 150, 50)
    scores = NormalDist(ENTRY.mean, ENTRY.deviation)
    assert 1 - scores.cdf(limits.lax) == pytest.approx(TARGET)
    assert 1 - scores.cdf(limits.strict) == pytest.approx(TARGET / 150, rel=1e-6)


def test_a_small_gallery_is_treated_like_a_class():
    assert score_limits(ENTRY, 1, 1).strict == score_limits(ENTRY, AS_IF, 5).strict
    assert score_limits(ENTRY, 0, 0).expected == 0


@pytest.mark.parametrize("target", [0.0, -1.0, 0.2, 1.0, float("nan"), 1e-9])
def test_a_target_that_makes_no_sense_is_refused(target):
    with pytest.raises(BadArgument, match="target"):
        score_limits(ENTRY, 10, 5, target)


@pytest.mark.parametrize(
    ("references", "people", "said"),
    [
        (1, 1, "1 reference of 1 person"),
        (18, 6, "18 references of 6 people"),
        (15_000, 5_000, "15,000 references of 5,000 people"),
    ],
)
def test_it_is_said_in_a_sentence(references, people, said):
    sentence = score_limits(ENTRY, references, people).sentence
    assert said in sentence
    assert "(target 1 in 1,000)" in sentence
    assert "\n" not in sentence


def test_it_is_read_back_from_a_record():
    limits = score_limits(ENTRY, 18, 6, 1e-4, trust_children=True)
    assert ScoreLimits.of(asdict(limits)) == limits
    assert ScoreLimits.of(None) is None
