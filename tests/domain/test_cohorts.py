"""Normalised scores: against their definition, and what they are for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gallery.domain.cohorts import AT_ONCE, NARROWEST, Cohort, normalised
from gallery.domain.models import CohortEntry
from gallery.domain.vectors import directions

D, NEAREST = 6, 5
ENTRY = CohortEntry("made-up.npz", "c" * 64, 0, NEAREST, -3.0, 2.5, young=1.0)


def some(count: int, seed: int, dimension: int = D) -> np.ndarray:
    return directions(np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32))


def cohort(seed: int = 0, age: bool = True) -> Cohort:
    weights = np.random.default_rng(seed + 1).standard_normal(D + 1).astype(np.float32) if age else None
    return Cohort(ENTRY, some(40, seed), weights)


def plainly(made: Cohort, face: np.ndarray) -> tuple[float, float, float]:
    """The definition, one face at a time, in float64."""
    face = face.astype(np.float64) / np.linalg.norm(face)
    closest = sorted((float(face @ member) for member in made.members.astype(np.float64)), reverse=True)[:NEAREST]
    age = float("nan") if made.age is None else float(face @ made.age[:-1] + made.age[-1])
    return float(np.mean(closest)), float(np.std(closest)), age


@given(arrays(np.float32, (3, D), elements=st.floats(-2, 2, width=32)).filter(lambda v: (abs(v) > 0.1).any(1).all()))
def test_a_face_stands_to_its_nearest_members(faces):
    made = cohort()
    for row, face in zip(made.standing(faces), faces, strict=True):
        np.testing.assert_allclose(row, plainly(made, face), atol=1e-5)


def test_a_row_is_the_same_whoever_is_measured_along_with_it():
    made, faces = cohort(), some(AT_ONCE + 3, 5)
    together = made.standing(faces)
    for place in (0, AT_ONCE - 1, AT_ONCE, AT_ONCE + 2):
        np.testing.assert_allclose(made.standing(faces[place][None])[0], together[place], atol=1e-6)


def test_the_score_is_that_of_the_definition_and_the_same_both_ways():
    made, faces = cohort(), some(8, 7)
    cosine = 1 - (faces[:4].astype(np.float64) * faces[4:]).sum(axis=1)
    one, other = made.standing(faces[:4]), made.standing(faces[4:])
    expected = [
        ((1 - c - p[0]) / p[1] + (1 - c - t[0]) / t[1]) / 2
        for c, p, t in zip(cosine, *([plainly(made, f) for f in side] for side in (faces[:4], faces[4:])), strict=True)
    ]
    np.testing.assert_allclose(normalised(cosine, one, other), expected, rtol=1e-4)
    np.testing.assert_allclose(normalised(cosine, one, other), normalised(cosine, other, one))


def test_the_closer_two_faces_are_the_higher_is_their_score():
    made, faces = cohort(), some(2, 9)
    one, other = made.standing(faces[:1]), made.standing(faces[1:])
    scores = [float(normalised(np.array([cosine]), one, other)[0]) for cosine in (0.1, 0.4, 0.9, 2.0)]
    assert scores == sorted(scores, reverse=True)


def test_faces_among_many_like_them_need_to_be_closer():
    """What the score is for: two faces of a crowd are less alike than two equally close ones that stand alone."""
    crowd = directions(np.array([1, 0, 0, 0, 0, 0], np.float32) + 0.3 * some(40, 3))
    made = Cohort(ENTRY, np.concatenate([crowd, some(40, 4)]))
    inside, outside = crowd[:1], directions(np.array([[-1, 0.2, 0.1, 0, 0, 0]], np.float32))
    cosine = np.array([0.3])
    within, alone = (float(normalised(cosine, made.standing(f), made.standing(f))[0]) for f in (inside, outside))
    assert within < alone


def test_a_vector_without_direction_is_like_nobody():
    made = cohort()
    nothing = made.standing(np.zeros((1, D), np.float32))
    assert np.isfinite(nothing[0, :2]).all()
    assert normalised(np.array([2.0]), nothing, made.standing(some(1, 1)))[0] < -0.5 / NARROWEST


def test_without_ages_there_is_no_measure_of_them():
    assert np.isnan(cohort(age=False).standing(some(2, 0))[:, 2]).all()


@pytest.mark.parametrize(("members", "age"), [(some(3, 0), None), (some(40, 0)[0], None), (some(40, 0), np.zeros(3))])
def test_what_is_no_cohort_is_refused(members, age):
    with pytest.raises(ValueError, match="members"):
        Cohort(ENTRY, members, age)


def test_faces_of_another_length_are_refused():
    with pytest.raises(ValueError, match="do not fit"):
        cohort().standing(some(2, 0, dimension=4))
