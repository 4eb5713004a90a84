"""Cohorts are made of groups, hold nobody's face, and know what scores strangers reach."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from gallery.domain import making_cohorts
from gallery.domain.cohorts import Cohort, normalised
from gallery.domain.errors import BadArgument
from gallery.domain.making_cohorts import ADULT, ALIKE, LEAST, grouped, make, unpacked
from gallery.domain.models import CohortEntry
from gallery.domain.vectors import directions

D, MEMBERS, NEAREST = 24, 500, 40


def people(count: int = 640, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Faces of 8 origins; the children among them are nearer to each other than adults are."""
    random = np.random.default_rng(seed)
    origins = np.repeat(np.random.default_rng(99).standard_normal((8, D)), count // 8, axis=0)
    child = np.arange(count) % 4 == 0
    spread = np.where(child, 0.5, 0.9)[:, None]
    young = 1.5 * np.eye(D)[0] * child[:, None]
    return directions((origins + young + spread * random.standard_normal((count, D))).astype(np.float32)), [
        "3-9" if one else "30-39" for one in child
    ]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A cohort that is made in no time, in so few dimensions that all faces are much alike."""
    for name, value in (("MEMBERS", MEMBERS), ("NEAREST", NEAREST), ("ROUNDS", 4), ("NEAREST_FACE", 0.9)):
        monkeypatch.setattr(making_cohorts, name, value)


@pytest.fixture
def made(small):
    faces, ages = people()
    return make(faces, ages, seed=1)


def test_it_is_made_alike_from_the_same_faces_and_seed(made):
    faces, ages = people()
    again, other = make(faces, ages, seed=1), make(faces, ages, seed=2)
    assert (again.members == made.members).all()
    assert (again.mean, again.deviation) == (made.mean, made.deviation)
    assert not (other.members == made.members).all()


def test_no_member_is_nearer_to_any_face_than_different_people_are_to_each_other(made):
    faces, _ = people()
    similarity = faces @ faces.T
    np.fill_diagonal(similarity, -1)
    assert (unpacked(made.members) @ faces.T).max() < similarity.max()


def test_members_are_of_length_one_and_as_many_as_they_should_be(made):
    assert made.members.shape == (MEMBERS, D)
    assert made.members.dtype == np.int8
    np.testing.assert_allclose(np.linalg.norm(unpacked(made.members), axis=1), 1, atol=1e-6)
    assert made.faces == 640


def test_what_strangers_reach_is_foretold_for_other_faces_of_the_same_kind(made):
    """At the score that 1 in 1,000 alike strangers is to reach, about as many do among faces that had no part."""
    faces, _ = people(seed=5)
    random = np.random.default_rng(0)
    cohort = Cohort(CohortEntry("", "0" * 64, 0, NEAREST, made.mean, made.deviation), unpacked(made.members))
    standing = cohort.standing(faces)
    groups = grouped(faces.astype(np.float64), ALIKE, random, least=1)
    one, other = np.triu_indices(len(faces), 1)
    alike = groups[one] == groups[other]
    one, other = one[alike], other[alike]
    scores = normalised(1 - (faces[one].astype(np.float64) * faces[other]).sum(axis=1), standing[one], standing[other])
    limit = NormalDist(made.mean, made.deviation).inv_cdf(1 - 1e-3)
    assert 1e-4 < (scores >= limit).mean() < 1e-2


def test_ages_are_told_apart_on_other_faces(made):
    faces, ages = people(seed=3)
    cohort = Cohort(CohortEntry("", "0" * 64, 0, NEAREST, 0, 1), unpacked(made.members), made.age)
    measured = cohort.standing(faces)[:, 2]
    child = np.array([age == "3-9" for age in ages])
    assert measured[child].mean() < 1.4 < measured[~child].mean() <= ADULT[0] + 0.3


def test_without_ages_none_are_measured():
    faces, _ = people()
    assert make(faces).age is None


def test_groups_are_of_several_faces():
    faces, _ = people(200)
    count = np.bincount(grouped(faces.astype(np.float64), 64, np.random.default_rng(0)))
    assert count.min() >= LEAST
    assert count.sum() == 200


def test_too_few_faces_make_no_cohort():
    with pytest.raises(BadArgument, match="320 faces of different people or more, not 100"):
        make(people()[0][:100])
