"""Lengths, directions and distances of vectors, with no more memory than has to be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import Embeddings
from gallery.domain.grouping import Rows

SHORTEST = 1e-6
"""Length up to which a vector counts as having no direction. Embeddings are of length 1 or more."""
UNIT = 1e-6
"""How far from 1 the lengths of vectors may be that are used as their own directions; float32 rounds to 6e-8."""
VALUES = 1 << 20
"""Values copied, squared or the like at once: 8 MB in float64."""

Distances = NDArray[np.float64]


def finite(values: Embeddings) -> bool:
    """Whether all values are finite numbers; without an array of as many answers."""
    return bool(np.isfinite(values.min(initial=0)) and np.isfinite(values.max(initial=0)))


def lengths(vectors: Embeddings) -> NDArray[np.float32]:
    """`(N,) float32` lengths of vectors `(N, D)`, without a copy of them."""
    step = max(1, VALUES // max(1, vectors.shape[1]))
    blocks = [np.linalg.norm(vectors[start : start + step], axis=1) for start in range(0, len(vectors), step)]
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def factors(vectors: Embeddings) -> NDArray[np.float32] | None:
    """What makes each vector of length one: 0 for one of no length; None where all are of length one already.

    Args:
        vectors: `(N, D) float32`.
    """
    found = lengths(vectors)
    if np.all(np.abs(found - 1) <= UNIT):
        return None
    return np.asarray(1 / np.where(found > SHORTEST, found, np.float32(np.inf)), np.float32)


def directions(vectors: Embeddings) -> Embeddings:
    """Vectors scaled to length one; zeros for those of no length; the array itself where all are of length one.

    Args:
        vectors: `(N, D) float32`.
    """
    found = lengths(vectors)[:, None]
    if np.all(np.abs(found - 1) <= UNIT):
        return vectors
    return np.asarray(vectors / np.where(found > SHORTEST, found, np.float32(np.inf)), np.float32)


def aimless(scaled: Embeddings) -> Rows:
    """The rows of zeros among `directions`."""
    # Nearly every vector has a first value, so that only a few need to be looked at whole.
    if not scaled.shape[1]:
        return np.arange(len(scaled))
    doubtful = np.flatnonzero(scaled[:, 0] == 0)
    return doubtful[~scaled[doubtful].any(axis=1)]


def pair_distances(a: Embeddings, of_a: Rows, b: Embeddings, of_b: Rows) -> tuple[Distances, Distances]:
    """Distances of pairs in float64, each the same whichever other pairs are compared along with it.

    Args:
        a: `(N, D) float32`.
        of_a: `(K,)` for each pair its row in `a`.
        b: `(M, D) float32`.
        of_b: `(K,)` for each pair its row in `b`.

    Returns:
        Cosine and Euclidean distances, each `(K,) float64`. The cosine distance of a vector without direction is 2.
    """
    cosine, euclidean = np.empty(len(of_a)), np.empty(len(of_a))
    step = max(1, VALUES // max(1, a.shape[1]))
    for start in range(0, len(of_a), step):
        some = slice(start, start + step)
        x, y = a[of_a[some]].astype(np.float64), b[of_b[some]].astype(np.float64)
        lengths_x, lengths_y = (np.sqrt(np.square(v).sum(axis=1)) for v in (x, y))
        short = (lengths_x <= SHORTEST) | (lengths_y <= SHORTEST)
        with np.errstate(divide="ignore", invalid="ignore"):
            similarity = np.where(short, -1, (x * y).sum(axis=1) / (lengths_x * lengths_y))
        cosine[some] = 1 - np.clip(similarity, -1, 1)
        euclidean[some] = np.sqrt(np.square(x - y).sum(axis=1))
    return cosine, euclidean
