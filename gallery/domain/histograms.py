"""Counts of distances in equal bins, for figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.error_rates import Distances


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How many distances fall into each bin.

    Attributes:
        edges: `(B + 1,)` ascending; a bin holds its lower edge, the last one its upper edge, too.
        counts: `(B,)`.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.edges.shape != (len(self.counts) + 1,):
            raise ValueError(f"{len(self.counts)} bins need {len(self.counts) + 1} edges, not {self.edges.shape}")


def histogram(distances: Distances, edges: NDArray[np.float64]) -> Histogram:
    """Counts distances; those that are infinite or beyond the edges are left out."""
    values = np.asarray(distances, np.float64)
    counts, _ = np.histogram(values[np.isfinite(values)], edges)
    return Histogram(edges, counts.astype(np.int64))
