"""Comparison of probes with a whitelist. Scores only; what follows from them is decided in `gallery.domain.deciding`.

Two distances, of the stored vectors as they are (raw or normalised, as the model's card says):

    cosine(p, t) = 1 - p·t / (|p| |t|)         euclidean(p, t) = |p - t|

On vectors of length one, euclidean = √(2·cosine), and the two say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import Embeddings

SHORTEST = 1e-6
"""Length up to which a vector counts as having no direction. Embeddings are of length 1 or more."""


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
    def directions(self) -> Embeddings:
        """`(T, D)` templates scaled to length one; zeros for a template without direction."""
        return _directions(self.templates)

    @classmethod
    def empty(cls, dimension: int) -> Whitelist:
        """The whitelist of nobody."""
        nothing = np.zeros(0, np.int64)
        return cls((), nothing.astype(np.intp), nothing, np.zeros((0, dimension), np.float32))


class Fusion(StrEnum):
    """What a person's distance is, when they have several references."""

    BEST = "best"
    """To the closest reference. The more references, the more often a stranger is close to one of them."""
    MEAN = "mean"
    """The mean over all references. One poor reference pushes everybody away."""
    MEDIAN_OF_3 = "median-of-3"
    """The median of the three closest (of the two or one there are, their mean)."""


_USED = {Fusion.BEST: 1, Fusion.MEDIAN_OF_3: 3, Fusion.MEAN: None}
"""How many of an identity's references, from the closest on, a distance is made of; None for all."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """How one probe compares with one identity.

    Attributes:
        identity: The identity's name.
        reference: Id of the reference that comes closest by cosine.
        cosine: Cosine distance, to that reference or fused over several (see `Fusion`).
        euclidean: Euclidean distance, to the same references.
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
        `(P, T) float32` cosine distances, from 0 to 2. A vector of no length has no direction and is as far from
        everything as can be (2), so that it never matches.

    Raises:
        ValueError: If the dimensions differ, or a probe holds a value that is not a finite number.
    """
    if probes.ndim != 2 or probes.shape[1] != whitelist.templates.shape[1]:
        raise ValueError(f"probes {probes.shape} do not fit templates {whitelist.templates.shape}")
    if not np.isfinite(probes).all():
        raise ValueError("a probe holds a value that is not a finite number")
    p, t = _directions(probes), whitelist.directions
    similarity = np.clip(p @ t.T, -1, 1)
    similarity[~p.any(axis=1)] = -1
    similarity[:, ~t.any(axis=1)] = -1
    return np.asarray(1 - similarity, np.float32)


def _directions(vectors: Embeddings) -> Embeddings:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > SHORTEST), np.float32)


def candidates(
    probes: Embeddings, whitelist: Whitelist, most: int = 2, fusion: Fusion = Fusion.BEST
) -> list[tuple[Candidate, ...]]:
    """The closest identities of each probe, each with its closest reference, the best first.

    The references are found by the matrix product in float32; the distances of those that are reported are computed
    again in float64, because near zero the product's rounding is larger than the distance.

    Args:
        probes: `(P, D) float32`.
        whitelist: The templates to compare with.
        most: How many identities to report for each probe, at least 1.
        fusion: What an identity's distance is, when it has several references.

    Returns:
        For each probe up to `most` candidates; none where the whitelist is empty.
    """
    if not len(whitelist) or not len(probes):
        return [() for _ in probes]
    distances = cosine_distances(probes, whitelist)
    order = np.argsort(whitelist.owners, kind="stable")
    owners = whitelist.owners[order]
    starts = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    groups = np.split(order, starts[1:])
    fused = _fused(distances[:, order], starts, groups, distances, fusion)
    found = []
    for row, probe in enumerate(probes):
        nearest = np.argsort(fused[row], kind="stable")[:most]
        ranked = [_candidate(probe, distances[row], groups[group], whitelist, fusion) for group in nearest]
        found.append(tuple(sorted(ranked, key=lambda c: (c.cosine, c.euclidean))))
    return found


def _fused(
    ordered: NDArray[np.float32],
    starts: NDArray[np.intp],
    groups: list[NDArray[np.intp]],
    distances: NDArray[np.float32],
    fusion: Fusion,
) -> NDArray[np.float32]:
    """`(P, identities)` cosine distances."""
    if fusion is Fusion.BEST:
        return np.asarray(np.minimum.reduceat(ordered, starts, axis=1), np.float32)
    columns = [_middle(distances[:, group], fusion) for group in groups]
    return np.stack(columns, axis=1)


def _middle(distances: NDArray[np.floating], fusion: Fusion) -> NDArray[np.float32]:
    """One distance for each row of distances to one identity's references."""
    if fusion is Fusion.MEDIAN_OF_3:
        distances = np.sort(distances, axis=1)[:, :3]
        return np.asarray(np.median(distances, axis=1), np.float32)
    return np.asarray(distances.mean(axis=1) if fusion is Fusion.MEAN else distances.min(axis=1), np.float32)


def _candidate(
    probe: NDArray[np.float32],
    distances: NDArray[np.float32],
    own: NDArray[np.intp],
    whitelist: Whitelist,
    fusion: Fusion,
) -> Candidate:
    closest = own[np.argmin(distances[own])]
    used = own[np.argsort(distances[own], kind="stable")[: _USED[fusion]]]
    a = probe.astype(np.float64)
    b = whitelist.templates[used].astype(np.float64)
    lengths = np.linalg.norm(a) * np.linalg.norm(b, axis=1)
    short = (np.linalg.norm(b, axis=1) <= SHORTEST) | (np.linalg.norm(a) <= SHORTEST)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = 1 - np.clip(np.where(short, -1, b @ a / lengths), -1, 1)
    euclidean = np.linalg.norm(b - a, axis=1)
    middle = np.median if fusion is Fusion.MEDIAN_OF_3 else np.mean
    return Candidate(
        identity=whitelist.names[whitelist.owners[closest]],
        reference=int(whitelist.references[closest]),
        cosine=float(middle(cosine)),
        euclidean=float(middle(euclidean)),
    )
