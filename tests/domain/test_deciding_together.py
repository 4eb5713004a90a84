"""What other people in the gallery, and other faces in the photo, do to a decision: they never make a face visible."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gallery.domain.deciding import Decision, Policy, Rule, decide
from gallery.domain.errors import BadArgument
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate, Fusion, Whitelist, candidates, candidates_if_near
from gallery.domain.models import Floors, Thresholds

POLICY = Policy(Thresholds(0.591, 1.087), Floors(16, 5.0), grey_band=0.03, rival_margin=0.17)
"""As the model `sface` has them."""


def near(name: str, cosine: float) -> Candidate:
    return Candidate(name, 1, cosine, math.sqrt(2 * cosine))


def face(embedding=(0.0,), size=50) -> Face:
    return Face(Detection(Box(0, 0, size, size), 0.9), Quality(size, 50.0, True), np.array(embedding, np.float32))


def rules(*found: list[Candidate], policy: Policy = POLICY, withheld=None) -> list[Rule]:
    return [one.rule for one in decide([face()] * len(found), found, policy, withheld or {})]


@pytest.mark.parametrize(
    ("end", "rule", "said"),
    [(None, Rule.DISABLED, "Cleo, who is disabled"), (date(2026, 1, 31), Rule.EXPIRED, "Cleo, whose consent ended")],
)
def test_who_is_withheld_counts_however_many_are_closer(end, rule, said):
    (decision,) = decide([face()], [[near("Ada", 0.3), near("Bob", 0.305), near("Cleo", 0.31)]], POLICY, {"Cleo": end})

    assert (decision.kept, decision.rule) == (False, rule)
    assert said in decision.reason
    assert (decision.candidate.identity, decision.runner_up.identity) == ("Ada", "Cleo"), "whoever settled it is named"


def test_of_several_withheld_the_closest_settles_it():
    found = [near("Ada", 0.3), near("Bob", 0.305), near("Cleo", 0.31)]

    (decision,) = decide([face()], [found], POLICY, {"Cleo": None, "Bob": date(2026, 1, 31)})
    (closest,) = decide([face()], [found], POLICY, {"Cleo": None, "Ada": None})

    assert (decision.rule, decision.runner_up.identity) == (Rule.EXPIRED, "Bob")
    assert (closest.candidate.identity, closest.runner_up.identity) == ("Ada", "Bob")


def test_a_face_counts_for_everybody_it_matches():
    """A stranger is 0.55 from Bob; the face of Ada, who stands beside them, is 0.45 from him."""
    assert rules([near("Ada", 0.2), near("Bob", 0.45)], [near("Bob", 0.55), near("Ada", 0.9)]) == [
        Rule.MATCH,
        Rule.RIVAL,
    ]


def test_siblings_who_are_both_there_are_both_kept():
    ada, bob = [near("Ada", 0.2), near("Bob", 0.45)], [near("Bob", 0.25), near("Ada", 0.5)]

    assert rules(ada, bob) == [Rule.MATCH, Rule.MATCH]


def test_two_faces_that_match_one_person_about_as_well_are_both_blurred_and_wait():
    decisions = decide([face(), face()], [[near("Ada", 0.4)], [near("Ada", 0.45)]], POLICY)

    assert [(one.rule, one.waits) for one in decisions] == [(Rule.RIVAL, True)] * 2
    assert [one.reason for one in decisions] == [
        "face 2 of the same photo matches Ada about as well",
        "face 1 of the same photo matches Ada better",
    ]


def test_a_face_that_is_closer_by_the_margin_is_kept():
    edge = POLICY.rival_margin * POLICY.thresholds.cosine

    assert rules([near("Ada", 0.3)], [near("Ada", 0.3 + edge + 1e-9)]) == [Rule.MATCH, Rule.RIVAL]
    assert rules([near("Ada", 0.3)], [near("Ada", 0.3 + edge - 1e-9)]) == [Rule.RIVAL, Rule.RIVAL]


def test_the_margin_is_a_share_of_the_persons_own_limit():
    own = replace(POLICY, personal={"Ada": Thresholds(0.4, 1.0)})

    assert rules([near("Ada", 0.3)], [near("Ada", 0.38)], policy=own) == [Rule.MATCH, Rule.RIVAL]
    assert rules([near("Ada", 0.3)], [near("Ada", 0.38)]) == [Rule.RIVAL, Rule.RIVAL]


def test_a_face_beyond_the_limit_is_no_rival():
    assert rules([near("Ada", 0.55)], [near("Ada", 0.6)])[0] is Rule.MATCH


@pytest.mark.parametrize(("cosine", "rule"), [(0.2, Rule.RIVAL), (0.3, Rule.RIVAL), (0.31, Rule.MATCH)])
def test_a_face_as_close_is_a_rival_though_its_euclidean_distance_is_too_large(cosine, rule):
    assert rules([near("Ada", 0.3)], [Candidate("Ada", 1, cosine, 5.0)]) == [rule, Rule.EUCLIDEAN]


@pytest.mark.parametrize(
    ("cosine", "euclidean", "passes"),
    [(0.5, 1.0, True), (0.51, 1.0, False), (0.5, 1.01, False), (math.nan, 1.0, False), (0.5, math.nan, False)],
)
def test_a_match_passes_both_limits_of_its_person(cosine, euclidean, passes):
    policy = Policy(Thresholds(0.1, 0.1), Floors(0, 0), personal={"Ada": Thresholds(0.5, 1.0)})

    assert policy.passes(Candidate("Ada", 1, cosine, euclidean)) is passes
    assert not policy.passes(Candidate("Bob", 1, 0.5, 1.0))


def test_two_equals_are_both_blurred_without_a_margin_too():
    decisions = decide([face()] * 2, [[near("Ada", 0.3)]] * 2, replace(POLICY, rival_margin=0), {})

    assert [one.rule for one in decisions] == [Rule.RIVAL] * 2
    assert decisions[1].reason == "face 1 of the same photo matches Ada about as well"


@pytest.mark.parametrize("margin", [-0.1, 1.1, math.nan])
def test_a_margin_that_makes_no_sense_is_refused(margin):
    with pytest.raises(BadArgument, match="margin between faces"):
        replace(POLICY, rival_margin=margin)


def test_the_margin_may_be_the_whole_limit():
    edges = [replace(POLICY, rival_margin=margin) for margin in (0, 1)]

    assert rules([near("Ada", 0.1)], [near("Ada", 0.59)], policy=edges[0]) == [Rule.MATCH, Rule.RIVAL]
    assert rules([near("Ada", 0.1)], [near("Ada", 0.59)], policy=edges[1]) == [Rule.RIVAL, Rule.RIVAL]


vectors = st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3)
people = st.lists(st.tuples(vectors, st.booleans()), min_size=0, max_size=5)
policies = st.builds(
    lambda limit, margin, own: replace(
        POLICY,
        thresholds=Thresholds(limit, 1.087),
        rival_margin=margin,
        personal={"person 1": Thresholds(own, 2.0)} if own else {},
    ),
    st.floats(0.05, 1.2),
    st.floats(0, 1),
    st.none() | st.floats(0.05, 1.2),
)


def whitelist(enrolled) -> tuple[Whitelist, dict[str, None]]:
    names = tuple(f"person {n}" for n in range(len(enrolled)))
    templates = np.array([vector for vector, _ in enrolled], np.float32).reshape(len(enrolled), 3)
    order = np.arange(len(enrolled))
    return Whitelist(names, order, order, templates), {
        name: None for name, (_, disabled) in zip(names, enrolled, strict=True) if disabled
    }


def decided(enrolled, shown, policy: Policy, fusion: Fusion = Fusion.BEST) -> list[Decision]:
    gallery, withheld = whitelist(enrolled)
    probes = np.array(shown, np.float32).reshape(len(shown), 3)
    found = candidates_if_near(probes, gallery, policy.widest, fusion)
    return decide([face(probe) for probe in probes], found, policy, withheld)


@given(people, st.tuples(vectors, st.booleans()), st.lists(vectors, min_size=1, max_size=4), policies)
@example([([1, 0.1, 0], False), ([1, 0, 0.2], False)], ([1, 0.3, 0], True), [[1, 0, 0]], replace(POLICY, grey_band=0))
def test_whoever_is_enrolled_besides_makes_nobody_else_visible(enrolled, another, shown, policy):
    before, after = decided(enrolled, shown, policy), decided([*enrolled, another], shown, policy)

    for earlier, later in zip(before, after, strict=True):
        if later.kept and not earlier.kept:
            assert later.candidate.identity == f"person {len(enrolled)}", "only the person themselves"
            assert not another[1]


@given(people, vectors, st.lists(vectors, min_size=1, max_size=4), policies)
@example([([1, 0, 0], False)], [1, 0.05, 0], [[1, 0.1, 0], [1, 0, 0.1]], POLICY)
def test_whoever_is_in_the_photo_besides_makes_nobody_visible(enrolled, another, shown, policy):
    before, after = decided(enrolled, shown, policy), decided(enrolled, [*shown, another], policy)

    for earlier, later in zip(before, after, strict=False):
        assert earlier.kept or not later.kept


@given(people, st.lists(vectors, min_size=1, max_size=4), policies)
def test_the_candidates_within_the_limit_are_all_that_counts(enrolled, shown, policy):
    """What the search leaves out changes nothing."""
    gallery, withheld = whitelist(enrolled)
    probes = np.array(shown, np.float32).reshape(len(shown), 3)
    faces = [face(probe) for probe in probes]

    everybody = decide(faces, candidates(probes, gallery, within=math.inf), policy, withheld)

    found = decided(enrolled, shown, policy)
    assert [(one.verdict, one.rule) for one in found] == [(one.verdict, one.rule) for one in everybody]
