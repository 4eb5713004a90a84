"""One-to-one comparison over a list of pairs: the arithmetic of LFW's view 2 (Huang et al. 2007, section 5).

The pairs come in folds that share no person. Accuracy: the threshold is chosen on all folds but one and tested on that
one, each in turn. Error rates: over all pairs at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gallery.domain.error_rates import Curve, Distances, Rate, curve, fmr_at, fnmr_at, least_fmr, threshold_at
from gallery.domain.faces import Embeddings
from gallery.domain.metrics import Metric, Vector, distances
from gallery.domain.models import Thresholds

FMRS = (1e-2, 1e-3, 1e-4)
"""False match rates that a list of pairs is asked for."""


@dataclass(frozen=True, slots=True, order=True)
class ImageName:
    """One image of a set in which each person has a folder.

    Attributes:
        name: The person's, as the folder is called.
        number: Which image of that person, from 1.
    """

    name: str
    number: int

    def __str__(self) -> str:
        return f"{self.name}_{self.number:04d}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images to be compared."""

    first: ImageName
    second: ImageName

    @property
    def same(self) -> bool:
        """Whether both are of one person, by their names."""
        return self.first.name == self.second.name


@dataclass(frozen=True)
class PairList:
    """Pairs in folds, at least two of them, none empty."""

    folds: tuple[tuple[Pair, ...], ...]

    def __post_init__(self) -> None:
        if len(self.folds) < 2 or not all(self.folds):
            raise ValueError("a list of pairs needs at least two folds, and none may be empty")

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs, fold after fold."""
        return tuple(pair for fold in self.folds for pair in fold)

    @cached_property
    def images(self) -> tuple[ImageName, ...]:
        """Every image used, once, sorted."""
        return tuple(sorted({image for pair in self.pairs for image in (pair.first, pair.second)}))

    @cached_property
    def fold_of(self) -> NDArray[np.intp]:
        """`(P,)` number of each pair's fold."""
        return np.repeat(np.arange(len(self.folds)), [len(fold) for fold in self.folds])


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """What is known to be wrong with a set's names.

    Attributes:
        aliases: Pairs of names that are one person.
        misnamed: Images that do not show who they are named after.
    """

    aliases: tuple[tuple[str, str], ...] = ()
    misnamed: frozenset[ImageName] = frozenset()

    def __len__(self) -> int:
        return len(self.aliases) + len(self.misnamed)

    def people(self, images: Sequence[ImageName]) -> NDArray[np.intp]:
        """`(N,)` a number for each image's person, the same for all names of one person; -1 for a misnamed image."""
        root = {image.name: image.name for image in images}
        for pair in self.aliases:
            one, other = (_root(root, name) for name in pair)
            root[one] = other
        numbers = {name: number for number, name in enumerate(sorted({_root(root, name) for name in root}))}
        return np.array([-1 if i in self.misnamed else numbers[_root(root, i.name)] for i in images], np.intp)


def _root(root: dict[str, str], name: str) -> str:
    while root.setdefault(name, name) != name:
        name = root[name]
    return name


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of pairs told right, cross-validated.

    Attributes:
        folds: Of each fold, under the threshold that the others chose.
        thresholds: Those thresholds.
    """

    folds: tuple[float, ...]
    thresholds: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the folds."""
        return float(np.mean(self.folds))

    @property
    def standard_error(self) -> float:
        """Standard deviation over the folds (n - 1), divided by the root of their number, as LFW defines it."""
        return float(np.std(self.folds, ddof=1) / math.sqrt(len(self.folds)))


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Both error rates at the largest threshold that keeps a false match rate.

    Attributes:
        target: The false match rate aimed at.
        threshold: The largest distance at which impostors match at most that often.
        fmr: False match rate there.
        fnmr: False non-match rate there.
    """

    target: float
    threshold: float
    fmr: Rate
    fnmr: Rate

    @property
    def supported(self) -> bool:
        """Whether there are impostor comparisons enough to speak of that rate (the rule of three)."""
        return self.target >= least_fmr(self.fmr.trials)


@dataclass(frozen=True, slots=True, eq=False)
class MetricResult:
    """What a list of pairs says of one distance.

    Attributes:
        genuine: `(G,)` distances of one person with themselves; infinite where a face was not found.
        impostors: `(I,)` distances of different people.
        accuracy: Cross-validated over the folds.
        curve: Both error rates at every threshold.
        points: At the false match rates asked for.
        own: Both error rates at the model's own threshold.
    """

    genuine: Vector
    impostors: Vector
    accuracy: Accuracy
    curve: Curve
    points: tuple[OperatingPoint, ...]
    own: OperatingPoint


def score(
    embeddings: Embeddings, people: NDArray[np.intp], pairs: PairList, thresholds: Thresholds
) -> dict[Metric, MetricResult]:
    """Scores a list of pairs by every metric.

    Args:
        embeddings: `(N, D) float32`, one row per image of `pairs.images`; NaN where no face could be described.
        people: `(N,)` whose each is, as `LabelErrors.people` says; pairs that contradict it are left out.
        pairs: The list.
        thresholds: The model's.

    Raises:
        ValueError: If no genuine or no impostor pair is left.
    """
    row = {image: number for number, image in enumerate(pairs.images)}
    first = np.array([row[pair.first] for pair in pairs.pairs])
    second = np.array([row[pair.second] for pair in pairs.pairs])
    same = np.array([pair.same for pair in pairs.pairs])
    kept = (people[first] >= 0) & (people[second] >= 0) & ((people[first] == people[second]) == same)
    compared = compare(embeddings, first[kept], second[kept], thresholds)
    own = own_thresholds(thresholds)
    return {metric: _result(compared[metric], same[kept], pairs.fold_of[kept], own[metric]) for metric in Metric}


def own_thresholds(thresholds: Thresholds) -> dict[Metric, float]:
    """A model's thresholds by metric."""
    return {Metric.COSINE: thresholds.cosine, Metric.EUCLIDEAN: thresholds.euclidean, Metric.BOTH: 1.0}


def compare(
    embeddings: Embeddings, first: NDArray[np.intp], second: NDArray[np.intp], thresholds: Thresholds
) -> dict[Metric, Vector]:
    """`(P,)` distances of pairs of rows; infinity where either row is NaN."""
    a, b = embeddings[first].astype(np.float64), embeddings[second].astype(np.float64)
    products = np.einsum("pd,pd->p", a, b)
    found = distances(products, np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1), thresholds)
    failed = np.isnan(products)
    return {metric: np.where(failed, math.inf, values) for metric, values in found.items()}


def all_genuine(embeddings: Embeddings, people: NDArray[np.intp], thresholds: Thresholds) -> dict[Metric, Vector]:
    """`(G,)` distances of every pair of images of one person; infinity where either shows no face.

    Args:
        embeddings: `(N, D) float32`; NaN where no face could be described.
        people: `(N,)` whose each is; images of a negative number are left out.
        thresholds: The model's.
    """
    order = np.argsort(people, kind="stable")
    first, second = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for own in np.split(order, np.flatnonzero(np.diff(people[order])) + 1):
        if people[own[0]] >= 0:
            one, other = np.triu_indices(len(own), 1)
            first.append(own[one])
            second.append(own[other])
    return compare(embeddings, np.concatenate(first), np.concatenate(second), thresholds)


def _result(values: Vector, same: NDArray[np.bool_], folds: NDArray[np.intp], own: float) -> MetricResult:
    genuine, impostors = values[same], values[~same]
    return MetricResult(
        genuine,
        impostors,
        cross_validated(values, same, folds),
        curve(genuine, impostors),
        tuple(operating_point(genuine, impostors, fmr) for fmr in FMRS),
        _at(math.nan, own, genuine, impostors),
    )


def operating_point(genuine: Distances, impostors: Distances, fmr: float) -> OperatingPoint:
    """Both error rates at the largest threshold that keeps a false match rate of at most `fmr`."""
    return _at(fmr, threshold_at(impostors, fmr), genuine, impostors)


def _at(target: float, threshold: float, genuine: Distances, impostors: Distances) -> OperatingPoint:
    return OperatingPoint(target, threshold, fmr_at(impostors, threshold), fnmr_at(genuine, threshold))


def cross_validated(values: Vector, same: NDArray[np.bool_], folds: NDArray[np.intp]) -> Accuracy:
    """Accuracy on each fold under the threshold that is most accurate on the others.

    Args:
        values: `(P,)` distances.
        same: `(P,)` whether each pair is of one person.
        folds: `(P,)` each pair's fold, at least two different ones.
    """
    chosen, right = [], []
    for fold in np.unique(folds):
        tested = folds == fold
        chosen.append(most_accurate_threshold(values[~tested], same[~tested]))
        right.append(float(np.mean((values[tested] <= chosen[-1]) == same[tested])))
    return Accuracy(tuple(right), tuple(chosen))


def most_accurate_threshold(values: Vector, same: NDArray[np.bool_]) -> float:
    """The threshold that tells most pairs right; of several equally good ones, the middle one.

    Tried are the mid-points between neighbouring distances that occur, and one threshold below and above them all.
    """
    occurring = np.unique(values[np.isfinite(values)])
    if not len(occurring):
        return 0.0
    below = np.nextafter(occurring[0], -math.inf)
    tried = np.concatenate([[below], (occurring[1:] + occurring[:-1]) / 2, occurring[-1:]])
    accepted = np.searchsorted(np.sort(values[same]), tried, side="right")
    false = np.searchsorted(np.sort(values[~same]), tried, side="right")
    gain = accepted.astype(np.int64) - false
    best = np.flatnonzero(gain == gain.max())
    return float(tried[best[len(best) // 2]])
