"""A person's word on a face: which face it is on, what it overrules, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.by_hand import SAME_PLACE, ByHand, Override, Overrides, overrule
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import BadArgument
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate

MADE = datetime(2026, 3, 4, 12, tzinfo=UTC)
LEFT, RIGHT = Box(10, 10, 40, 50), Box(100, 10, 40, 50)
ADA = Candidate("Ada", 1, 0.25, 0.7)
KEPT = Decision(Verdict.KEEP, Rule.MATCH, "matches Ada", ADA)
FAR = Decision(Verdict.BLUR, Rule.COSINE, "too far", ADA)
NEVER = (Rule.DISABLED, Rule.EXPIRED, Rule.NOBODY_KEPT)


def word(verdict: Verdict, box: Box = LEFT, number: int = 1, later: int = 0, by: str = "anna") -> Override:
    keeps = "Ada" if verdict is Verdict.KEEP else None
    return Override(number, "a" * 64, box, verdict, "party.jpg", by, MADE + timedelta(seconds=later), keeps=keeps)


def test_a_word_holds_for_its_face_alone():
    found = overrule([LEFT, RIGHT], [KEPT, FAR], [word(Verdict.BLUR), word(Verdict.KEEP, RIGHT, 2)])

    blurred, kept = found.decisions
    assert (blurred.verdict, blurred.rule, blurred.candidate) == (Verdict.BLUR, Rule.BY_HAND, ADA)
    assert blurred.reason == "blurred by hand by anna on 2026-03-04"
    assert (blurred.keeps, kept.keeps) == (None, "Ada")
    assert (kept.verdict, kept.rule, kept.reason) == (Verdict.KEEP, Rule.BY_HAND, "kept by hand by anna on 2026-03-04")
    assert (found.uncovered, found.lost) == ((), ())
    assert overrule([LEFT, RIGHT], [KEPT, FAR], []).decisions == (KEPT, FAR)


def test_who_decided_need_not_be_known():
    assert word(Verdict.KEEP, by="").reason == "kept by hand on 2026-03-04"


def test_a_box_that_is_drawn_somewhat_differently_is_the_same_face():
    assert overrule([LEFT.shift(6, 4)], [KEPT], [word(Verdict.BLUR)]).decisions[0].rule is Rule.BY_HAND
    beside = LEFT.shift(30, 0)
    assert beside.overlap(LEFT) < SAME_PLACE
    assert overrule([beside], [KEPT], [word(Verdict.BLUR)]).decisions == (KEPT,)


def test_a_face_that_is_not_found_again():
    """What was to be blurred is covered all the same; what was to be kept is only said."""
    keep, blur = word(Verdict.KEEP), word(Verdict.BLUR, RIGHT, 2)

    found = overrule([], [], [keep, blur])

    assert (found.decisions, found.uncovered, found.lost) == ((), (RIGHT,), (keep,))


@pytest.mark.parametrize("rule", NEVER)
def test_who_may_not_be_kept_at_all_stays_blurred(rule):
    decision = Decision(Verdict.BLUR, rule, "why")

    assert overrule([LEFT], [decision], [word(Verdict.KEEP)]).decisions == (decision,)
    assert overrule([LEFT], [decision], [word(Verdict.BLUR)]).decisions[0].rule is Rule.BY_HAND


@pytest.mark.parametrize(
    ("keeps", "ended", "why"),
    [
        (None, "", "not in the gallery any more, or was never noted"),
        ("Ada", "disabled", "Ada may not stay visible (disabled)"),
        ("Ada", "consent ended 2026-01-01", "Ada may not stay visible (consent ended 2026-01-01)"),
    ],
)
@pytest.mark.parametrize("by_rules", [KEPT, FAR])
def test_a_word_to_keep_ends_with_the_consent_of_whom_it_keeps(keeps, ended, why, by_rules):
    """The face was said to be theirs, so it is blurred whomever the rules take it for."""
    keep = replace(word(Verdict.KEEP), keeps=keeps, ended=ended)

    (decision,) = overrule([LEFT], [by_rules], [keep]).decisions

    assert (decision.verdict, decision.rule, decision.keeps) == (Verdict.BLUR, Rule.BY_HAND, None)
    assert decision.reason == f"override 1 keeps nobody: {keep.why_not}"
    assert why in keep.why_not
    assert not keep.in_force
    assert replace(keep, verdict=Verdict.BLUR).in_force


def test_of_two_words_on_what_is_one_face_now_blurring_holds():
    one, other = Box(10, 10, 40, 60), Box(10, 25, 40, 60)
    between = Box(10, 17, 40, 60)
    for first, second in ((Verdict.KEEP, Verdict.BLUR), (Verdict.BLUR, Verdict.KEEP)):
        (decision,) = overrule([between], [FAR], [word(first, one), word(second, other, number=2, later=1)]).decisions
        assert (decision.verdict, decision.rule) == (Verdict.BLUR, Rule.BY_HAND)
    (decision,) = overrule(
        [between], [FAR], [word(Verdict.KEEP, one, by="ann"), word(Verdict.KEEP, other, later=1, by="bo")]
    ).decisions
    assert "by bo" in decision.reason, "of two alike, the later one"


def test_a_region_wins_over_a_word():
    found = overrule([LEFT, RIGHT], [KEPT, KEPT], [word(Verdict.KEEP)], [Box(0, 0, 12, 12)])

    assert [decision.verdict for decision in found.decisions] == [Verdict.BLUR, Verdict.KEEP]
    assert found.decisions[0].reason == "lies in a region that is always blurred"


def test_words_are_found_by_photo():
    one, two, other = word(Verdict.KEEP), word(Verdict.BLUR, RIGHT, 2), replace(word(Verdict.BLUR), sha256="b" * 64)

    assert Overrides.grouped([one, other, two]).of == {"a" * 64: (one, two), "b" * 64: (other,)}
    assert Overrides.grouped([]).of == {}


def test_what_was_settled_for_all_photos_as_settings():
    assert ByHand().settings == {}
    assert ByHand(nobody=True).settings == {"nobody": True}
    assert ByHand(all_of=frozenset({"Zoë", "Ada"}), regions=(LEFT,)).settings == {
        "all_of": ["Ada", "Zoë"],
        "regions": [[10, 10, 40, 50]],
    }
    with pytest.raises(BadArgument, match="Nobody is to be kept"):
        ByHand(nobody=True, all_of=frozenset({"Ada"}))


near = st.integers(0, 60)
boxes = st.builds(Box, near, near, st.integers(10, 50), st.integers(10, 50))
decisions = st.sampled_from([KEPT, FAR, *(Decision(Verdict.BLUR, rule, "why", ADA) for rule in NEVER)])
words = st.lists(st.tuples(st.sampled_from(Verdict), boxes), max_size=5).map(
    lambda said: [word(verdict, box, n, later=n) for n, (verdict, box) in enumerate(said, 1)]
)
photos = st.lists(st.tuples(boxes, decisions), max_size=5, unique_by=lambda one: one[0])


@given(photos, words, st.lists(boxes, max_size=2))
def test_whatever_was_decided_and_said(photo, said, regions):
    faces, before = [box for box, _ in photo], [decision for _, decision in photo]

    found = overrule(faces, before, said, regions)

    assert len(found.decisions) == len(faces)
    after = list(zip(faces, before, found.decisions, strict=True))
    for box, former, decision in after:
        if any(box.intersect(region) for region in regions):
            assert decision.verdict is Verdict.BLUR, "regions win"
        if former.rule in NEVER:
            assert decision.verdict is Verdict.BLUR, "no word keeps who may not be kept"
        if decision.verdict is not former.verdict:
            assert decision.rule is Rule.BY_HAND
        if decision.kept and decision.rule is Rule.BY_HAND:
            assert any(one.verdict is Verdict.KEEP and box.overlap(one.box) >= SAME_PLACE for one in said)
    for one in said:
        best = max((box.overlap(one.box) for box in faces), default=0.0)
        if one.verdict is Verdict.BLUR:
            blurred = any(
                decision.verdict is Verdict.BLUR and box.overlap(one.box) == best >= SAME_PLACE
                for box, _, decision in after
            )
            assert blurred or one.box in found.uncovered, "what was to be blurred is"
        else:
            assert (one in found.lost) == (best < SAME_PLACE)


@given(photos, words)
def test_the_order_in_which_words_come_from_the_gallery_means_nothing(photo, said):
    faces, before = [box for box, _ in photo], [decision for _, decision in photo]

    assert overrule(faces, before, said) == overrule(faces, before, said[::-1])
