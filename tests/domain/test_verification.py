"""The arithmetic of a list of pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.metrics import Metric
from gallery.domain.models import Thresholds
from gallery.domain.verification import (
    ImageName,
    LabelErrors,
    Pair,
    PairList,
    compare,
    cross_validated,
    most_accurate_threshold,
    operating_point,
    score,
)

LIMITS = Thresholds(0.5, 1.0)
ADA1, ADA2, BEN1, BEN2, EVE1, EVE2 = (ImageName(name, n) for name in ("Ada", "Ben", "Eve") for n in (1, 2))
PAIRS = PairList(
    (
        (Pair(ADA1, ADA2), Pair(ADA1, BEN1)),
        (Pair(BEN1, BEN2), Pair(BEN2, EVE1)),
        (Pair(EVE1, EVE2), Pair(ADA2, EVE2)),
    )
)
NOBODY_WRONG = LabelErrors().people(PAIRS.images)


def apart() -> np.ndarray:
    """Embeddings in which each person has a direction of their own."""
    rows = np.zeros((6, 4), np.float32)
    for row, image in zip(rows, PAIRS.images, strict=True):
        row["ABE".index(image.name[0])] = 1
        row[3] = 0.1 * image.number
    return rows


def test_images_are_listed_once():
    assert PAIRS.images == (ADA1, ADA2, BEN1, BEN2, EVE1, EVE2)
    assert [str(image) for image in PAIRS.images[:2]] == ["Ada_0001", "Ada_0002"]
    assert PAIRS.fold_of.tolist() == [0, 0, 1, 1, 2, 2]


def test_one_fold_is_not_enough():
    with pytest.raises(ValueError, match="two folds"):
        PairList(((Pair(ADA1, ADA2),),))


def test_people_who_are_far_apart_are_told_apart():
    found = score(apart(), NOBODY_WRONG, PAIRS, LIMITS)

    for metric in Metric:
        result = found[metric]
        assert result.accuracy.mean == 1
        assert result.accuracy.standard_error == 0
        assert (result.curve.auc, result.curve.eer) == (1, 0)
        assert result.own.fnmr.value == result.own.fmr.value == 0


def test_an_image_without_a_face_fails_every_comparison_and_is_not_dropped():
    embeddings = apart()
    embeddings[PAIRS.images.index(ADA2)] = np.nan

    result = score(embeddings, NOBODY_WRONG, PAIRS, LIMITS)[Metric.COSINE]

    assert np.isinf(result.genuine).tolist() == [True, False, False]
    assert np.isinf(result.impostors).tolist() == [False, False, True]
    assert all(point.fnmr.hits == 1 and point.fnmr.trials == 3 for point in result.points)


def test_comparisons_agree_with_the_definition():
    rng = np.random.default_rng(3)
    vectors = (20 * rng.normal(size=(5, 8))).astype(np.float32)

    found = compare(vectors, np.array([0, 2]), np.array([1, 4]), LIMITS)

    for n, (i, j) in enumerate(((0, 1), (2, 4))):
        a, b = vectors[i].astype(float), vectors[j].astype(float)
        assert found[Metric.COSINE][n] == pytest.approx(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        assert found[Metric.EUCLIDEAN][n] == pytest.approx(np.linalg.norm(a - b))


def test_two_names_of_one_person_are_no_impostors():
    errors = LabelErrors(aliases=(("Ada", "Ben"),))

    found = score(apart(), errors.people(PAIRS.images), PAIRS, LIMITS)[Metric.COSINE]

    assert (len(found.genuine), len(found.impostors)) == (3, 2)


def test_aliases_chain():
    people = LabelErrors(aliases=(("Ada", "Ben"), ("Eve", "Ben"))).people(PAIRS.images)

    assert len(set(people.tolist())) == 1


def test_aliases_of_people_who_are_not_there_do_no_harm():
    people = LabelErrors(aliases=(("Zoe", "Ada"), ("Zoe", "Ben"))).people(PAIRS.images)

    assert people[0] == people[2] != people[4]


def test_a_misnamed_image_is_left_out():
    errors = LabelErrors(misnamed=frozenset({ADA2}))

    found = score(apart(), errors.people(PAIRS.images), PAIRS, LIMITS)[Metric.COSINE]

    assert (len(found.genuine), len(found.impostors)) == (2, 2)
    assert len(errors) == 1


def test_nothing_left_to_compare():
    errors = LabelErrors(misnamed=frozenset({ADA1, BEN1, EVE1}))

    with pytest.raises(ValueError, match="needs genuine"):
        score(apart(), errors.people(PAIRS.images), PAIRS, LIMITS)


def test_of_equally_good_thresholds_the_middle_one():
    values, same = np.array([0.1, 0.2, 0.8, 0.9]), np.array([True, True, False, False])

    assert most_accurate_threshold(values, same) == pytest.approx(0.5)


def test_without_any_distance_every_threshold_is_as_good():
    assert most_accurate_threshold(np.array([math.inf]), np.array([True])) == 0


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, math.inf]), st.booleans()), min_size=1, max_size=30))
def test_no_threshold_is_more_accurate(pairs):
    values, same = (np.array(column) for column in zip(*pairs, strict=True))

    chosen = most_accurate_threshold(values, same)

    def right(threshold: float) -> int:
        return int(np.sum((values <= threshold) == same))

    assert right(chosen) == max(right(t) for t in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8))


def test_each_fold_is_tested_under_the_threshold_of_the_others():
    # Fold 0 alone would put its threshold at 0.6; the others put it at 0.3, under which fold 0 is half wrong.
    values = np.array([0.5, 0.7, 0.1, 0.5, 0.2, 0.5])
    same = np.array([True, False, True, False, True, False])
    folds = np.array([0, 0, 1, 1, 2, 2])

    found = cross_validated(values, same, folds)

    assert found.folds[0] == 0.5
    assert 0.2 < found.thresholds[0] < 0.5
    assert found.mean == pytest.approx(np.mean(found.folds))
    assert found.standard_error == pytest.approx(np.std(found.folds, ddof=1) / math.sqrt(3))


def test_too_few_impostors_for_a_rate_are_told():
    genuine, impostors = np.array([0.1]), np.linspace(0.5, 1, 400)

    assert operating_point(genuine, impostors, 1e-2).supported
    assert not operating_point(genuine, impostors, 1e-3).supported
