"""What a report of a run shows, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gallery.domain.histograms import Histogram, histogram
from gallery.domain.metrics import together
from gallery.domain.models import Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord, Run

BINS = 40
"""Of a histogram: as many as can be told apart on a phone."""
_SAME = 1e-3
"""How far the squared Euclidean distance and twice the cosine distance may lie apart to be called the same."""


class Fault(StrEnum):
    """Why a recorded file cannot be shown."""

    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"

    @property
    def against_record(self) -> bool:
        """Whether the file is not there as it was recorded."""
        return self is not Fault.UNREADABLE


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What is seen of a recorded file.

    Attributes:
        picture: It made smaller, as a JPEG file's bytes; None where none was asked for, or there is a fault.
        fault: Why there is none.
        detail: What exactly is wrong with it, as a sentence.
    """

    picture: bytes | None = None
    fault: Fault | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """The place of a picture on the page.

    Attributes:
        picture: A JPEG file's bytes, or None.
        sentence: What is said instead of it.
        fault: Why it is not there, if it is a fault.
    """

    picture: bytes | None = None
    sentence: str = ""
    fault: Fault | None = None

    def __post_init__(self) -> None:
        if (self.picture is None) != bool(self.sentence):
            raise ValueError("a place holds a picture or a sentence")


@dataclass(frozen=True, slots=True, eq=False)
class ReportedPhoto:
    """One photo of the page.

    Attributes:
        image: What was done with it.
        after: The output.
        before: The original; None where originals are left out.
    """

    image: ImageRecord
    after: Slot
    before: Slot | None = None

    @property
    def needs_review(self) -> bool:
        """Whether somebody should look at it."""
        return bool(self.image.waiting or self.image.failed or not self.image.faces)

    @property
    def faults(self) -> list[Fault]:
        """What is wrong with its files."""
        return [slot.fault for slot in (self.after, self.before) if slot is not None and slot.fault is not None]


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The page.

    Attributes:
        run: What is reported, with pseudonyms where they were asked for.
        photos: One entry for each photo of the run, in its order.
        made: When the page was made, in UTC.
        program: Version of the program that made it.
        originals: Whether it shows the photos as they were.
        pseudonyms: Whether names were replaced.
        notes: Sentences for its top: what is not as it should be.
    """

    run: Run
    photos: tuple[ReportedPhoto, ...]
    made: datetime
    program: str
    originals: bool = False
    pseudonyms: bool = False
    notes: tuple[str, ...] = ()

    @property
    def faults(self) -> Counter[Fault]:
        """How many files cannot be shown, by the reason."""
        return Counter(fault for photo in self.photos for fault in photo.faults)


@dataclass(frozen=True, slots=True)
class ReportedFace:
    """One face of the page.

    Attributes:
        photo: Place of its photo in the run, from 0.
        number: Which face of the photo, from 1.
        face: The face with its decision.
        limits: The largest distances of a match with its closest person; everybody's where there is none.
        share: Its distance as a share of those (see `gallery.domain.metrics.together`): 1 where it just matches.
            Infinite where it was compared with nobody.
    """

    photo: int
    number: int
    face: DecidedFace
    limits: Thresholds
    share: float


def faces_of(run: Run) -> list[ReportedFace]:
    """All faces of a run, in its order."""
    personal = run.settings.personal
    return [
        _reported(place, number, face, personal, run.settings.thresholds)
        for place, image in enumerate(run.images)
        for number, face in enumerate(image.faces, 1)
    ]


def _reported(
    place: int, number: int, face: DecidedFace, personal: Mapping[str, Thresholds], everybody: Thresholds
) -> ReportedFace:
    closest = face.decision.candidate
    if closest is None:
        return ReportedFace(place, number, face, everybody, np.inf)
    limits = personal.get(closest.identity, everybody)
    share = float(together(np.array(closest.cosine), np.array(closest.euclidean), limits))
    return ReportedFace(place, number, face, limits, share)


@dataclass(frozen=True, slots=True)
class Mark:
    """A threshold in a figure.

    Attributes:
        value: Where.
        label: What it is.
    """

    value: float
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """How far faces were from their closest person.

    Attributes:
        name: Of the distance.
        kept: Faces that stayed visible.
        blurred: The others.
        mark: Everybody's threshold.
        without: Faces that were compared with nobody and are not in it.
    """

    name: str
    kept: Histogram
    blurred: Histogram
    mark: Mark
    without: int


def distributions(run: Run) -> tuple[Distribution, ...]:
    """Histograms of the cosine distance, and of the Euclidean distance where that says something else."""
    found = [face for image in run.images for face in image.faces]
    limits, values = run.settings.thresholds, _distances(found)
    kept = np.array([face.decision.kept for face in found], bool)
    made = [_distribution("cosine distance", values[:, 0], kept, limits.cosine, 2.0)]
    if len(values) and not np.allclose(values[:, 1] ** 2, 2 * values[:, 0], atol=_SAME, rtol=0, equal_nan=True):
        made.append(_distribution("Euclidean distance", values[:, 1], kept, limits.euclidean, np.inf))
    return tuple(made)


def _distances(found: Sequence[DecidedFace]) -> NDArray[np.float64]:
    """`(N, 2)`: cosine and Euclidean distance of each face to its closest person; NaN where there is none."""
    closest = [face.decision.candidate for face in found]
    rows = [(np.nan, np.nan) if c is None else (c.cosine, c.euclidean) for c in closest]
    return np.array(rows, np.float64).reshape(len(rows), 2)


def _distribution(
    name: str, values: NDArray[np.float64], kept: NDArray[np.bool_], limit: float, most: float
) -> Distribution:
    finite = values[np.isfinite(values)]
    end = min(most, 1.05 * max(limit, float(finite.max()) if len(finite) else 0.0)) or 1.0
    edges = np.linspace(0.0, end, BINS + 1)
    clipped = np.where(np.isfinite(values), np.minimum(values, end), np.nan)  # of 2, rounding may leave a little more
    return Distribution(
        name,
        histogram(clipped[kept], edges),
        histogram(clipped[~kept], edges),
        Mark(limit, "threshold"),
        int(len(values) - len(finite)),
    )
