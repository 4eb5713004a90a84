"""The normalised score: how alike two faces are beside what is usual for faces like theirs.

A model finds children, or people of one origin, more alike than LFW's celebrities, so that one cosine distance lets in
far more strangers among them. The adaptive symmetric normalisation of speaker recognition ("adaptive S-norm", Matějka
et al. 2017, "Analysis of score normalization in multilingual speaker recognition") measures each face against a cohort:

    score = ½ ((s - m₁) / d₁ + (s - m₂) / d₂)

with the cosine similarity s of the two faces, and the mean m and standard deviation d of each face's similarities to
those of the cohort that it is most alike. The cohort is synthetic: it holds nobody's face (see
`gallery.domain.making_cohorts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import Embeddings
from gallery.domain.models import CohortEntry
from gallery.domain.vectors import directions

AT_ONCE = 512
"""Faces compared with the cohort at once: with 2,000 members their similarities are 4 MB."""
NARROWEST = 1e-3
"""Least standard deviation that a similarity is divided by. Faces have 0.02 or more; only a vector without direction
has none."""
AGELESS = np.float32(np.nan)
"""The measure of age where a cohort has none."""

Standing = NDArray[np.float32]
"""`(N, 3) float32`: of each face the mean and the standard deviation of its similarities to those of the cohort that it
is most alike, and the measure of its age (NaN where the cohort has none)."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """What faces are measured against.

    Attributes:
        entry: What the registry says of it.
        members: `(M, D) float32` of length one.
        age: `(D + 1,) float32` weights of a face's values and a constant, which add up to the measure of its age: 0 for
            0–2 years, 1 for 3–9, 1.5 for 10–19, 2 for adults. None where the cohort was made of faces without ages.
    """

    entry: CohortEntry
    members: Embeddings
    age: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.members.ndim != 2 or len(self.members) < self.entry.nearest:
            raise ValueError(f"a cohort needs {self.entry.nearest} members or more, got {self.members.shape}")
        if self.age is not None and self.age.shape != (self.members.shape[1] + 1,):
            raise ValueError(f"{self.age.shape} weights of age do not fit members {self.members.shape}")

    def standing(self, embeddings: Embeddings) -> Standing:
        """How faces stand to the cohort.

        Args:
            embeddings: `(N, D) float32`.

        Returns:
            `(N, 3) float32`; each row is the same whichever other faces are measured along with it, but for rounding.

        Raises:
            ValueError: If the dimensions differ.
        """
        if embeddings.shape[1] != self.members.shape[1]:
            raise ValueError(f"embeddings {embeddings.shape} do not fit a cohort {self.members.shape}")
        found = np.empty((len(embeddings), 3), np.float32)
        for start in range(0, len(found), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            faces = directions(embeddings[some])
            closest = np.partition(faces @ self.members.T, -self.entry.nearest, axis=1)[:, -self.entry.nearest :]
            found[some, 0], found[some, 1] = closest.mean(axis=1), closest.std(axis=1)
            found[some, 2] = AGELESS if self.age is None else faces @ self.age[:-1] + self.age[-1]
        return found


def normalised(cosine: NDArray[np.float64], probes: Standing, templates: Standing) -> NDArray[np.float64]:
    """The normalised scores of pairs of faces; the larger, the more alike.

    Args:
        cosine: `(K,)` cosine distances.
        probes: `(K, 3)` or `(1, 3)` how the one face of each pair stands to the cohort.
        templates: `(K, 3)` the same of the other.
    """
    similarity = 1 - cosine
    halves = [
        (similarity - one[:, 0].astype(np.float64)) / np.maximum(one[:, 1].astype(np.float64), NARROWEST)
        for one in (probes, templates)
    ]
    return np.asarray((halves[0] + halves[1]) / 2)
