"""Candidates carry the normalised score of the references that their distances are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.cohorts import Cohort, normalised
from gallery.domain.growing import GrowingWhitelist
from gallery.domain.matching import Fusion, Whitelist, candidates, own_and_other
from gallery.domain.models import CohortEntry
from gallery.domain.vectors import directions

D = 6
RANDOM = np.random.default_rng(4)
COHORT = Cohort(
    CohortEntry("made-up.npz", "c" * 64, 0, 5, -3.0, 2.5, 1.0),
    directions(RANDOM.standard_normal((30, D)).astype(np.float32)),
    RANDOM.standard_normal(D + 1).astype(np.float32),
)
USED = {Fusion.BEST: 1, Fusion.MEDIAN_OF_3: 3, Fusion.MEAN: None}


def gallery(seed: int, people: int = 5, each: int = 3, raw: bool = False) -> Whitelist:
    random = np.random.default_rng(seed)
    templates = random.standard_normal((people * each, D)).astype(np.float32)
    templates = templates if raw else directions(templates)
    owners = np.repeat(np.arange(people), each)
    names = tuple(f"person {n}" for n in range(people))
    return Whitelist(
        names, owners, np.arange(len(owners)), templates, cohort=COHORT, standing=COHORT.standing(templates)
    )


def plainly(probe: np.ndarray, people: Whitelist, name: str, fusion: Fusion) -> tuple[float, float]:
    """Score and age by the definition, from all of a person's references."""
    rows = people.groups.rows(people.places[name])
    one, others = probe / np.linalg.norm(probe), directions(people.templates)[rows]
    cosine = 1 - others.astype(np.float64) @ one.astype(np.float64)
    used = np.argsort(cosine, kind="stable")[: USED[fusion]]
    mine = COHORT.standing(probe[None])
    scores = normalised(cosine[used], mine, people.standing[rows[used]])
    middle = np.median if fusion is Fusion.MEDIAN_OF_3 else np.mean
    return float(middle(scores)), float(min(mine[0, 2], people.standing[rows[used[0]], 2]))


@given(st.integers(0, 200), st.sampled_from(list(Fusion)), st.booleans())
def test_scores_are_those_of_the_definition(seed, fusion, raw):
    people = gallery(seed, raw=raw)
    probes = np.random.default_rng(seed + 1).standard_normal((3, D)).astype(np.float32)
    for probe, ranked in zip(probes, candidates(probes, people, 5, fusion), strict=True):
        for one in ranked:
            score, age = plainly(probe, people, one.identity, fusion)
            assert one.normalised == pytest.approx(score, rel=1e-3, abs=1e-3)
            assert one.age == pytest.approx(age, abs=1e-4)


@given(st.integers(0, 100))
def test_a_cohort_changes_neither_the_distances_nor_their_order(seed):
    people = gallery(seed)
    without = replace(people, cohort=None, standing=None)
    probes = np.random.default_rng(seed + 1).standard_normal((3, D)).astype(np.float32)
    plain = candidates(probes, without)
    assert all(one.normalised is None and one.age is None for ranked in plain for one in ranked)
    stripped = [
        tuple(replace(one, normalised=None, age=None) for one in ranked) for ranked in candidates(probes, people)
    ]
    assert stripped == plain


def test_a_cohort_without_ages_measures_none():
    ageless = replace(COHORT, age=None)
    people = gallery(1)
    people = replace(people, cohort=ageless, standing=ageless.standing(people.templates))
    (ranked,) = candidates(people.templates[:1], people)
    assert ranked[0].age is None
    assert ranked[0].normalised is not None


def test_templates_that_are_added_have_scores_too():
    people = gallery(3)
    growing = GrowingWhitelist(people)
    new = directions(np.random.default_rng(9).standard_normal((1, D)).astype(np.float32))[0]
    growing.add("person 2", 99, new)
    own, _ = growing.own_and_other(new, "person 2")
    whole = growing.whitelist()
    assert own.reference == 99
    np.testing.assert_allclose(whole.standing, COHORT.standing(whole.templates), rtol=1e-5)
    assert own == own_and_other(new, whole, "person 2")[0]


def test_standing_without_a_cohort_or_of_too_few_is_refused():
    people = gallery(3)
    with pytest.raises(ValueError, match="cohort"):
        replace(people, cohort=None)
    with pytest.raises(ValueError, match="cohort"):
        replace(people, standing=people.standing[:2])
