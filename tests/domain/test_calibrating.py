"""Thresholds from comparisons: what they promise holds on the data they were derived from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gallery.domain.calibrating import (
    STRANGER,
    Comparisons,
    closest,
    compare,
    defensible,
    derive,
    derive_personal,
    needed,
    require_enough,
    rounded_down,
    standing,
)
from gallery.domain.error_rates import fmr_at, least_fmr
from gallery.domain.errors import GalleryError, TooLittleData
from gallery.domain.matching import Fusion, Whitelist, candidates
from gallery.domain.models import Thresholds

DISTANCE = st.floats(0.01, 2)


@st.composite
def comparisons(draw) -> Comparisons:
    """Any distances at all, of any number of references and strangers; at least one is an impostor's."""
    count = draw(st.integers(1, 4))
    owners = [n for n in range(count) for _ in range(draw(st.integers(1, 4)))]
    owners += [STRANGER] * draw(st.integers(0 if count > 1 else 1, 6))
    shape = (len(owners), count)
    cosine, euclidean = (draw(arrays(np.float64, shape, elements=DISTANCE)) for _ in range(2))
    for row, owner in enumerate(owners):
        if owner != STRANGER and owners.count(owner) == 1:
            cosine[row, owner] = euclidean[row, owner] = math.nan
    references = np.array([n + 100 if owner != STRANGER else STRANGER for n, owner in enumerate(owners)])
    return Comparisons(tuple(f"person {n}" for n in range(count)), np.array(owners), references, cosine, euclidean)


FMR = st.floats(0.001, 0.9)
ROUNDING = 1e-9
"""By so much a count may exceed the share aimed at, so that 0.3 of 10 are 3 (see `threshold_at`)."""


def everybodys(pair) -> Thresholds:
    return Thresholds(*pair)


def own(pairs) -> dict[str, Thresholds]:
    return {name: Thresholds(*pair) for name, pair in pairs.items()}


@given(comparisons(), FMR)
def test_the_promised_rate_holds_on_the_data_it_came_from(made, fmr):
    pair = derive(made, fmr)

    counted = standing(made, everybodys(pair), {})

    assert counted.fmr.value <= fmr + ROUNDING
    for distances, threshold in zip((made.cosine, made.euclidean), pair, strict=True):
        assert fmr_at(distances[made.impostor], threshold).value <= fmr + ROUNDING


@given(comparisons(), FMR)
def test_nobodys_own_thresholds_are_looser_and_each_keeps_the_promise(made, fmr):
    pair = derive(made, fmr)

    personal = derive_personal(made, fmr, pair)

    counted = standing(made, everybodys(pair), own(personal))
    assert counted.fmr.value <= standing(made, everybodys(pair), {}).fmr.value <= fmr + ROUNDING
    for place, name in enumerate(made.names):
        mine = personal.get(name, pair)
        assert mine[0] <= pair[0]
        assert mine[1] <= pair[1]
        others = made.owners != place
        for distances, threshold in zip((made.cosine, made.euclidean), mine, strict=True):
            assert fmr_at(distances[others, place], threshold).value <= fmr + ROUNDING
    assert all(mine != pair for mine in personal.values()), "only those who need their own have them"


@given(comparisons(), FMR)
def test_thresholds_are_no_stricter_than_rounding_makes_them(made, fmr):
    cosine, _ = derive(made, fmr)

    impostors = np.sort(made.cosine[made.impostor])
    forbidden = impostors[math.floor(fmr * len(impostors) + 1e-9)]
    assert forbidden * (1 - 0.0101) <= cosine < forbidden


def whitelist(templates, owners, first=100) -> Whitelist:
    templates, owners = np.asarray(templates, np.float32), np.asarray(owners)
    names = tuple("abcdefgh"[: owners.max() + 1])
    return Whitelist(names, owners.astype(np.intp), np.arange(first, first + len(templates)), templates)


@pytest.mark.parametrize("fusion", Fusion)
def test_a_reference_is_never_compared_with_itself(fusion):
    random = np.random.default_rng(3)
    templates = random.normal(size=(9, 6)).astype(np.float32)
    owners = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    gallery = whitelist(templates, owners)

    made = compare(gallery, random.normal(size=(3, 6)).astype(np.float32), fusion)

    assert made.cosine.shape == (12, 3)
    assert (made.cosine > 1e-3).all(), "to itself a reference has no distance"
    for row, owner in enumerate(owners):
        kept = np.arange(9) != row
        without = Whitelist(gallery.names, owners[kept], gallery.references[kept], templates[kept])
        for found in candidates(templates[row : row + 1], without, 3, fusion)[0]:
            column = gallery.names.index(found.identity)
            if column != owner:
                # What is left out of the others is the probe's own reference, so nothing changes for them.
                assert made.cosine[row, column] == pytest.approx(found.cosine, rel=1e-12)
            assert made.cosine[row, column] == pytest.approx(found.cosine)
            assert made.euclidean[row, column] == pytest.approx(found.euclidean)


def one_at_a_time(gallery: Whitelist, probe, left_out: int, fusion: Fusion):
    """Each person's fused distances from the definition, without the reference in that row."""
    for place in range(len(gallery.names)):
        pairs = []
        for row in np.flatnonzero(gallery.owners == place):
            a, b = probe.astype(float), gallery.templates[row].astype(float)
            lengths = math.hypot(*a) * math.hypot(*b)
            if row != left_out:
                pairs.append((1 - a @ b / lengths if lengths else 2.0, math.dist(a, b)))
        pairs.sort(key=lambda pair: pair[0])
        used = pairs[: {Fusion.BEST: 1, Fusion.MEDIAN_OF_3: 3, Fusion.MEAN: None}[fusion]]
        middle = np.median if fusion is Fusion.MEDIAN_OF_3 else np.mean
        yield tuple(middle(np.array(used), axis=0)) if used else (math.nan, math.nan)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.integers(0, 3),
    st.integers(0, 10**6),
    st.sampled_from(Fusion),
)
def test_comparisons_agree_with_the_definition_one_pair_at_a_time(owners, doubles, seed, fusion):
    random = np.random.default_rng(seed)
    owners = np.unique(owners, return_inverse=True)[1]
    templates = random.normal(size=(len(owners), 5)) * random.uniform(0.5, 20, size=(len(owners), 1))
    for _ in range(doubles):
        templates[random.integers(len(owners))] = templates[random.integers(len(owners))]
    templates[random.integers(len(owners))] *= random.integers(0, 2)
    gallery = whitelist(templates, owners)
    strangers = random.normal(size=(3, 5)).astype(np.float32)

    made = compare(gallery, strangers, fusion)

    for row, probe in enumerate([*gallery.templates, *strangers]):
        for place, (cosine, euclidean) in enumerate(one_at_a_time(gallery, probe, row, fusion)):
            assert made.cosine[row, place] == pytest.approx(cosine, abs=1e-9, nan_ok=True)
            assert made.euclidean[row, place] == pytest.approx(euclidean, abs=1e-9, nan_ok=True)


def test_the_same_face_twice_is_at_no_distance_at_all():
    """Otherwise thresholds would be derived that tell a face from itself."""
    random = np.random.default_rng(6)
    faces = random.normal(size=(4, 128)) * 30

    made = compare(whitelist(np.concatenate([faces, faces]), [0, 1, 2, 3, 4, 5, 6, 7]), np.zeros((0, 128), np.float32))

    assert all(made.euclidean[row, (row + 4) % 8] == 0 for row in range(8))


def test_a_person_with_one_reference_has_impostors_but_nothing_genuine():
    made = compare(whitelist(np.eye(3), [0, 0, 1]), np.zeros((0, 3), np.float32))

    assert made.genuine.sum() == 2
    assert math.isnan(made.cosine[2, 1])
    assert made.impostor.sum() == 3
    assert standing(made, Thresholds(0.1, 0.1), {}).failing == (100, 101)


def test_more_probes_than_one_block(monkeypatch):
    monkeypatch.setattr("gallery.domain.calibrating.BLOCK", 2)
    random = np.random.default_rng(4)
    gallery = whitelist(random.normal(size=(5, 4)), [0, 0, 1, 1, 2])
    strangers = random.normal(size=(4, 4)).astype(np.float32)

    made = compare(gallery, strangers)

    for row, ranked in enumerate(candidates(strangers, gallery, 3)):
        expected = dict(zip(gallery.names, made.cosine[5 + row], strict=True))
        assert {c.identity: c.cosine for c in ranked} == pytest.approx(expected, rel=1e-12)


def test_more_references_make_a_stranger_match_more_often():
    """Why rates are counted per person: at one threshold per pair, ten references promise a tenth of the strangers."""
    random = np.random.default_rng(5)
    strangers = random.normal(size=(400, 8)).astype(np.float32)
    one, ten = (whitelist(random.normal(size=(n, 8)), np.zeros(n, int)) for n in (1, 10))

    few, many = (derive(compare(gallery, strangers), 0.05)[0] for gallery in (one, ten))

    assert many < few - 0.2


def test_both_thresholds_must_be_passed_and_failing_references_are_named():
    cosine = np.array([[0.2, 0.9], [0.2, 0.5], [0.7, 0.3], [0.9, 0.3], [0.1, 0.9]])
    euclidean = np.array([[0.2, 0.9], [0.8, 0.5], [0.7, 0.3], [0.9, 0.3], [0.9, 0.9]])
    made = Comparisons(
        ("a", "b"), np.array([0, 0, 1, 1, STRANGER]), np.array([1, 2, 3, 4, STRANGER]), cosine, euclidean
    )

    everybody = standing(made, Thresholds(0.5, 0.5), {})
    strict = standing(made, Thresholds(0.5, 0.5), {"b": Thresholds(0.25, 0.5)})

    assert (everybody.fmr.hits, everybody.fmr.trials) == (1, 6)
    assert (everybody.fnmr.hits, everybody.fnmr.trials) == (1, 4)
    assert (everybody.mistaken.hits, everybody.mistaken.trials) == (1, 5)
    assert everybody.failing == (2,)
    assert everybody.failing_of == {"a": 1, "b": 0}
    assert strict.failing == (2, 3, 4)
    assert strict.fmr.hits == 0


def test_people_who_resemble_somebody_get_stricter_thresholds_and_the_others_none():
    cosine = np.array([[0.3, 0.9], *([[1.0, 1.0]] * 199)])
    made = Comparisons(("like", "unlike"), np.full(200, STRANGER), np.full(200, STRANGER), cosine, cosine)

    pair = derive(made, 0.0025)
    personal = derive_personal(made, 0.0025, pair)

    assert pair == (0.899, 0.899)
    assert personal == {"like": (0.299, 0.299)}


def test_faces_that_cannot_be_told_apart_are_named():
    made = compare(whitelist([[1, 0], [0, 1]], [0, 1]), np.array([[1, 0]], np.float32))
    with pytest.raises(GalleryError, match="a stranger's face and a reference of a"):
        derive(made, 0.1)
    twins = compare(whitelist([[1, 0], [1, 0]], [0, 1]), np.zeros((0, 2), np.float32))
    with pytest.raises(GalleryError, match="reference 100 of a and a reference of b"):
        derive(twins, 0.1)


@given(st.integers(0, 10**7))
def test_the_lowest_defensible_rate_can_be_asked_for_again(count):
    least = defensible(count)

    if least is None:
        assert count <= 3
        return
    require_enough(count, least)
    assert least <= 1.11 * least_fmr(count)


@given(st.floats(1e-7, 0.99))
def test_as_many_as_are_needed_are_enough_and_one_fewer_is_not(fmr):
    count = needed(fmr)

    require_enough(count, fmr)
    if count > 3:
        with pytest.raises(TooLittleData, match=f"needs {count:,} comparisons"):
            require_enough(count - 1, fmr)


def test_no_claim_of_1e_4_from_500_comparisons():
    with pytest.raises(
        TooLittleData, match=r"FMR 1e-4 needs 30,000 comparisons .* there are 500; .* is 6e-3"
    ) as caught:
        require_enough(500, 1e-4)
    assert caught.value.least == 6e-3
    with pytest.raises(TooLittleData, match="is none at all"):
        require_enough(0, 0.5)


@given(st.floats(1e-9, 1e9))
def test_rounding_down_never_rounds_up_and_loses_little(value):
    rounded = rounded_down(value)

    assert value * (1 - (0.0011 if value >= 1 else 0.0101)) <= rounded <= value
    assert len(f"{rounded:.12g}".replace(".", "").strip("0").split("e")[0]) <= 4


@given(comparisons(), st.integers(1, 5))
def test_the_closest_strangers_come_first(made, most):
    found = closest(made, most=most)

    distances = [c.cosine for c in found]
    assert distances == sorted(made.cosine[made.impostor])[:most]
    for one in found:
        assert made.names[made.owners[one.probe]] != one.name or made.owners[one.probe] == STRANGER
    for name in made.names:
        for one in closest(made, name):
            assert one.name == name
