"""What is left of a face in an output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.metrics import Metric, distances
from gallery.domain.models import Thresholds


@dataclass(frozen=True, slots=True, order=True)
class Residual:
    """How near what is seen in an output is to the face that was there.

    Attributes:
        cosine: Their cosine distance.
        recognised: Whether both distances are within the thresholds: it is still that person.
    """

    cosine: float
    recognised: bool


def residual(before: NDArray[np.float32], after: NDArray[np.float32], thresholds: Thresholds) -> Residual:
    """Compares a face with what is seen in its place.

    Args:
        before: `(D,)` embedding of the face.
        after: `(D,)` embedding of what is there now.
        thresholds: The largest distances of a match.
    """
    a, b = before.astype(np.float64)[None], after.astype(np.float64)[None]
    found = distances(a @ b.T, np.linalg.norm(a, axis=1)[:, None], np.linalg.norm(b, axis=1)[None, :], thresholds)
    return Residual(float(found[Metric.COSINE][0, 0]), bool(found[Metric.BOTH][0, 0] <= 1))
