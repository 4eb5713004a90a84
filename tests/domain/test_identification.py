"""Open-set identification: who counts as what, and what each rule is worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gallery.domain.deciding import Policy
from gallery.domain.error_rates import wilson
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.identification import (
    Probe,
    Role,
    Tally,
    mistakes,
    pooled,
    rule_sets,
    sweep,
    tally,
    trials,
    whitelist,
)
from gallery.domain.matching import Fusion, candidates
from gallery.domain.models import Floors, Thresholds

POLICY = Policy(Thresholds(0.5, 1.0, "a test"), Floors(10, 5.0), grey_band=0.1, min_margin=0.02)
GOOD = Quality(50, 100.0, as_meant=True)


def face(*values: float, quality: Quality = GOOD, x: int = 0) -> Face:
    vector = np.array(values, np.float32)
    return Face(Detection(Box(x, 0, 20, 20), 0.9), quality, vector / np.linalg.norm(vector))


ADA, BEN = face(1, 0, 0), face(0, 1, 0)
GALLERY = {"Ada": [ADA], "Ben": [BEN]}


def probe(*faces: tuple[Face, str | None], unlabelled: tuple[Face, ...] = ()) -> Probe:
    everyone = tuple(f for f, _ in faces) + unlabelled
    names = tuple(name for _, name in faces) + (None,) * len(unlabelled)
    return Probe("photo", everyone, names, (True,) * len(faces) + (False,) * len(unlabelled))


def made(*probes: Probe):
    return trials(probes, GALLERY)


def test_each_face_counts_once_in_each_role():
    found = made(probe((face(1, 0.1, 0), "Ada"), (face(0, 0, 1), None)))

    everybody, without_ada = found
    assert everybody.roles == (Role.MATED, Role.NON_MATED)
    assert without_ada.roles == (Role.NON_MATED, Role.UNCOUNTED)
    assert {c.identity for ranked in without_ada.found for c in ranked} == {"Ben"}
    counted = tally(found, POLICY)
    assert (counted.fpir.trials, counted.fnir.trials) == (2, 1)


def test_somebody_named_who_is_not_enrolled_is_a_stranger():
    (only,) = made(probe((face(0, 0, 1), "Zoe")))

    assert only.roles == (Role.NON_MATED,)


def test_faces_without_a_label_count_nowhere_but_take_part():
    twin = face(1, 0, 0)
    (everybody, _) = made(probe((face(1, 0.3, 0), "Ada"), unlabelled=(twin,)))

    assert everybody.roles == (Role.MATED, Role.UNCOUNTED)
    counted = tally([everybody], POLICY)
    assert counted.fnir.hits == 1  # the unlabelled face matches Ada better
    assert counted.fpir.trials == 0


def test_a_photo_without_labels_is_passed_over():
    assert made(probe(unlabelled=(ADA,)), Probe("empty", (), (), ())) == []


def test_kept_under_another_name_is_a_miss():
    counted = tally(made(probe((face(0, 1, 0), "Ada"))), POLICY)

    assert counted.fnir.hits == 1
    assert counted.misnamed == 1
    assert counted.fpir.hits == 1  # without Ada, her face is still taken for Ben's


def test_every_mistake_is_named():
    found = mistakes(made(probe((face(0, 1, 0), "Ada"), (face(0.1, 0, 1), None))), POLICY)

    assert [(m.name, m.enrolled, m.kept_as) for m in found] == [("Ada", True, "Ben"), ("Ada", False, "Ben")]


def test_rules_are_added_one_by_one_and_taken_away_one_by_one():
    assert [rules.label for rules in rule_sets(POLICY)] == [
        "thresholds only",
        "+ quality floor",
        "+ once per photo",
        "+ margin to next",
        "+ grey band",
        "all but quality floor",
        "all but once per photo",
        "all but margin to next",
    ]


def test_rules_that_are_not_used_are_passed_over():
    plain = Policy(POLICY.thresholds, POLICY.floors, once_per_photo=False)

    assert [rules.label for rules in rule_sets(plain)] == ["thresholds only", "+ quality floor"]


BLURRED = face(1, 0.1, 0, quality=Quality(50, 1.0, as_meant=True))
UNALIGNED = face(1, 0.1, 0, quality=Quality(50, 100.0, as_meant=False))
LOOKALIKE = (face(1, 0.2, 0), face(1, 0.5, 0))
BETWEEN = face(1, 0.98, 0)
JUST = face(1, 0, 1.65)  # cosine distance 0.48, in the grey band from 0.45 to 0.5


@pytest.mark.parametrize(
    ("photo", "rule"),
    [
        (probe((BLURRED, "Ada")), "+ quality floor"),
        (probe((UNALIGNED, "Ada")), "+ quality floor"),
        (probe((LOOKALIKE[1], "Ada"), unlabelled=(LOOKALIKE[0],)), "+ once per photo"),
        (probe((BETWEEN, "Ada")), "+ margin to next"),
        (probe((JUST, "Ada")), "+ grey band"),
    ],
)
def test_each_rule_blurs_what_it_is_for(photo, rule):
    everybody = made(photo)[:1]

    missed = {rules.label: rules.tally(everybody).fnir.hits for rules in rule_sets(POLICY)}

    before = list(missed)[: list(missed).index(rule)]
    assert [missed[label] for label in before] == [0] * len(before)
    assert missed[rule] == 1
    assert missed.get(rule.replace("+", "all but"), 0) == 0


def test_who_waits_for_a_word_is_counted():
    assert tally(made(probe((JUST, "Ada"))), POLICY).waiting == 1


def test_the_sweep_goes_from_nobody_to_everybody():
    found = made(probe((face(1, 0.5, 0.5), "Ada"), (face(0.6, 0.2, 1), None)))

    points = sweep(found, POLICY, (0.1, 1.0, 2.5))

    assert [p.bare.fnir.hits for p in points] == [1, 0, 0]
    assert points[0].bare.fpir.hits == 0
    assert points[-1].bare.fpir.value > 0
    assert points[1].full == tally(found, POLICY)
    assert points[1].thresholds.cosine == POLICY.thresholds.cosine
    assert points[0].thresholds.euclidean == pytest.approx(math.sqrt(0.1))


def test_fusion_is_passed_on():
    gallery = {"Ada": [face(1, 0, 0), face(0, 0, 1)], "Ben": [BEN]}
    photo = probe((face(1, 0, 0), "Ada"))

    best = trials([photo], gallery)[0].found[0][0].cosine
    mean = trials([photo], gallery, Fusion.MEAN)[0].found[0][0].cosine

    assert best == pytest.approx(0, abs=1e-6)
    assert mean == pytest.approx(0.5, abs=1e-6)


def test_repeats_add_counts_but_no_confidence():
    one, other = (Tally(wilson(hits, 100), wilson(5, 50), hits, 2) for hits in (0, 1))

    both = pooled([one, other])

    assert (both.fpir.hits, both.fpir.trials) == (1, 200)
    assert (both.fpir.low, both.fpir.high) == (wilson(0, 100).low, wilson(1, 100).high)
    assert (both.fnir.low, both.fnir.high) == (wilson(5, 50).low, wilson(5, 50).high)
    assert pooled([one]) == one


def test_names_and_faces_must_fit():
    with pytest.raises(ValueError, match="1 faces"):
        Probe("photo", (ADA,), (), ())


@pytest.mark.parametrize("fusion", Fusion)
def test_leaving_somebody_out_is_the_same_as_never_enrolling_them(fusion):
    rng = np.random.default_rng(4)
    people = {name: [face(*rng.normal(size=3)) for _ in range(4)] for name in ("Ada", "Ben", "Cy", "Eve")}
    photo = probe(*((face(*rng.normal(size=3)), name) for name in people))

    left_out = trials([photo], people, fusion)[1:]

    for name, trial in zip(people, left_out, strict=True):
        others = {other: faces for other, faces in people.items() if other != name}
        embeddings = np.stack([f.embedding for f in photo.faces])
        never = candidates(embeddings, whitelist(others), fusion=fusion, within=math.inf)
        for found, expected in zip(trial.found, never, strict=True):
            assert [(c.identity, c.cosine) for c in found] == [(c.identity, c.cosine) for c in expected]
