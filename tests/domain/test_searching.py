"""The search in blocks, against looking at all similarities at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.matching import Fusion, Whitelist, candidates
from gallery.domain.searching import SLACK, Searched, Steps, Wanted, near
from gallery.domain.vectors import directions, factors, pair_distances


@st.composite
def searches(draw):
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    people, probes, dimension = draw(st.integers(3, 30)), draw(st.integers(1, 5)), draw(st.integers(1, 6))
    owners = np.concatenate([np.arange(people), random.integers(0, people, draw(st.integers(0, 90)))])
    random.shuffle(owners)
    # Few different values, so that many are equally close; some vectors are zeros.
    vectors = random.integers(-1, 2, (len(owners), dimension)).astype(np.float32) * np.float32(draw(st.floats(0.5, 9)))
    if draw(st.booleans()):
        vectors = random.normal(size=vectors.shape).astype(np.float32)
    towards = directions(random.normal(size=(probes, dimension)).astype(np.float32))
    return (
        vectors,
        owners,
        towards,
        draw(st.integers(1, people - 1)),
        Steps(draw(st.integers(1, 9)), draw(st.integers(1, 40))),
    )


def fused_at_once(vectors, owners, probe, second):
    """The similarity of each identity, from all of them."""
    cosine, _ = pair_distances(probe[None], np.zeros(len(vectors), int), vectors, np.arange(len(vectors)))
    found = []
    for person in range(owners.max() + 1):
        values = np.sort(1 - cosine[owners == person])[::-1]
        found.append(np.median(values[:3]) if second else values[0])
    return np.array(found)


@given(searches(), st.booleans())
def test_whoever_is_among_the_closest_is_found_whatever_the_blocks(search, second):
    vectors, owners, probes, most, steps = search
    searched = Searched(vectors, factors(vectors), owners, np.bincount(owners))

    found = near(searched, probes, Wanted(most), second, steps)

    hopeful = [(int(found.probes[start]), int(owners[found.rows[start]])) for start in found.starts[found.hopeful]]
    assert len(set(hopeful)) == len(hopeful)
    for number, probe in enumerate(probes):
        fused = fused_at_once(vectors, owners, probe, second)
        bound = np.sort(fused)[-most]
        assert set(np.flatnonzero(fused >= bound)) <= {person for one, person in hopeful if one == number}


@given(searches(), st.booleans(), st.floats(-1, 1))
def test_whoever_is_similar_enough_is_found_however_many_are_closer(search, second, enough):
    vectors, owners, probes, most, steps = search
    searched = Searched(vectors, factors(vectors), owners, np.bincount(owners))

    found = near(searched, probes, Wanted(most, enough), second, steps)

    hopeful = {(int(found.probes[start]), int(owners[found.rows[start]])) for start in found.starts[found.hopeful]}
    for number, probe in enumerate(probes):
        fused = fused_at_once(vectors, owners, probe, second)
        assert {(number, int(person)) for person in np.flatnonzero(fused >= enough)} <= hopeful


@given(searches())
def test_few_others_are(search):
    vectors, owners, probes, most, steps = search
    searched = Searched(vectors, factors(vectors), owners, np.bincount(owners))

    found = near(searched, probes, Wanted(most), second=False, steps=steps)

    for start in found.starts[found.hopeful]:
        probe = int(found.probes[start])
        fused = fused_at_once(vectors, owners, probes[probe], second=False)
        assert fused[owners[found.rows[start]]] >= np.sort(fused)[-most] - 2 * SLACK


@pytest.mark.parametrize("fusion", Fusion)
@pytest.mark.parametrize("unit", [True, False])
def test_more_templates_than_one_block_holds(fusion, unit):
    random = np.random.default_rng(4)
    vectors = random.normal(size=(70_000, 4)).astype(np.float32)
    owners = np.concatenate([np.arange(9000), random.integers(0, 9000, 61_000)])
    if unit:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    probes = random.normal(size=(3, 4)).astype(np.float32)
    gallery = Whitelist(tuple(map(str, range(9000))), owners, np.arange(70_000), vectors)

    found = candidates(probes, gallery, 2, fusion)

    for probe, ranked in zip(probes, found, strict=True):
        cosine, _ = pair_distances(probe[None], np.zeros(len(vectors), int), vectors, np.arange(len(vectors)))
        order = np.lexsort((cosine, owners))
        people = np.split(cosine[order], np.cumsum(np.bincount(owners))[:-1])
        middle = {Fusion.BEST: np.min, Fusion.MEAN: np.mean, Fusion.MEDIAN_OF_3: lambda c: np.median(c[:3])}[fusion]
        fused = np.array([middle(mine) for mine in people])
        assert [candidate.identity for candidate in ranked] == [str(n) for n in np.argsort(fused)[:2]]
        assert [candidate.cosine for candidate in ranked] == pytest.approx(np.sort(fused)[:2])
