"""The shortlist of a large gallery, on a small one."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.adapters.shortlist import NEAREST, UsearchShortlist
from gallery.domain.matching import Whitelist, candidates, candidates_if_near


def made(vectors) -> Whitelist:
    count = len(vectors)
    return Whitelist(tuple(map(str, range(count))), np.arange(count), np.arange(count), np.asarray(vectors, np.float32))


@pytest.mark.parametrize("unit", [True, False])
def test_it_names_the_nearest(unit):
    random = np.random.default_rng(1)
    vectors = random.normal(size=(2000, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) if unit else 0.1
    probes = vectors[::100] / np.linalg.norm(vectors[::100], axis=1, keepdims=True)

    found = UsearchShortlist(made(vectors)).nearest(probes)

    assert [len(rows) for rows in found] == [NEAREST] * 20
    assert [rows[0] for rows in found] == list(range(0, 2000, 100))


def test_few_templates_and_some_without_direction():
    shortlist = UsearchShortlist(made([[0, 0], [3, 4], [0, 0]]))
    nothing = UsearchShortlist(made([[0, 0]]))

    assert [rows.tolist() for rows in shortlist.nearest(np.float32([[1, 0], [0, 1]]))] == [[1], [1]]
    assert [rows.tolist() for rows in nothing.nearest(np.float32([[1, 0]]))] == [[]]


def test_with_it_photos_of_strangers_and_of_people_are_decided_as_without():
    random = np.random.default_rng(2)
    vectors = random.normal(size=(3000, 32)).astype(np.float32)
    plain = made(vectors)
    listed = Whitelist(plain.names, plain.owners, plain.references, vectors, shortlist=UsearchShortlist(plain))
    strangers = random.normal(size=(5, 32)).astype(np.float32)
    with_one = np.concatenate([strangers, vectors[7:8] + np.float32(0.1)])

    assert candidates_if_near(with_one, listed, 0.2) == candidates(with_one, plain)
    everybody = candidates(strangers, plain, 3000)
    for named, exact in zip(candidates_if_near(strangers, listed, 0.2), everybody, strict=True):
        assert set(named) <= set(exact), "whoever is named is compared exactly"
        assert exact[0].cosine > 0.2
