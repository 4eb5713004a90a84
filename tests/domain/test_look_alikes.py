"""People who are closer to each other than the limits allow, against all pairs one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain import look_alikes as module
from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Policy
from gallery.domain.look_alikes import look_alikes
from gallery.domain.matching import Whitelist, candidates
from gallery.domain.models import CohortEntry, Floors, Thresholds
from gallery.domain.score_limits import ScoreLimits
from gallery.domain.vectors import directions

D = 5
ENTRY = CohortEntry("made-up.npz", "c" * 64, 0, 5, -3.0, 2.5)
COHORT = Cohort(ENTRY, directions(np.random.default_rng(1).standard_normal((30, D)).astype(np.float32)))


def gallery(seed: int, people: int = 6, each: int = 2, cohort: Cohort | None = COHORT) -> Whitelist:
    random = np.random.default_rng(seed)
    templates = directions(random.standard_normal((people * each, D)).astype(np.float32))
    owners = np.repeat(np.arange(people), each)
    standing = None if cohort is None else cohort.standing(templates)
    names = tuple(f"person {n}" for n in range(people))
    return Whitelist(names, owners, np.arange(len(owners)), templates, cohort=cohort, standing=standing)


def policy(lax: float | None, cosine: float = 0.5) -> Policy:
    scores = None if lax is None else ScoreLimits(lax + 2, lax, 1e-3, 1e-4, 12, 6, "c" * 64)
    return Policy(Thresholds(cosine, 2.0), Floors(0, 0), scores=scores)


@given(st.integers(0, 300), st.sampled_from([None, 0.0, 1.5]), st.floats(0.1, 1.5))
def test_they_are_those_whose_references_match_each_other(seed, lax, cosine):
    people = gallery(seed)
    found = look_alikes(people, policy(lax, cosine))
    expected = set()
    for row, template in enumerate(people.templates):
        name = people.names[people.owners[row]]
        for one in candidates(template[None], people, most=6)[0]:
            high = lax is None or one.normalised >= lax
            if one.identity != name and one.cosine <= cosine and high:
                expected.add(frozenset((name, one.identity)))
    # a person's closest reference by cosine need not be the one with the highest score
    assert expected <= found
    if lax is None:
        assert found == expected


@pytest.mark.parametrize("at_once", [1, 3])
def test_they_are_the_same_however_many_are_compared_at_once(monkeypatch, at_once):
    before = look_alikes(gallery(7), policy(0.0, 0.8))
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    assert look_alikes(gallery(7), policy(0.0, 0.8)) == before != frozenset()


def test_a_very_large_gallery_is_not_compared(monkeypatch):
    monkeypatch.setattr(module, "MOST", 11)
    assert look_alikes(gallery(7), policy(None, 1.9)) == frozenset()


def test_nobody_looks_like_themselves():
    assert look_alikes(gallery(3, people=1, each=6), policy(None, 2.0)) == frozenset()
