"""Why a face was decided otherwise: each cause by itself, two at once, and always what the rules say."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gallery.domain.causes import Cause, Looked, causes, causes_of_finding, changed
from gallery.domain.deciding import Decision, Policy, Rule, Verdict, decide
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Floors, Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings

SPACE = EmbeddingSpace("m", "a" * 64, "p", 4)
FLOORS = Floors(16, 5.0)
GOOD = Quality(80, 50.0, True)
BOXES = [Box(100 * place, 10, 80, 80) for place in range(4)]
POLICY = Policy(Thresholds(0.5, 1.0), FLOORS)


def near(name: str, cosine: float) -> Candidate:
    return Candidate(name, 1, cosine, math.sqrt(2 * cosine))


def settings(policy: Policy = POLICY, more=None, **others) -> RunSettings:
    rules = {
        "floors": asdict(policy.floors),
        "grey_band": policy.grey_band,
        "once_per_photo": policy.once_per_photo,
        "min_margin": policy.min_margin,
        "rival_margin": policy.rival_margin,
        "personal": {name: asdict(own) for name, own in policy.personal.items()},
        "by_hand": {"all_of": sorted(policy.all_of)},
        **(more or {}),
    }
    usual = RunSettings("1", SPACE, "d", "d" * 64, policy.thresholds, rules, {}, 2, 2, "out")
    return replace(usual, **others)


def run(
    *found: list[Candidate], policy: Policy = POLICY, withheld=None, boxes=BOXES, quality=GOOD, state="s", **others
) -> list[Looked]:
    """What a run records of one photo, by the program's own rules."""
    faces = [Face(Detection(box, 0.9), quality, np.zeros(4, np.float32)) for box, _ in zip(boxes, found, strict=False)]
    decisions = decide(faces, found, policy, withheld or {})
    decided = tuple(DecidedFace(face.detection, face.quality, one) for face, one in zip(faces, decisions, strict=True))
    image = ImageRecord("x.jpg", ImageStatus.OK, "f" * 64, faces=decided, state=state * 64)
    return [Looked(settings(policy, **others), image, place) for place in range(len(found))]


def by_hand(looked: Looked, verdict: Verdict) -> Looked:
    face = looked.face
    ours = Decision(verdict, Rule.BY_HAND, "by hand", face.decision.candidate, face.decision.runner_up)
    faces = list(looked.image.faces)
    faces[looked.place] = replace(face, decision=ours)
    return replace(looked, image=replace(looked.image, faces=tuple(faces)))


ADA, BOB = near("Ada", 0.3), near("Bob", 0.8)
KEPT = run([ADA, BOB])[0]
STRICT = Policy(Thresholds(0.2, 1.0), FLOORS)
OWN = Policy(POLICY.thresholds, FLOORS, personal={"Ada": Thresholds(0.1, 0.4)})
OTHER_MODEL = EmbeddingSpace("m", "b" * 64, "p", 4)

SINGLE = {
    "thresholds": (run([ADA, BOB], policy=STRICT)[0], Cause.THRESHOLDS),
    "her own thresholds": (run([ADA, BOB], policy=OWN)[0], Cause.THRESHOLDS),
    "reference removed": (run([near("Ada", 0.6), BOB], state="t")[0], Cause.GALLERY),
    "person removed": (run([BOB], state="t")[0], Cause.GALLERY),
    "gallery emptied": (run([], state="t")[0], Cause.GALLERY),
    "disabled": (run([ADA, BOB], withheld={"Ada": None}, state="t")[0], Cause.GALLERY),
    "override": (by_hand(KEPT, Verdict.BLUR), Cause.BY_HAND),
    "nobody kept": (run([], policy=replace(POLICY, nobody=True), identities=0, state="t")[0], Cause.BY_HAND),
    "model": (run([near("Ada", 0.7)], space=OTHER_MODEL, policy=STRICT, state="t")[0], Cause.MODEL),
    "detector": (run([near("Ada", 0.7), BOB], boxes=[Box(5, 12, 75, 90)])[0], Cause.DETECTOR),
    "floors": (run([ADA, BOB], policy=replace(POLICY, floors=Floors(100, 5.0)))[0], Cause.RULES),
    "grey band": (run([ADA, BOB], policy=replace(POLICY, grey_band=0.5))[0], Cause.RULES),
    "margin": (run([ADA, BOB], policy=replace(POLICY, min_margin=0.6))[0], Cause.RULES),
    "fusion": (run([near("Ada", 0.7), BOB], more={"fusion": "mean"})[0], Cause.RULES),
    "a closer face": (run([ADA, BOB], [near("Ada", 0.1)])[0], Cause.OTHER_FACES),
    "nothing on record": (run([near("Ada", 0.7), BOB])[0], Cause.UNKNOWN),
    "program": (run([near("Ada", 0.7), BOB], program="2")[0], Cause.PROGRAM),
}


@pytest.mark.parametrize("name", SINGLE)
def test_each_cause_by_itself(name):
    other, cause = SINGLE[name]

    assert changed(KEPT.face, other.face)
    assert causes(KEPT, other)[0] is cause
    assert causes(other, KEPT)[0] is cause, "there and back"
    if name not in ("nobody kept",):
        assert causes(KEPT, other) == (cause,)


def test_an_edited_photo():
    other = run([near("Ada", 0.7), BOB])[0]

    assert causes(KEPT, other, edited=True) == (Cause.PHOTO,)
    assert causes(KEPT, run([ADA, BOB], policy=STRICT)[0], edited=True) == (Cause.THRESHOLDS, Cause.PHOTO)
    lost = causes(by_hand(KEPT, Verdict.BLUR), KEPT, edited=True)
    assert lost == (Cause.PHOTO, Cause.BY_HAND), "an override holds for the bytes it was made for"


def test_the_decisive_cause_comes_first_and_the_others_after():
    """The distance alone would have done it, the thresholds alone would not."""
    looser = Policy(Thresholds(0.45, 1.0), FLOORS)

    assert causes(KEPT, run([near("Ada", 0.7), BOB], policy=looser, state="t")[0]) == (Cause.GALLERY, Cause.THRESHOLDS)


def test_where_only_both_together_do_it_both_are_named():
    policy = Policy(Thresholds(0.4, 1.0), FLOORS)

    assert set(causes(KEPT, run([near("Ada", 0.45), BOB], policy=policy, state="t")[0])) == {
        Cause.GALLERY,
        Cause.THRESHOLDS,
    }


def test_a_face_kept_for_somebody_else():
    other = run([near("Bob", 0.1), ADA], state="t")[0]

    assert changed(KEPT.face, other.face)
    assert causes(KEPT, other) == (Cause.GALLERY,)


def test_whoever_is_kept_by_hand_is_nobody_in_particular():
    other = by_hand(run([near("Bob", 0.7), ADA], state="t")[0], Verdict.KEEP)

    assert not changed(KEPT.face, other.face)


def test_to_keep_all_of_somebody_is_by_hand():
    twice = [ADA, BOB], [near("Ada", 0.1)]
    every = replace(POLICY, all_of=frozenset({"Ada"}))

    assert causes(run(*twice)[0], run(*twice, policy=every)[0]) == (Cause.BY_HAND,)
    assert causes(run(*twice)[0], run(*twice, policy=replace(POLICY, once_per_photo=False))[0]) == (Cause.RULES,)


def test_the_margin_between_two_faces_is_a_rule():
    twice = [near("Ada", 0.3), BOB], [near("Ada", 0.35), BOB]
    kept, blurred = run(*twice)[0], run(*twice, policy=replace(POLICY, rival_margin=0.17))[0]

    assert (kept.face.decision.rule, blurred.face.decision.rule) == (Rule.MATCH, Rule.RIVAL)
    assert causes(kept, blurred) == causes(blurred, kept) == (Cause.RULES,)


def test_another_face_counts_though_somebody_else_is_closer_to_it():
    alone, beside = run([ADA, BOB])[0], run([ADA, BOB], [near("Bob", 0.1), near("Ada", 0.2)])[0]

    assert beside.face.decision.rule is Rule.RIVAL
    assert causes(alone, beside) == causes(beside, alone) == (Cause.OTHER_FACES,)


def test_what_outdid_a_face_need_not_be_on_record():
    """Of each face two people are on record: the third may be the one whom this face is taken for."""
    third = [near("Bob", 0.1), near("Cleo", 0.15), near("Ada", 0.2)]
    alone, beside = run([ADA, BOB])[0], run([ADA, BOB], third)[0]

    assert causes(alone, beside) == causes(beside, alone) == (Cause.OTHER_FACES,)


def test_an_earlier_version_kept_what_it_would_blur_now():
    """It did not look at faces to which somebody else is closer: what it decided is taken as it is on record."""
    beside = run([ADA, BOB], [near("Bob", 0.1), near("Ada", 0.2)], policy=replace(POLICY, once_per_photo=False))[0]
    policy = {**beside.settings.policy, "once_per_photo": True}
    before = replace(beside, settings=replace(beside.settings, policy=policy, program="0"))
    now = run([ADA, BOB], [near("Bob", 0.1), near("Ada", 0.2)])[0]

    assert causes(before, now) == (Cause.OTHER_FACES,)


def test_rounding_is_no_cause():
    found = causes(KEPT, run([near("Ada", 0.30001), near("Bob", 0.79999)], policy=STRICT)[0])

    assert found == (Cause.THRESHOLDS,)


FULL, WRITTEN = {"verify": "full"}, {"verify": "written"}


@pytest.mark.parametrize(
    ("before", "after", "edited", "found"),
    [
        ({}, {"detector": "e"}, False, (Cause.DETECTOR,)),
        ({"more": {"detector": {"score": 0.5}}}, {"more": {"detector": {"score": 0.6}}}, False, (Cause.DETECTOR,)),
        ({}, {"detector": "e"}, True, (Cause.PHOTO, Cause.DETECTOR)),
        ({"more": FULL}, {"more": WRITTEN}, False, (Cause.RULES,)),
        ({"more": FULL}, {"more": FULL, "redaction": {"method": "solid"}}, False, (Cause.RULES,)),
        ({"more": WRITTEN}, {"more": WRITTEN, "redaction": {"method": "solid"}}, False, (Cause.UNKNOWN,)),
        ({"more": FULL}, {"more": FULL}, False, (Cause.OTHER_FACES,)),
        ({}, {"program": "2"}, False, (Cause.PROGRAM,)),
        ({}, {}, False, (Cause.UNKNOWN,)),
    ],
)
def test_why_a_face_was_found_in_one_run_only(before, after, edited, found):
    assert causes_of_finding(settings(**before), settings(**after), edited) == found


COSINES = st.floats(0, 1.2, allow_nan=False).map(lambda value: round(value, 3))
RANKED = st.tuples(st.permutations(["Ada", "Bob", "Eve"]), st.lists(COSINES, min_size=2, max_size=2)).map(
    lambda drawn: [near(name, cosine) for name, cosine in zip(drawn[0], sorted(drawn[1]), strict=False)]
)
PHOTOS = st.lists(RANKED, min_size=1, max_size=3)
POLICIES = st.builds(
    Policy,
    st.builds(Thresholds, st.sampled_from([0.2, 0.5, 0.9]), st.sampled_from([0.7, 1.4])),
    st.builds(Floors, st.sampled_from([16, 100]), st.just(5.0)),
    st.sampled_from([0.0, 0.4]),
    st.booleans(),
    st.sampled_from([0.0, 0.2]),
    st.sampled_from([{}, {"Ada": Thresholds(0.3, 0.8)}]),
    st.sampled_from([frozenset(), frozenset({"Ada"})]),
    rival_margin=st.sampled_from([0.0, 0.4]),
)
OF = {
    Cause.THRESHOLDS: ("thresholds", "personal"),
    Cause.RULES: ("floors", "grey_band", "once_per_photo", "min_margin", "rival_margin"),
    Cause.BY_HAND: ("all_of",),
}


@given(PHOTOS, POLICIES, POLICIES, st.sampled_from(list(OF)))
def test_what_was_changed_is_what_is_named(found, policy, other, cause):
    """Of two runs that differ in one part, whatever the rest is."""
    after = replace(policy, **{name: getattr(other, name) for name in OF[cause]})
    for one, two in zip(run(*found, policy=policy), run(*found, policy=after), strict=True):
        if changed(one.face, two.face):
            assert causes(one, two) == (cause,)


@given(PHOTOS, PHOTOS, POLICIES)
def test_a_changed_gallery_is_named_or_the_other_faces_it_changed(found, other, policy):
    assume(len(found) == len(other))
    for one, two in zip(run(*found, policy=policy), run(*other, policy=policy, state="t"), strict=True):
        if changed(one.face, two.face):
            assert set(causes(one, two)) <= {Cause.GALLERY, Cause.OTHER_FACES}


@given(PHOTOS, PHOTOS, POLICIES, POLICIES)
def test_no_change_is_without_a_cause_on_record(found, other, policy, after):
    assume(len(found) == len(other))
    for one, two in zip(run(*found, policy=policy), run(*other, policy=after, state="t"), strict=True):
        if changed(one.face, two.face):
            named = causes(one, two)
            assert len(set(named)) == len(named) > 0
            assert Cause.UNKNOWN not in named
