"""Error rates of comparisons, and how sure one can be of them.

Distances: lower is closer. A comparison that could not be made, because no face was found or prepared, is a distance of
infinity: it never matches, and it is counted, never dropped (ISO/IEC 19795-1, "failure to acquire").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.floating]

CONFIDENCE = 0.95
"""Of every interval, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of trials with its Wilson score interval.

    Attributes:
        hits: Trials that had the outcome.
        trials: All trials.
        low: Lower end of the interval.
        high: Upper end of the interval.
    """

    hits: int
    trials: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself; not a number where there were no trials."""
        return self.hits / self.trials if self.trials else math.nan


def wilson(hits: int, trials: int, confidence: float = CONFIDENCE, effect: float = 1.0) -> Rate:
    """The Wilson score interval of a share (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it).

    Args:
        hits: Trials that had the outcome, from 0 to `trials`.
        trials: All trials; with none, the interval is everything from 0 to 1.
        confidence: Of the interval, between 0 and 1.
        effect: By how much the variance exceeds that of independent trials (Kish 1965, the design effect), from 1
            upwards. The interval is that of so many times fewer.

    Raises:
        ValueError: If the numbers make no sense.
    """
    if not 0 <= hits <= trials or not 0 < confidence < 1 or not effect >= 1:
        raise ValueError(f"{hits} of {trials} at confidence {confidence} makes no sense")
    if not trials:
        return Rate(0, 0, 0.0, 1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = hits / trials
    count = trials / effect
    middle = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    low = 0.0 if hits == 0 else max(0.0, (middle - spread) / scale)
    high = 1.0 if hits == trials else min(1.0, (middle + spread) / scale)
    return Rate(hits, trials, low, high)


def least_fmr(comparisons: int) -> float:
    """The lowest false match rate that so many impostor comparisons can support: the rule of three.

    If none of n independent comparisons matches, the rate is below 3/n with 95 % confidence (Hanley and Lippman-Hand
    1983). So 500 comparisons support no claim below 6e-3.
    """
    return 3 / comparisons if comparisons > 0 else 1.0


def threshold_at(impostors: Distances, fmr: float) -> float:
    """The largest threshold at which impostors match at a rate of at most `fmr`.

    Args:
        impostors: `(N,)` distances of comparisons between different people; infinity where one failed.
        fmr: The false match rate aimed at, from 0 to 1.

    Returns:
        A threshold for "distance <= threshold", just below the first impostor distance that must not match; so the
        rate counted on the same distances is at most `fmr`, ties included.

    Raises:
        ValueError: If there are no comparisons, or `fmr` is no share.
    """
    if not len(impostors) or not 0 <= fmr <= 1:
        raise ValueError(f"no threshold at FMR {fmr} from {len(impostors)} comparisons")
    allowed = math.floor(fmr * len(impostors) + 1e-9)
    if allowed >= len(impostors):
        return float(np.max(impostors))
    forbidden = float(np.partition(impostors, allowed)[allowed])
    return float(np.nextafter(np.float64(forbidden), -math.inf))


def fmr_at(impostors: Distances, threshold: float) -> Rate:
    """How many comparisons between different people match."""
    return wilson(int(np.count_nonzero(np.asarray(impostors) <= threshold)), len(impostors))


def fnmr_at(genuine: Distances, threshold: float) -> Rate:
    """How many comparisons of one person with themselves do not match."""
    return wilson(int(np.count_nonzero(~(np.asarray(genuine) <= threshold))), len(genuine))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Both error rates at every threshold that makes a difference.

    Attributes:
        thresholds: `(K,)` ascending.
        fmr: `(K,)` false match rate at each.
        fnmr: `(K,)` false non-match rate at each.
    """

    thresholds: NDArray[np.float64]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]

    @property
    def eer(self) -> float:
        """Equal error rate: where the two rates cross, interpolated."""
        difference = self.fmr - self.fnmr
        after = int(np.argmax(difference >= 0)) if (difference >= 0).any() else len(difference) - 1
        before = max(0, after - 1)
        step = difference[after] - difference[before]
        share = -difference[before] / step if step > 0 else 0.0
        share = min(1.0, max(0.0, share))
        return float(self.fmr[before] + share * (self.fmr[after] - self.fmr[before]))

    @property
    def auc(self) -> float:
        """Area under the ROC curve: how often a genuine comparison is closer than an impostor (ties count half)."""
        return float(np.trapezoid(1 - self.fnmr, self.fmr))


def curve(genuine: Distances, impostors: Distances) -> Curve:
    """Both error rates at every distance that occurs, from nothing matches to everything does.

    Args:
        genuine: `(G,)` distances of one person with themselves; infinity where a comparison failed.
        impostors: `(N,)` distances of different people.

    Raises:
        ValueError: If either is empty.
    """
    if not len(genuine) or not len(impostors):
        raise ValueError("a curve needs genuine and impostor comparisons")
    g, i = np.sort(np.asarray(genuine, np.float64)), np.sort(np.asarray(impostors, np.float64))
    finite = np.unique(np.concatenate([g, i]))
    thresholds = np.concatenate([[-math.inf], finite[np.isfinite(finite)], [math.inf]])
    fmr = np.searchsorted(i, thresholds, side="right") / len(i)
    fnmr = 1 - np.searchsorted(g, thresholds, side="right") / len(g)
    return Curve(thresholds, fmr, fnmr)
