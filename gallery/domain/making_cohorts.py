"""Makes a cohort of a set of faces, each of another person, and measures what scores strangers reach.

The faces are grouped by likeness; members are drawn at random from a normal distribution about a group's mean. The
distributions have the spread that the faces of all groups have about their means, so that a member is as far from every
face as strangers are from each other, and a group is of several faces, so that none can be told from its mean. What is
drawn near a face is drawn again: no member is anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from gallery.domain.cohorts import Cohort, normalised
from gallery.domain.errors import BadArgument
from gallery.domain.faces import Embeddings
from gallery.domain.grouping import Rows
from gallery.domain.models import CohortEntry
from gallery.domain.vectors import directions

GROUPS = 64
"""Groups of likeness that members are drawn about. From 16 to 128 the rates are the same."""
LEAST = 10
"""Faces of a group at least; smaller groups are dissolved."""
MEMBERS, NEAREST = 2000, 160
"""Members, and how many of them a face is measured against. Twice as many change nothing, half as many tell a little
less (FairFace's first half, cross-validated)."""
NEAREST_FACE = 0.55
"""The largest similarity of a member to a face that the cohort is made of. Of FairFace's faces, one in twenty has a
stranger that is more alike."""
DRAWS = 50
"""How often what is too near a face is drawn again, before it is left out."""
STEPS = 30
"""Rounds of k-means."""
ALIKE = 8
"""Groups of likeness within which strangers are compared: as often taken for each other as faces of the same age, sex
and origin, and as children aged 3–9 (FairFace)."""
ROUNDS = 24
"""How often a quarter of the faces is held out, for strangers to be compared under a cohort of the others."""
QUANTILES = (5e-2, 5e-3)
"""The shares of comparisons at which the normal distribution is fitted. Beyond 1e-3, sets of portraits hold some people
twice, whose scores are no strangers'."""
WEIGHTS_OF_AGE = 5.0
"""Ridge penalty on the weights of age."""
AGES = {"0-2": (0.0, 8.0), "3-9": (1.0, 2.0), "10-19": (1.5, 2.0)}
"""For ages as FairFace writes them the measure, and how much a face of it counts; few are so young."""
ADULT = (2.0, 1.0)
LEVELS = 127
"""Largest whole number that a value is stored as."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A cohort as it is stored, and what scores strangers reach under it.

    Attributes:
        members: `(M, D) int8`, up to a common factor.
        age: `(D + 1,) float32`; None where no ages were given.
        mean: Of the normal distribution that the scores of strangers who look alike have in its upper part.
        deviation: Its standard deviation.
        faces: How many faces it was made of.
    """

    members: NDArray[np.int8]
    age: NDArray[np.float32] | None
    mean: float
    deviation: float
    faces: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A cohort's file.

    Attributes:
        path: Where it lies.
        sha256: Of it.
        size: Of it, in bytes.
    """

    path: Path
    sha256: str
    size: int


def make(embeddings: Embeddings, ages: list[str] | None = None, seed: int = 0) -> Made:
    """Makes a cohort.

    Args:
        embeddings: `(N, D) float32`, each of another person.
        ages: Of each, as FairFace writes them; None where they are not known.
        seed: Of all that is drawn.

    Raises:
        BadArgument: If there are too few faces.
    """
    faces = directions(embeddings).astype(np.float64)
    if len(faces) < 4 * ALIKE * LEAST:
        raise BadArgument(
            f"A cohort needs {4 * ALIKE * LEAST} faces of different people or more, not {len(faces)}.",
            "Add faces; a thousand or more of all ages and origins are right.",
        )
    mean, deviation = _strangers(faces, seed)
    age = None if ages is None else _weights_of_age(faces, ages)
    return Made(_drawn(faces, seed), age, mean, deviation, len(faces))


def unpacked(members: NDArray[np.int8]) -> Embeddings:
    """Members as they are compared: `(M, D) float32` of length one."""
    return directions(members.astype(np.float32))


def _drawn(faces: NDArray[np.float64], seed: int) -> NDArray[np.int8]:
    """`(M, D) int8` members drawn about the means of groups."""
    random = np.random.default_rng(seed)
    groups = grouped(faces, GROUPS, random)
    count = np.bincount(groups)
    means = np.stack([faces[groups == group].mean(axis=0) for group in range(len(count))])
    about = faces - means[groups]
    spread = about.T @ about / max(1, len(faces) - len(count)) + 1e-9 * np.eye(faces.shape[1])
    picked, root = random.choice(len(count), MEMBERS, p=count / len(faces)), np.linalg.cholesky(spread).T
    drawn, near = np.empty((MEMBERS, faces.shape[1])), np.arange(MEMBERS)
    for _ in range(DRAWS):
        drawn[near] = means[picked[near]] + random.standard_normal((len(near), faces.shape[1])) @ root
        drawn[near] /= np.linalg.norm(drawn[near], axis=1, keepdims=True)
        near = near[(drawn[near] @ faces.T).max(axis=1) > NEAREST_FACE]
    drawn = np.delete(drawn, near, axis=0)
    return np.asarray(np.round(drawn / np.abs(drawn).max() * LEVELS), np.int8)


def grouped(faces: NDArray[np.float64], groups: int, random: np.random.Generator, least: int = LEAST) -> Rows:
    """`(N,)` of each face the number of its group, by k-means of directions; groups of fewer than `least` dissolved."""
    centres = faces[random.choice(len(faces), min(groups, len(faces)), replace=False)]
    for _ in range(STEPS):
        nearest = (faces @ centres.T).argmax(axis=1)
        centres = np.stack([faces[nearest == group].sum(axis=0) for group in np.unique(nearest)])
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    while True:
        nearest = (faces @ centres.T).argmax(axis=1)
        count = np.bincount(nearest, minlength=len(centres))
        if count.min() >= least or len(centres) == 1:
            return np.asarray(nearest, np.intp)
        centres = np.delete(centres, count.argmin(), axis=0)


def _strangers(faces: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Mean and deviation of the normal distribution of the scores of strangers who look alike, cross-validated."""
    random = np.random.default_rng(seed)
    found = np.sort(np.concatenate([scores for _ in range(ROUNDS) for scores in _held_out(faces, random)]))
    scores = [float(found[-max(1, int(share * len(found)))]) for share in QUANTILES]
    normal = [-NormalDist().inv_cdf(share) for share in QUANTILES]
    deviation = (scores[1] - scores[0]) / (normal[1] - normal[0])
    return scores[0] - normal[0] * deviation, deviation


def _held_out(faces: NDArray[np.float64], random: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """The scores of pairs of alike faces that a cohort was not made of."""
    order = random.permutation(len(faces))
    out, rest = faces[order[: len(faces) // 4]], faces[order[len(faces) // 4 :]]
    entry = CohortEntry("", "0" * 64, 0, NEAREST, 0.0, 1.0)
    cohort = Cohort(entry, unpacked(_drawn(rest, int(random.integers(2**31)))))
    standing = cohort.standing(out.astype(np.float32))
    groups = grouped(out, ALIKE, random, least=1)
    for group in np.unique(groups):
        (rows,) = np.nonzero(groups == group)
        one, other = (rows[side] for side in np.triu_indices(len(rows), 1))
        yield normalised(1 - (out[one] * out[other]).sum(axis=1), standing[one], standing[other])


def _weights_of_age(faces: NDArray[np.float64], ages: list[str]) -> NDArray[np.float32]:
    """`(D + 1,)` weights by ridge regression of the measure of age."""
    measure, counts = np.array([AGES.get(age, ADULT) for age in ages]).T
    values = np.column_stack([faces, np.ones(len(faces))])
    penalty = WEIGHTS_OF_AGE * np.diag(np.append(np.ones(faces.shape[1]), 0))
    weighted = values * counts[:, None]
    return np.asarray(np.linalg.solve(weighted.T @ values + penalty, weighted.T @ measure), np.float32)
