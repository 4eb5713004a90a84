"""Normalised scores, very young children and look-alikes: what they blur, and that doubt blurs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.deciding import CLEAR, WAITING, Decision, Policy, Rule, decide
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import Floors, Thresholds
from gallery.domain.score_limits import ScoreLimits

SCORES = ScoreLimits(7.0, 5.0, 1e-3, 1e-4, 18, 6, "c" * 64, young=1.15)
POLICY = Policy(Thresholds(0.5, 1.0), Floors(20, 5.0), grey_band=0.1, scores=SCORES)
FACE = Face(Detection(Box(0, 0, 50, 50), 0.9), Quality(50, 50.0, True), np.zeros(4, np.float32))


def near(name="Ada", cosine=0.1, normalised: float | None = 12.0, age: float | None = 2.0) -> Candidate:
    return Candidate(name, 1, cosine, math.sqrt(2 * cosine), normalised, age)


def one(*ranked: Candidate, policy=POLICY, alike=frozenset(), withheld=None) -> Decision:
    (decision,) = decide([FACE], [ranked], policy, withheld or {}, alike)
    return decision


def test_a_match_by_all_three_numbers_is_kept():
    decision = one(near())
    assert decision.rule is Rule.MATCH
    assert "normalised score" in decision.reason


@pytest.mark.parametrize(
    ("rule", "candidate"),
    [
        (Rule.SCORE, near(normalised=4.99)),
        (Rule.SCORE, near(normalised=None)),
        (Rule.SCORE, near(normalised=math.nan)),
        (Rule.BORDERLINE, near(normalised=5.0)),
        (Rule.BORDERLINE, near(normalised=6.99)),
        (Rule.MATCH, near(normalised=7.0)),
        (Rule.COSINE, near(cosine=0.51, normalised=20.0)),
        (Rule.YOUNG, near(age=1.15)),
        (Rule.YOUNG, near(age=-3.0)),
        (Rule.YOUNG, near(age=None)),
        (Rule.YOUNG, near(age=math.nan)),
        (Rule.MATCH, near(age=1.16)),
        (Rule.GREY_BAND, near(cosine=0.46)),
    ],
)
def test_each_rule_blurs_with_its_reason(rule, candidate):
    decision = one(candidate)
    assert decision.rule is rule
    assert decision.kept == (rule is Rule.MATCH)
    assert decision.waits == (rule in (Rule.BORDERLINE, Rule.YOUNG, Rule.GREY_BAND))


def test_what_waits_matches_within_the_lax_limits():
    assert {Rule.BORDERLINE, Rule.YOUNG, Rule.LOOK_ALIKE} <= WAITING
    assert Rule.SCORE not in WAITING


def test_without_a_cohort_only_distances_count():
    assert one(near(normalised=None, age=None), policy=replace(POLICY, scores=None)).kept


def test_children_are_kept_by_those_who_take_the_risk_if_the_score_is_high_enough():
    trusting = replace(POLICY, scores=replace(SCORES, trust_children=True))
    assert one(near(age=0.0), policy=trusting).kept
    assert one(near(age=0.0, normalised=6.0), policy=trusting).rule is Rule.BORDERLINE


def test_a_cohort_without_ages_marks_nobody():
    assert one(near(age=None), policy=replace(POLICY, scores=replace(SCORES, young=None))).kept


def test_nobody_who_is_to_be_kept_in_every_case_is_kept_below_the_strict_limit():
    policy = replace(POLICY, all_of=frozenset(["Ada"]))
    assert one(near(cosine=0.46), policy=policy).kept
    assert one(near(normalised=6.0), policy=policy).rule is Rule.BORDERLINE
    assert one(near(age=0.0), policy=policy).rule is Rule.YOUNG


def test_a_face_that_matches_two_people_is_kept_only_by_a_clear_margin():
    close, clear = (near("Bea", 0.1 + margin) for margin in (CLEAR - 0.01, CLEAR + 0.01))
    decision = one(near(), close)
    assert decision.rule is Rule.LOOK_ALIKE
    assert decision.waits
    assert "Ada and Bea" in decision.reason
    assert one(near(), clear).kept
    assert one(near(), replace(close, normalised=4.9)).kept  # no match, so no doubt
    assert one(near(), near("Cleo", 0.15, normalised=2.0), close).rule is Rule.LOOK_ALIKE  # not only the next


def test_a_face_that_matches_one_of_two_look_alikes_is_kept_only_by_a_clear_margin():
    alike = frozenset([frozenset(["Ada", "Bea"])])
    other = near("Bea", 0.2, normalised=4.0)
    assert one(near(), other).kept
    assert one(near(), other, alike=alike).rule is Rule.LOOK_ALIKE
    assert one(near(), replace(other, cosine=0.1 + CLEAR + 0.01), alike=alike).kept
    assert one(near(), replace(other, identity="Cleo"), alike=alike).kept
    assert not one(near(), replace(other, cosine=math.nan), alike=alike).kept


def test_whoever_matches_somebody_withheld_by_all_three_numbers_is_blurred():
    withheld = {"Bea": None}
    assert one(near(), near("Bea", 0.45, normalised=5.1), withheld=withheld).rule is Rule.DISABLED
    assert one(near(), near("Bea", 0.45, normalised=4.9), withheld=withheld).kept


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(NUMBERS, NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS)
def test_nothing_is_kept_but_by_numbers_that_pass(cosine, euclidean, normalised, age):
    decision = one(Candidate("Ada", 1, cosine, euclidean, normalised, age))
    passes = (
        cosine <= 0.45
        and euclidean <= math.sqrt(0.9)
        and normalised is not None
        and normalised >= 7.0
        and age is not None
        and age > 1.15
    )
    assert decision.kept == passes


@given(st.floats(5, 20), st.floats(0, 3), st.floats(5, 20))
def test_a_stricter_limit_never_keeps_more(normalised, age, strict):
    stricter = replace(POLICY, scores=replace(SCORES, strict=max(strict, SCORES.strict)))
    candidate = near(normalised=normalised, age=age)
    assert one(candidate, policy=stricter).kept <= one(candidate).kept
