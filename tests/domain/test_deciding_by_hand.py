"""Decisions of runs for which something was settled by hand: nobody is kept, or somebody wherever they match."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gallery.domain.deciding import Decision, Policy, Rule, Verdict, decide
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import Floors, Thresholds

POLICY = Policy(Thresholds(0.5, 1.0), Floors(size=20, sharpness=5.0), grey_band=0.1)
ALL_OF_ADA = replace(POLICY, all_of=frozenset({"Ada"}))
NEAR, CLOSE, ONLY_JUST, FAR = (Candidate("Ada", 1, cosine, 0.2) for cosine in (0.1, 0.2, 0.48, 0.6))


def face(size: int = 50) -> Face:
    return Face(Detection(Box(0, 0, size, size), 0.9), Quality(size, 50.0, True), np.zeros(4, np.float32))


def rules(policy: Policy, *found: Candidate, size: int = 50, **withheld) -> list[Rule]:
    decisions = decide([face(size)] * len(found), [(candidate,) for candidate in found], policy, withheld)
    return [decision.rule for decision in decisions]


def test_nobody_is_kept_whoever_matches():
    decided = decide([face(), face()], [(NEAR,), ()], replace(POLICY, nobody=True))

    assert [(one.verdict, one.rule) for one in decided] == [(Verdict.BLUR, Rule.NOBODY_KEPT)] * 2


def test_somebody_is_kept_as_often_as_they_match():
    assert rules(POLICY, NEAR, CLOSE) == [Rule.MATCH, Rule.RIVAL]
    assert rules(ALL_OF_ADA, NEAR, CLOSE) == [Rule.MATCH, Rule.MATCH]


def test_somebody_is_kept_in_the_grey_band():
    assert rules(POLICY, ONLY_JUST) == [Rule.GREY_BAND]
    assert rules(ALL_OF_ADA, ONLY_JUST) == [Rule.MATCH]


def test_for_others_nothing_changes():
    others = replace(ALL_OF_ADA, all_of=frozenset({"Grace"}))
    assert rules(others, NEAR, CLOSE) == [Rule.MATCH, Rule.RIVAL]
    assert rules(others, ONLY_JUST) == [Rule.GREY_BAND]


def test_the_other_rules_hold_for_them_too():
    assert rules(ALL_OF_ADA, FAR) == [Rule.COSINE]
    assert rules(ALL_OF_ADA, NEAR, size=10) == [Rule.SMALL]
    assert rules(ALL_OF_ADA, NEAR, Ada=None) == [Rule.DISABLED]


def test_a_decision_by_hand_needs_no_match():
    assert Decision(Verdict.KEEP, Rule.BY_HAND, "why").kept
    assert not Decision(Verdict.BLUR, Rule.BY_HAND, "why", NEAR).kept
    with pytest.raises(ValueError, match="by hand"):
        Decision(Verdict.KEEP, Rule.MATCH, "why")
    with pytest.raises(ValueError, match="cannot rest on"):
        Decision(Verdict.KEEP, Rule.NOBODY_KEPT, "why", NEAR)
