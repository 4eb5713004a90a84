"""Every pair of different people among a set of images: tens of millions of comparisons, block by block.

A list of pairs such as LFW's has 3,000 impostor comparisons, which cannot support a false match rate below 1e-3. All
pairs among the same images can. Only what is needed is kept of them: the closest, exactly, from which thresholds at low
false match rates follow, and a histogram of all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gallery.domain.error_rates import Curve, Distances, fnmr_at, wilson
from gallery.domain.faces import Embeddings
from gallery.domain.histograms import Histogram
from gallery.domain.metrics import Metric, Vector, distances, farthest
from gallery.domain.models import Thresholds
from gallery.domain.verification import OperatingPoint

FMRS = (1e-3, 1e-4, 1e-5, 1e-6)
"""False match rates that all impostor pairs are asked for."""
BLOCK = 512
"""Rows compared with all others at once; a block of 512 × 7,701 distances is 32 MB for each metric."""
BINS = 400
"""Of a histogram."""
POINTS = 600
"""Of a curve among the closest comparisons."""


@dataclass(frozen=True, slots=True, eq=False)
class Impostors:
    """What is kept of all comparisons between different people.

    Attributes:
        count: How many there are, those that failed for want of a face included.
        failed: How many of them failed; they are infinitely far.
        closest: For each metric the smallest distances, ascending: all, or the `most` that were asked for.
        pairs: `(K, 2)` rows of the images behind the closest cosine distances, in the same order.
        histograms: For each metric all distances that are finite.
        complete: Whether `closest` holds every finite distance.
    """

    count: int
    failed: int
    closest: dict[Metric, Vector]
    pairs: NDArray[np.int64]
    histograms: dict[Metric, Histogram]
    complete: bool

    def threshold_at(self, metric: Metric, fmr: float) -> float:
        """The largest threshold at which at most `fmr` of the comparisons match; ties stay together.

        Raises:
            ValueError: If too few of the closest were kept for so high a rate.
        """
        closest, allowed = self.closest[metric], math.floor(fmr * self.count + 1e-9)
        if allowed < len(closest):
            return float(np.nextafter(closest[allowed], -math.inf))
        if not self.complete:
            raise ValueError(f"the {len(closest)} closest of {self.count} comparisons do not reach FMR {fmr}")
        return float(closest[-1]) if len(closest) else 0.0

    def point_at(self, metric: Metric, fmr: float, genuine: Distances) -> OperatingPoint:
        """Both error rates at that threshold."""
        threshold = self.threshold_at(metric, fmr)
        matched = int(np.searchsorted(self.closest[metric], threshold, side="right"))
        return OperatingPoint(fmr, threshold, wilson(matched, self.count), fnmr_at(genuine, threshold))

    def curve(self, metric: Metric, genuine: Distances) -> Curve:
        """Both error rates: exact among the closest comparisons, at the edges of the histogram beyond them."""
        closest, bins = self.closest[metric], self.histograms[metric]
        # Ranks from the closest on, evenly spaced on a logarithmic scale, as the axes of such a curve are.
        ranks = np.unique(np.geomspace(1, max(1, len(closest)), POINTS).astype(np.int64)) - 1
        near = closest[ranks[: len(closest)]]
        beyond = bins.edges[1:] > (near[-1] if len(near) else -math.inf)
        thresholds = np.concatenate([near, bins.edges[1:][beyond]])
        matched = np.concatenate(
            [np.searchsorted(closest, near, side="right"), np.cumsum(bins.counts)[beyond].astype(np.int64)]
        )
        accepted = np.searchsorted(np.sort(np.asarray(genuine, np.float64)), thresholds, side="right")
        return Curve(thresholds, matched / self.count, 1 - accepted / len(genuine))


def all_impostors(
    embeddings: Embeddings,
    people: NDArray[np.intp],
    thresholds: Thresholds,
    fmrs: Sequence[float] = FMRS,
    block: int = BLOCK,
) -> Impostors:
    """Compares every image with every image of another person.

    Args:
        embeddings: `(N, D) float32`; NaN where no face could be described.
        people: `(N,)` whose each is; images of a negative number are left out.
        thresholds: The model's.
        fmrs: False match rates that will be asked for; the highest settles how many of the closest are kept.
        block: Rows compared at once.

    Raises:
        ValueError: If there are no two people.
    """
    used = np.flatnonzero(people >= 0)
    found = used[~np.isnan(embeddings[used]).any(axis=1)]
    count, made = pairs_of_different(people[used]), pairs_of_different(people[found])
    if not count:
        raise ValueError("there are no two people to compare")
    most = math.floor(max(fmrs) * count + 1e-9) + 1
    vectors, owners = embeddings[found].astype(np.float64), people[found]
    lengths = np.linalg.norm(vectors, axis=1)
    longest = float(lengths.max()) if len(lengths) else 1.0
    tally = {metric: _Tally(most, farthest(metric, longest, thresholds)) for metric in Metric}
    for start in range(0, len(found), block):
        stop = start + block
        rows, columns = np.nonzero(owners[start:stop, None] != owners[None, start:])
        upper = columns > rows
        rows, columns = rows[upper], columns[upper]
        products = (vectors[start:stop] @ vectors[start:].T)[rows, columns]
        codes = (rows + start) * len(found) + columns + start
        compared = distances(products, lengths[start:stop][rows], lengths[start:][columns], thresholds)
        for metric, values in compared.items():
            tally[metric].add(values, codes)
    closest = {metric: kept.closest() for metric, kept in tally.items()}
    codes = closest[Metric.COSINE][1]
    return Impostors(
        count=count,
        failed=count - made,
        closest={metric: values for metric, (values, _) in closest.items()},
        pairs=np.stack([found[codes // max(1, len(found))], found[codes % max(1, len(found))]], axis=1),
        histograms={metric: kept.histogram() for metric, kept in tally.items()},
        complete=most >= made,
    )


def pairs_of_different(people: NDArray[np.intp]) -> int:
    """How many pairs of images show two people.

    Args:
        people: `(N,)` whose each is.
    """
    sizes = np.unique(people, return_counts=True)[1].astype(np.int64)
    total = int(sizes.sum())
    return (total * (total - 1) - int((sizes * (sizes - 1)).sum())) // 2


@dataclass(slots=True)
class _Tally:
    """The smallest of many values, with a code for each, and a histogram of all."""

    most: int
    largest: float
    _bound: float = math.inf
    _values: list[Vector] = field(default_factory=list)
    _codes: list[NDArray[np.int64]] = field(default_factory=list)
    _held: int = 0
    _counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, values: Vector, codes: NDArray[np.int64]) -> None:
        clipped = np.minimum(values, self.largest)  # rounding may carry a value just beyond the largest possible
        self._counts += np.histogram(clipped, BINS, (0, self.largest))[0]
        near = values <= self._bound
        self._values.append(values[near])
        self._codes.append(codes[near])
        self._held += int(near.sum())
        if self._held > 2 * self.most:
            self._prune()

    def _prune(self) -> None:
        values, codes = np.concatenate(self._values), np.concatenate(self._codes)
        if len(values) > self.most:
            nearest = np.argpartition(values, self.most - 1)[: self.most]
            values, codes = values[nearest], codes[nearest]
            self._bound = float(values.max())
        self._values, self._codes, self._held = [values], [codes], len(values)

    def closest(self) -> tuple[Vector, NDArray[np.int64]]:
        if not self._values:
            return np.zeros(0), np.zeros(0, np.int64)
        self._prune()
        order = np.argsort(self._values[0], kind="stable")
        return self._values[0][order], self._codes[0][order]

    def histogram(self) -> Histogram:
        return Histogram(np.linspace(0, self.largest, BINS + 1), self._counts.copy())
