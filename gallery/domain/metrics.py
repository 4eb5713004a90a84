"""The distances that error rates are given for: cosine, Euclidean, and both tests together."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gallery.domain.models import Thresholds
from gallery.domain.vectors import SHORTEST

Vector = NDArray[np.float64]


class Metric(StrEnum):
    """What two faces are compared by. Lower is closer."""

    COSINE = "cosine"
    """1 - a·b / (|a| |b|), from 0 to 2."""
    EUCLIDEAN = "euclidean"
    """|a - b|, in the units of the model's embeddings."""
    BOTH = "both"
    """Both tests as one number, see `together`; 1 is the model's own pair of thresholds."""


def together(cosine: Vector, euclidean: Vector, thresholds: Thresholds) -> Vector:
    """Both tests as one distance: the larger of the cosine and the squared Euclidean distance, as shares of theirs.

    It is at most s exactly where cosine <= s · threshold and Euclidean <= √s · threshold; so at most 1 exactly where
    both tests pass. The Euclidean share is squared because the grey band is measured that way, too: on vectors of
    length one, Euclidean² = 2 · cosine, and the two shares are the same number.

    Args:
        cosine: Cosine distances of any shape.
        euclidean: Euclidean distances of the same comparisons.
        thresholds: The model's. A threshold of 0 lets only a distance of 0 pass.
    """
    tiny = np.finfo(np.float64).tiny
    share = np.square(euclidean / max(thresholds.euclidean, np.sqrt(tiny)))
    return np.asarray(np.maximum(cosine / max(thresholds.cosine, tiny), share), np.float64)


def distances(products: Vector, a: Vector, b: Vector, thresholds: Thresholds) -> dict[Metric, Vector]:
    """All distances of comparisons whose inner products are known.

    Args:
        products: Inner products of the pairs, of any shape.
        a: Lengths of the first vectors, to be broadcast against `products`.
        b: Lengths of the second vectors.
        thresholds: The model's, for both tests together.

    Returns:
        For each metric an array of the shape of `products`. A vector without direction is 2 from everything.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        similarity = np.where((a > SHORTEST) & (b > SHORTEST), products / (a * b), -1)
    cosine = 1 - np.clip(similarity, -1, 1)
    euclidean = np.sqrt(np.maximum(0, a * a + b * b - 2 * products))
    return {
        Metric.COSINE: cosine,
        Metric.EUCLIDEAN: euclidean,
        Metric.BOTH: together(cosine, euclidean, thresholds),
    }


def farthest(metric: Metric, longest: float, thresholds: Thresholds) -> float:
    """The largest distance there can be between vectors of up to that length."""
    if metric is Metric.COSINE:
        return 2.0
    if metric is Metric.EUCLIDEAN:
        return 2 * longest
    return float(together(np.array(2.0), np.array(2 * longest), thresholds))
