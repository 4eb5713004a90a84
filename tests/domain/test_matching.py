"""Comparison scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gallery.domain.matching import Candidate, Fusion, Whitelist, candidates, cosine_distances, own_and_other

FINITE = st.floats(-100, 100, width=32)


def whitelist(templates, owners=None, names=None) -> Whitelist:
    templates = np.asarray(templates, np.float32)
    owners = np.arange(len(templates)) if owners is None else np.asarray(owners)
    names = names or tuple(f"person {i}" for i in range(owners.max() + 1))
    return Whitelist(names, owners.astype(np.intp), np.arange(100, 100 + len(templates)), templates)


@given(
    arrays(np.float32, st.tuples(st.integers(1, 5), st.just(6)), elements=FINITE),
    arrays(np.float32, st.tuples(st.integers(1, 7), st.just(6)), elements=FINITE),
)
def test_agrees_with_the_definition_one_pair_at_a_time(probes, templates):
    distances = cosine_distances(probes, whitelist(templates))

    for p, probe in enumerate(probes.astype(float)):
        for t, template in enumerate(templates.astype(float)):
            lengths = math.hypot(*probe) * math.hypot(*template)
            if min(math.hypot(*probe), math.hypot(*template)) < 1e-5:
                continue
            assert distances[p, t] == pytest.approx(1 - probe @ template / lengths, abs=2e-5)


def test_a_vector_without_direction_is_as_far_as_can_be():
    assert cosine_distances(np.zeros((1, 3), np.float32), whitelist([[1, 0, 0]]))[0, 0] == 2
    ((only,),) = candidates(np.ones((1, 3), np.float32), whitelist([[0, 0, 0]]))
    assert only.cosine == 2


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        cosine_distances(np.array([[1, bad]], np.float32), whitelist([[1, 0]]))
    with pytest.raises(ValueError, match="finite"):
        whitelist([[1, bad]])


def test_other_dimensions_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        cosine_distances(np.ones((1, 4), np.float32), whitelist([[1, 0, 0]]))


def test_the_best_reference_of_each_identity_counts():
    gallery = whitelist([[1, 0], [0, 1], [1, 1]], owners=[0, 0, 1], names=("Ada", "Grace"))

    ((first, second),) = candidates(np.array([[0.1, 1]], np.float32), gallery)

    assert (first.identity, first.reference) == ("Ada", 101)
    assert (second.identity, second.reference) == ("Grace", 102)
    assert first.cosine < second.cosine


def test_both_distances_are_to_the_same_reference():
    # The first template has the nearer direction, the second the nearer point.
    gallery = whitelist([[100, 0], [1, 0.5]], owners=[0, 0], names=("Ada",))

    ((best,),) = candidates(np.array([[1, 0]], np.float32), gallery)

    assert best.reference == 100
    assert best.cosine == 0
    assert best.euclidean == 99


def test_owners_may_come_in_any_order():
    gallery = whitelist([[1, 0], [0, 1], [1, 0.1]], owners=[1, 0, 1], names=("Ada", "Grace"))

    ((first, second),) = candidates(np.array([[1, 0.02]], np.float32), gallery)

    assert (first.identity, second.identity) == ("Grace", "Ada")
    assert first.reference == 100


def test_nobody_to_compare_with():
    assert candidates(np.ones((2, 3), np.float32), Whitelist.empty(3)) == [(), ()]
    assert candidates(np.ones((0, 3), np.float32), whitelist([[1, 0, 0]])) == []


@given(
    arrays(np.float32, (8, 5), elements=st.floats(-1, 1, width=32)), st.lists(st.integers(0, 2), min_size=8, max_size=8)
)
def test_the_candidate_is_the_overall_minimum(templates, owners):
    owners = np.unique(owners, return_inverse=True)[1]
    gallery = whitelist(templates, owners)
    probe = np.array([[0.3, -0.2, 0.9, 0.1, 0.4]], np.float32)

    (ranked,) = candidates(probe, gallery, most=3)

    assert ranked[0].cosine == pytest.approx(cosine_distances(probe, gallery).min(), abs=1e-5)
    assert len({c.identity for c in ranked}) == len(ranked) == owners.max() + 1


@given(arrays(np.float32, (2, 16), elements=st.floats(-1, 1, width=32)))
def test_on_vectors_of_length_one_both_distances_say_the_same(vectors):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if (lengths < 1e-3).any():
        return
    probe, template = vectors / lengths
    ((only,),) = candidates(probe[None], whitelist(template[None]))

    assert only.euclidean == pytest.approx(math.sqrt(2 * only.cosine), abs=1e-3)


def test_an_identity_without_template_is_refused():
    with pytest.raises(ValueError, match="no template"):
        whitelist([[1, 0]], owners=[0], names=("Ada", "Grace"))


def test_fusion_of_several_references():
    angles = np.radians([10, 20, 40, 80])
    gallery = whitelist(np.stack([np.cos(angles), np.sin(angles)], axis=1), owners=[0] * 4, names=("Ada",))
    probe = np.array([[1, 0]], np.float32)
    cosines = 1 - np.cos(angles)

    def distance(fusion: Fusion) -> float:
        ((only,),) = candidates(probe, gallery, fusion=fusion)
        assert only.reference == 100
        return only.cosine

    assert distance(Fusion.BEST) == pytest.approx(cosines[0], abs=1e-6)
    assert distance(Fusion.MEDIAN_OF_3) == pytest.approx(cosines[1], abs=1e-6)
    assert distance(Fusion.MEAN) == pytest.approx(cosines.mean(), abs=1e-6)


@given(
    arrays(np.float32, (9, 5), elements=st.floats(-1, 1, width=32)),
    st.lists(st.integers(0, 2), min_size=9, max_size=9),
    st.sampled_from(Fusion),
)
def test_fusion_ranks_identities_by_the_fused_distance(templates, owners, fusion):
    owners = np.unique(owners, return_inverse=True)[1]
    gallery = whitelist(templates, owners)
    probe = np.array([[0.3, -0.2, 0.9, 0.1, 0.4]], np.float32)
    single = cosine_distances(probe, gallery)[0]

    (ranked,) = candidates(probe, gallery, most=3, fusion=fusion)

    for candidate in ranked:
        own = np.sort(single[owners == int(candidate.identity.split()[1])])
        expected = {
            Fusion.BEST: own[0],
            Fusion.MEAN: own.mean(),
            Fusion.MEDIAN_OF_3: np.median(own[:3]),
        }[fusion]
        assert candidate.cosine == pytest.approx(expected, abs=1e-5)
    assert [c.cosine for c in ranked] == sorted(c.cosine for c in ranked)


@st.composite
def galleries(draw) -> tuple[Whitelist, np.ndarray]:
    """A whitelist with templates that repeat, or differ by less than float32 products tell, or have no direction."""
    owners = draw(st.lists(st.integers(0, 6) | st.just(0), min_size=1, max_size=60))
    owners = np.unique(owners, return_inverse=True)[1]
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    faces = random.normal(size=(draw(st.integers(1, 8)), 6))
    if draw(st.booleans()):
        faces /= np.linalg.norm(faces, axis=1, keepdims=True)
    spread = draw(st.sampled_from([0, 1e-4, 1]))
    templates, probes = (
        faces[random.integers(len(faces), size=n)] + spread * random.normal(size=(n, 6)) for n in (len(owners), 3)
    )
    templates[random.random(len(owners)) < draw(st.sampled_from([0, 0.2, 1]))] = 0
    probes[2] *= draw(st.integers(0, 1))
    return whitelist(templates, owners), probes.astype(np.float32)


def slowly(probe, gallery: Whitelist, fusion: Fusion = Fusion.BEST) -> list[Candidate]:
    """Everybody on the whitelist, from the definition, one pair at a time in float64."""
    found = []
    for place, name in enumerate(gallery.names):
        pairs = []
        for row in np.flatnonzero(gallery.owners == place):
            a, b = probe.astype(float), gallery.templates[row].astype(float)
            lengths = math.sqrt(a @ a) * math.sqrt(b @ b)
            cosine = 1 - min(1, max(-1, a @ b / lengths)) if lengths else 2.0
            pairs.append((cosine, row, math.dist(a, b)))
        pairs.sort()
        used = pairs[: {Fusion.BEST: 1, Fusion.MEDIAN_OF_3: 3, Fusion.MEAN: None}[fusion]]
        middle = np.median if fusion is Fusion.MEDIAN_OF_3 else np.mean
        cosine, euclidean = (float(middle([pair[i] for pair in used])) for i in (0, 2))
        found.append(Candidate(name, int(gallery.references[used[0][1]]), cosine, euclidean))
    return found


def same(found: Candidate | None, expected: Candidate | None) -> bool:
    if found is None or expected is None:
        return found is expected
    distances = pytest.approx((expected.cosine, expected.euclidean), abs=1e-12, rel=1e-9)
    return (found.cosine, found.euclidean) == distances


@given(galleries(), st.integers(1, 8), st.sampled_from(Fusion))
def test_candidates_are_those_of_a_slow_model(made, most, fusion):
    gallery, probes = made

    found = candidates(probes, gallery, most, fusion)

    for probe, ranked in zip(probes, found, strict=True):
        model = {c.identity: c for c in slowly(probe, gallery, fusion)}
        expected = sorted(model.values(), key=lambda c: c.cosine)[:most]
        assert len({c.identity for c in ranked}) == len(ranked) == len(expected)
        assert [c.cosine for c in ranked] == pytest.approx([c.cosine for c in expected], abs=1e-12)
        assert list(ranked) == sorted(ranked, key=lambda c: (c.cosine, c.euclidean))
        for candidate in ranked:
            assert same(candidate, model[candidate.identity])


@given(galleries(), st.integers(1, 3), st.floats(0, 2), st.sampled_from(Fusion))
def test_everybody_within_the_limit_is_reported_however_many_are_closer(made, most, within, fusion):
    gallery, probes = made

    found = candidates(probes, gallery, most, fusion, within)

    for probe, ranked in zip(probes, found, strict=True):
        expected = sorted(slowly(probe, gallery, fusion), key=lambda c: c.cosine)
        edge = [c for c in expected if abs(c.cosine - within) < 1e-9]  # rounding may put it on either side
        near = {c.identity for c in expected[:most]} | {c.identity for c in expected if c.cosine <= within}
        reported = [c.identity for c in ranked]
        assert len(set(reported)) == len(reported)
        assert [c.cosine for c in ranked[:most]] == pytest.approx([c.cosine for c in expected[:most]], abs=1e-12)
        if len({c.cosine for c in expected[: most + 1]}) == len(expected[: most + 1]) and not edge:
            assert set(reported) == near
        assert {c.identity for c in expected if c.cosine < within - 1e-9} <= set(reported)


@pytest.mark.parametrize("fusion", Fusion)
def test_among_many_people_everybody_within_the_limit_is_reported(fusion):
    random = np.random.default_rng(5)
    vectors = random.normal(size=(3000, 8))
    vectors[::150] = [1, 0, 0, 0, 0, 0, 0, 0.2]
    gallery = whitelist(vectors)

    (ranked,) = candidates(np.eye(1, 8, dtype=np.float32), gallery, 2, fusion, within=0.02)

    assert {c.identity for c in ranked} >= {f"person {n}" for n in range(0, 3000, 150)}


@given(galleries(), st.data())
def test_own_and_other_are_those_of_a_slow_model(made, data):
    gallery, probes = made
    name = data.draw(st.sampled_from([*gallery.names, "somebody else", None]))

    for probe in probes:
        own, other = own_and_other(probe, gallery, name)

        model = sorted(slowly(probe, gallery), key=lambda c: c.cosine)
        assert same(own, next((c for c in model if c.identity == name), None))
        others = [c for c in model if c.identity != name]
        assert (other is None) == (not others)
        if other is not None:
            assert other.identity != name
            assert other.cosine == pytest.approx(others[0].cosine, abs=1e-12)
            assert any(same(other, c) for c in others)


@pytest.mark.parametrize("fusion", Fusion)
def test_of_equally_close_identities_the_first_on_the_whitelist_are_reported(fusion):
    gallery = whitelist([[0, 1]] + [[1, 0.5]] * 5, owners=[0, 3, 1, 4, 2, 5])

    ((first, second),) = candidates(np.array([[1, 0.4]], np.float32), gallery, fusion=fusion)

    assert (first.identity, second.identity) == ("person 1", "person 2")


def test_of_equally_close_references_the_first_is_reported():
    gallery = whitelist([[0, 1], [1, 0.5], [1, 0.5]], owners=[0, 0, 0])

    ((only,),) = candidates(np.array([[1, 0.4]], np.float32), gallery)

    assert only.reference == 101


def test_differences_below_the_rounding_of_the_product_are_told_apart():
    """Cosine distances of 1e-9 and less, where float32 rounds to 6e-8."""
    steps = np.float32([3e-5, 1e-5, 2e-5, 4e-5])
    gallery = whitelist(np.stack([np.ones(4, np.float32), steps], axis=1))

    ((*ranked,),) = candidates(np.array([[1, 0]], np.float32), gallery, most=4)

    assert [c.identity for c in ranked] == ["person 1", "person 2", "person 0", "person 3"]


def test_the_probes_are_compared_in_blocks(monkeypatch):
    random = np.random.default_rng(1)
    gallery = whitelist(random.normal(size=(9, 4)), owners=[0, 1, 2] * 3)
    probes = random.normal(size=(7, 4)).astype(np.float32)
    at_once = candidates(probes, gallery)
    monkeypatch.setattr("gallery.domain.matching.PROBES", 3)

    assert candidates(probes, gallery) == at_once


def test_templates_of_length_one_are_not_copied():
    random = np.random.default_rng(2)
    vectors = random.normal(size=(5, 128)).astype(np.float32)

    unit = whitelist(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    raw = whitelist(vectors)

    assert unit.directions is unit.templates
    assert np.linalg.norm(raw.directions, axis=1) == pytest.approx(np.ones(5), abs=1e-6)


@pytest.mark.parametrize("fusion", Fusion)
def test_one_identity_among_many_may_have_very_many_references(fusion):
    random = np.random.default_rng(3)
    owners = np.concatenate([np.arange(20), np.zeros(700, int)])
    gallery = whitelist(random.normal(size=(720, 8)), owners)
    probe = random.normal(size=8).astype(np.float32)

    (ranked,) = candidates(probe[None], gallery, 20, fusion)

    assert all(map(same, ranked, sorted(slowly(probe, gallery, fusion), key=lambda c: c.cosine)))


@pytest.mark.parametrize(("within", "reported"), [(1.0, 2), (1.99, 2), (2.0, 5)])
def test_a_probe_without_direction_is_as_far_as_can_be_from_everybody(within, reported):
    gallery = whitelist(np.eye(5))

    (ranked,) = candidates(np.zeros((1, 5), np.float32), gallery, 2, within=within)

    assert [c.cosine for c in ranked] == [2.0] * reported
