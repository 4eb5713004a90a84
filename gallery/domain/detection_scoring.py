"""How many faces a detector finds, and how often it sees one where there is none.

A detection and a labelled face are the same where their boxes overlap enough (intersection over union). Each may count
once: the surest detection chooses first, and takes the labelled face it overlaps most (Everingham et al. 2010, "The
PASCAL visual object classes challenge", section 4.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.error_rates import Rate, wilson
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box

OVERLAP = 0.3
"""Least intersection over union of a detection and the face it found. People disagree about where a face ends: the
boxes of CMU+MIT are 1.2 times as high and 1.4 times as wide as YuNet's in the median, and of the 493 faces that YuNet's
boxes are centred on, the usual 0.5 would call 91 missed and 0.3 one (none at 0.25). A box of the same centre and shape
passes from 0.55 to 1.8 times the labelled side, and one of the same size if it is off by less than 0.54 of it."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """Which detection found which face.

    Attributes:
        truth: For each detection the number of the labelled face it found; None for a false alarm.
        detection: For each labelled face the number of the detection that found it; None where it was missed.
    """

    truth: tuple[int | None, ...]
    detection: tuple[int | None, ...]


def assign(detections: Sequence[Detection], truth: Sequence[Box], overlap: float = OVERLAP) -> Assigned:
    """Matches detections with labelled faces, one to one, the surest detection first.

    Args:
        detections: What the detector saw in one picture.
        truth: The faces that are there.
        overlap: Least intersection over union, above 0.
    """
    of_detection: list[int | None] = [None] * len(detections)
    of_truth: list[int | None] = [None] * len(truth)
    for number in sorted(range(len(detections)), key=lambda d: -detections[d].score):
        shares = [
            -1.0 if of_truth[t] is not None else detections[number].box.overlap(box) for t, box in enumerate(truth)
        ]
        best = max(range(len(truth)), key=shares.__getitem__, default=None)
        if best is not None and shares[best] >= overlap:
            of_detection[number], of_truth[best] = best, number
    return Assigned(tuple(of_detection), tuple(of_truth))


@dataclass(frozen=True, slots=True)
class Octave:
    """Faces whose longer side lies from `low` to below twice that, in pixels."""

    low: int
    recall: Rate

    @property
    def high(self) -> int:
        """The first side that belongs to the next octave."""
        return 2 * self.low


@dataclass(frozen=True, slots=True)
class ScorePoint:
    """What a least score leads to.

    Attributes:
        score: The least score of a detection that counts.
        recall: Labelled faces found.
        false_alarms: Detections that found no labelled face.
        per_image: The same, per picture.
    """

    score: float
    recall: Rate
    false_alarms: int
    per_image: float


@dataclass(frozen=True, slots=True)
class DetectionScore:
    """How a detector did on a set of labelled pictures.

    Attributes:
        images: Pictures looked at.
        faces: Labelled faces in them.
        overlap: Least intersection over union of a hit.
        default: At the detector's default score.
        octaves: Recall there by face size, the smallest first.
        curve: Recall and false alarms at every score that occurs, the highest first.
    """

    images: int
    faces: int
    overlap: float
    default: ScorePoint
    octaves: tuple[Octave, ...]
    curve: tuple[ScorePoint, ...]

    def at_false_alarms(self, per_image: float) -> ScorePoint | None:
        """The point of the highest recall at no more than so many false alarms per picture; None if there is none."""
        allowed = [point for point in self.curve if point.per_image <= per_image]
        return max(allowed, key=lambda point: (point.recall.hits, point.score), default=None)


def score(
    pictures: Iterable[tuple[Sequence[Detection], Sequence[Box]]], default: float, overlap: float = OVERLAP
) -> DetectionScore:
    """Scores a detector.

    Since the surest detection chooses first, leaving out all below some score changes nothing for those above it: one
    matching serves every score.

    Args:
        pictures: For each the detections, however unsure, and the labelled faces.
        default: The detector's own least score.
        overlap: Least intersection over union, above 0.
    """
    scores: list[float] = []
    hits: list[bool] = []
    sides: list[int] = []
    found_at: list[float] = []
    images = 0
    for detections, truth in pictures:
        images += 1
        assigned = assign(detections, truth, overlap)
        scores += [detection.score for detection in detections]
        hits += [face is not None for face in assigned.truth]
        sides += [max(box.width, box.height) for box in truth]
        found_at += [-math.inf if d is None else detections[d].score for d in assigned.detection]
    tally = _Tally(images, np.array(scores), np.array(hits, bool), len(sides))
    return DetectionScore(
        images,
        len(sides),
        overlap,
        tally.at(default),
        _octaves(np.array(sides, np.int64), np.array(found_at) >= default),
        tuple(tally.at(float(least)) for least in np.unique(tally.scores)[::-1]),
    )


@dataclass(frozen=True, slots=True)
class _Tally:
    images: int
    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    faces: int

    def at(self, least: float) -> ScorePoint:
        counted = self.scores >= least
        hit = int(np.count_nonzero(self.hits & counted))
        false = int(np.count_nonzero(counted)) - hit
        return ScorePoint(least, wilson(hit, self.faces), false, false / self.images if self.images else math.nan)


def _octaves(sides: NDArray[np.int64], found: NDArray[np.bool_]) -> tuple[Octave, ...]:
    lows = np.int64(1) << np.floor(np.log2(np.maximum(1, sides))).astype(np.int64)
    return tuple(
        Octave(int(low), wilson(int(np.count_nonzero(found[lows == low])), int(np.count_nonzero(lows == low))))
        for low in np.unique(lows)
    )
