"""Comparison of probes with a whitelist. Scores only; what follows from them is decided in `gallery.domain.deciding`.

Two distances, of the stored vectors as they are (raw or normalised, as the model's card says):

    cosine(p, t) = 1 - p·t / (|p| |t|)         euclidean(p, t) = |p - t|

On vectors of length one, euclidean = √(2·cosine), and the two say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import Embeddings


@dataclass(frozen=True, eq=False)
class Whitelist:
    """All templates of one embedding space, ready to be compared.

    Attributes:
        names: Identities, each once.
        owners: `(T,) int`: for each template the index of its identity in `names`.
        references: `(T,) int`: for each template the id of its reference.
        templates: `(T, D) float32`.
    """

    names: tuple[str, ...]
    owners: NDArray[np.intp]
    references: NDArray[np.int64]
    templates: Embeddings

    def __post_init__(self) -> None:
        count = len(self.templates)
        if self.templates.ndim != 2 or self.templates.dtype != np.float32:
            raise ValueError(f"templates must be (T, D) float32, got {self.templates.shape} {self.templates.dtype}")
        if self.owners.shape != (count,) or self.references.shape != (count,):
            raise ValueError(f"{count} templates need as many owners and references")
        if count and (self.owners.min() < 0 or self.owners.max() >= len(self.names)):
            raise ValueError("a template belongs to an identity that is not on the whitelist")
        if len(set(self.owners.tolist())) != len(self.names):
            raise ValueError("an identity on the whitelist has no template")
        if not np.isfinite(self.templates).all():
            raise ValueError("a template holds a value that is not a finite number")

    def __len__(self) -> int:
        return len(self.templates)

    @cached_property
    def lengths(self) -> NDArray[np.float32]:
        """`(T,)` Euclidean lengths of the templates."""
        return np.asarray(np.linalg.norm(self.templates, axis=1), np.float32)

    @classmethod
    def empty(cls, dimension: int) -> Whitelist:
        """The whitelist of nobody."""
        nothing = np.zeros(0, np.int64)
        return cls((), nothing.astype(np.intp), nothing, np.zeros((0, dimension), np.float32))


@dataclass(frozen=True, slots=True)
class Candidate:
    """How one probe compares with one identity.

    Attributes:
        identity: The identity's name.
        reference: Id of the reference that comes closest by cosine; both distances are to this one.
        cosine: Cosine distance.
        euclidean: Euclidean distance.
    """

    identity: str
    reference: int
    cosine: float
    euclidean: float


def cosine_distances(probes: Embeddings, whitelist: Whitelist) -> NDArray[np.float32]:
    """All comparisons at once: one matrix product.

    Args:
        probes: `(P, D) float32`.
        whitelist: T templates of D values.

    Returns:
        `(P, T) float32` cosine distances, from 0 to 2. A vector of length zero has no direction and is as far from
        everything as can be (2), so that it never matches.

    Raises:
        ValueError: If the dimensions differ, or a probe holds a value that is not a finite number.
    """
    if probes.ndim != 2 or probes.shape[1] != whitelist.templates.shape[1]:
        raise ValueError(f"probes {probes.shape} do not fit templates {whitelist.templates.shape}")
    if not np.isfinite(probes).all():
        raise ValueError("a probe holds a value that is not a finite number")
    scale = np.linalg.norm(probes, axis=1)[:, None] * whitelist.lengths[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        similarity = (probes @ whitelist.templates.T) / scale
    return np.asarray(1 - np.clip(np.where(scale > 0, similarity, -1), -1, 1), np.float32)


def candidates(probes: Embeddings, whitelist: Whitelist, most: int = 2) -> list[tuple[Candidate, ...]]:
    """The closest identities of each probe, each with its closest reference, the best first.

    The references are found by the matrix product in float32; the distances of those that are reported are computed
    again in float64, because near zero the product's rounding is larger than the distance.

    Args:
        probes: `(P, D) float32`.
        whitelist: The templates to compare with.
        most: How many identities to report for each probe, at least 1.

    Returns:
        For each probe up to `most` candidates; none where the whitelist is empty.
    """
    if not len(whitelist) or not len(probes):
        return [() for _ in probes]
    distances = cosine_distances(probes, whitelist)
    order = np.argsort(whitelist.owners, kind="stable")
    owners = whitelist.owners[order]
    starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    best = np.minimum.reduceat(distances[:, order], starts, axis=1)
    found = []
    for row, probe in enumerate(probes):
        nearest = np.argsort(best[row], kind="stable")[:most]
        ranked = [_candidate(probe, distances[row], owners[starts[group]], whitelist) for group in nearest]
        found.append(tuple(sorted(ranked, key=lambda c: (c.cosine, c.euclidean))))
    return found


def _candidate(
    probe: NDArray[np.float32], distances: NDArray[np.float32], owner: np.intp, whitelist: Whitelist
) -> Candidate:
    own = np.flatnonzero(whitelist.owners == owner)
    index = own[np.argmin(distances[own])]
    a, b = probe.astype(np.float64), whitelist.templates[index].astype(np.float64)
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    cosine = 1 - float(np.clip(a @ b / lengths, -1, 1)) if lengths else 2.0
    return Candidate(
        identity=whitelist.names[owner],
        reference=int(whitelist.references[index]),
        cosine=cosine,
        euclidean=float(np.linalg.norm(a - b)),
    )
