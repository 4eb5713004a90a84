"""Decisions: every rule, its order, and that doubt blurs."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.deciding import Decision, Policy, Rule, Verdict, decide
from gallery.domain.errors import BadArgument
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import Floors, Thresholds

POLICY = Policy(Thresholds(0.5, 1.0), Floors(size=20, sharpness=5.0), grey_band=0.1)


def face(size=50, sharpness=50.0, as_meant=True) -> Face:
    return Face(Detection(Box(0, 0, size, size), 0.9), Quality(size, sharpness, as_meant), np.zeros(4, np.float32))


def near(name="Ada", cosine=0.1, euclidean=0.2) -> Candidate:
    return Candidate(name, 1, cosine, euclidean)


def one(candidate=None, policy=POLICY, **quality) -> Decision:
    (decision,) = decide([face(**quality)], [(candidate or near(),)], policy)
    return decision


def test_a_sure_match_is_kept():
    decision = one()

    assert decision.kept
    assert decision.rule is Rule.MATCH
    assert decision.candidate == near()


@pytest.mark.parametrize(
    ("rule", "candidate", "quality"),
    [
        (Rule.COSINE, near(cosine=0.51), {}),
        (Rule.EUCLIDEAN, near(euclidean=1.01), {}),
        (Rule.COSINE, near(cosine=math.nan), {}),
        (Rule.EUCLIDEAN, near(euclidean=math.nan), {}),
        (Rule.UNALIGNED, near(), {"as_meant": False}),
        (Rule.SMALL, near(), {"size": 19}),
        (Rule.BLURRED, near(), {"sharpness": 4.9}),
        (Rule.BLURRED, near(), {"sharpness": math.nan}),
        (Rule.GREY_BAND, near(cosine=0.46), {}),
        (Rule.GREY_BAND, near(euclidean=0.96), {}),
    ],
)
def test_each_rule_blurs_with_its_reason(rule, candidate, quality):
    decision = one(candidate, **quality)

    assert decision.verdict is Verdict.BLUR
    assert decision.rule is rule
    assert decision.candidate is candidate, "the evidence is given whatever the verdict"


def test_the_first_failing_rule_is_the_reason():
    assert one(near(cosine=0.6, euclidean=2), size=1, sharpness=0, as_meant=False).rule is Rule.COSINE
    assert one(near(cosine=0.48), size=1, sharpness=0).rule is Rule.SMALL


def test_a_distance_equal_to_the_threshold_passes():
    edge = Policy(Thresholds(0.5, 1.0), Floors(0, 0))

    assert one(near(cosine=0.5, euclidean=1.0), edge).kept


def test_an_empty_gallery_blurs():
    (decision,) = decide([face()], [()], POLICY)

    assert decision.rule is Rule.NOBODY
    assert decision.candidate is None


def test_an_identity_is_kept_once_and_the_best_face_wins():
    decisions = decide([face(), face(), face()], [(near(cosine=0.2),), (near(cosine=0.1),), (near("Grace"),)], POLICY)

    assert [d.rule for d in decisions] == [Rule.RIVAL, Rule.MATCH, Rule.MATCH]
    assert "face 2" in decisions[0].reason


def test_a_better_face_that_is_itself_blurred_still_casts_doubt():
    decisions = decide([face(size=5), face()], [(near(cosine=0.1),), (near(cosine=0.2),)], POLICY)

    assert [d.rule for d in decisions] == [Rule.SMALL, Rule.RIVAL]


def test_collages_may_repeat_a_person():
    collage = Policy(POLICY.thresholds, POLICY.floors, once_per_photo=False)

    assert all(d.kept for d in decide([face(), face()], [(near(),), (near(),)], collage))


def test_the_margin_is_to_the_next_identity():
    (decision,) = decide([face()], [(near(cosine=0.1), near("Grace", cosine=0.7))], POLICY)

    assert decision.margin == pytest.approx(0.6)
    assert one().margin is None


@pytest.mark.parametrize("band", [-0.1, 1.0, math.nan])
def test_a_grey_band_that_makes_no_sense_is_refused(band):
    with pytest.raises(BadArgument):
        Policy(POLICY.thresholds, POLICY.floors, band)


def test_a_keep_without_a_match_cannot_be_made():
    with pytest.raises(ValueError, match="cannot rest"):
        Decision(Verdict.KEEP, Rule.SMALL, "?", near())
    with pytest.raises(ValueError, match="for somebody"):
        Decision(Verdict.KEEP, Rule.MATCH, "?")


distances = st.floats(0, 2)
candidate_lists = st.lists(
    st.builds(Candidate, st.sampled_from(["Ada", "Grace"]), st.just(1), distances, distances), min_size=0, max_size=2
)


@given(st.lists(st.tuples(candidate_lists, st.integers(1, 60), st.floats(0, 20), st.booleans()), max_size=6))
def test_nobody_is_kept_unless_every_rule_holds(drawn):
    faces = [face(size, sharp, aligned) for _, size, sharp, aligned in drawn]

    decisions = decide(faces, [ranked for ranked, *_ in drawn], POLICY)

    kept = [d for d in decisions if d.kept]
    for decision in kept:
        assert decision.candidate.cosine <= 0.45
        assert decision.candidate.euclidean <= math.sqrt(0.9)
    for f, decision in zip(faces, decisions, strict=True):
        if decision.kept:
            assert f.quality.size >= 20
            assert f.quality.sharpness >= 5
            assert f.quality.as_meant
    assert len({d.candidate.identity for d in kept}) == len(kept)


def test_lower_thresholds_never_keep_more():
    rng = np.random.default_rng(3)
    found = [(near(cosine=c, euclidean=math.sqrt(2 * c)),) for c in rng.uniform(0, 1, 50)]
    faces = [face()] * 50
    before: set[int] = set(range(50))
    for limit in np.linspace(1, 0, 21):
        policy = Policy(Thresholds(float(limit), 2.0), Floors(0, 0), once_per_photo=False)
        kept = {i for i, d in enumerate(decide(faces, found, policy)) if d.kept}
        assert kept <= before
        before = kept


def test_a_person_may_have_thresholds_of_their_own():
    policy = Policy(Thresholds(0.5, 1.0), Floors(0, 0), personal={"Ada": Thresholds(0.3, 1.0)})

    assert one(near("Ada", cosine=0.4), policy).rule is Rule.COSINE
    assert one(near("Grace", cosine=0.4), policy).kept


def test_too_like_another():
    policy = Policy(Thresholds(0.5, 1.0), Floors(0, 0), min_margin=0.1)

    def decision(second: float) -> Decision:
        (found,) = decide([face()], [(near(cosine=0.2), near("Grace", cosine=second))], policy)
        return found

    assert decision(0.29).rule is Rule.CLOSE_CALL
    assert "Grace" in decision(0.29).reason
    assert decision(0.31).kept
    assert one(near(), policy).kept, "without another there is nothing to be like"


@given(st.permutations(range(4)))
def test_the_order_of_the_faces_does_not_matter(order):
    found = [
        (near(cosine=0.2), near("Grace", cosine=0.3)),
        (near(cosine=0.1), near("Grace", cosine=0.4)),
        (near("Grace", cosine=0.25), near(cosine=0.3)),
        (near("Grace", cosine=0.6), near(cosine=0.7)),
    ]
    straight = decide([face()] * 4, found, POLICY)

    shuffled = decide([face()] * 4, [found[i] for i in order], POLICY)

    assert [d.rule for d in shuffled] == [straight[i].rule for i in order]


@pytest.mark.parametrize(
    ("withheld", "rule", "words"),
    [
        ({"Ada": None}, Rule.DISABLED, "Ada, who is disabled"),
        ({"Ada": date(2026, 1, 31)}, Rule.EXPIRED, "Ada, whose consent ended on 2026-01-31"),
    ],
)
def test_who_is_withheld_is_blurred_by_name(withheld, rule, words):
    (decision,) = decide([face()], [(near(), near("Grace", 0.2, 0.3))], POLICY, withheld)

    assert (decision.verdict, decision.rule) == (Verdict.BLUR, rule)
    assert words in decision.reason
    assert decision.candidate.identity == "Ada"


def test_somebody_else_withheld_changes_nothing():
    (decision,) = decide([face()], [(near(),)], POLICY, {"Grace": None})
    assert decision.kept


def test_who_is_withheld_is_named_even_where_the_closest_person_is_too_far_by_their_own_thresholds():
    strict = replace(POLICY, personal={"Ada": Thresholds(0.01, 0.01)})
    (decision,) = decide([face()], [(near(), near("Grace", 0.2, 0.3))], strict, {"Grace": None})
    assert decision.rule is Rule.DISABLED


def test_a_stranger_is_no_withheld_person():
    (decision,) = decide([face()], [(near(cosine=0.6),)], POLICY, {"Ada": None})
    assert decision.rule is Rule.COSINE


def test_a_face_that_fits_a_withheld_person_too_is_blurred():
    (decision,) = decide([face()], [(near(), near("Grace", 0.2, 0.3))], POLICY, {"Grace": None})
    assert decision.rule is Rule.DISABLED
    (decision,) = decide([face()], [(near(), near("Grace", 0.6, 0.3))], POLICY, {"Grace": None})
    assert decision.kept, "who is withheld, but too far, is somebody else"
