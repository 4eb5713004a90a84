"""What a figure shows, as plain data. `gallery.adapters.figures` draws it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.histograms import Histogram


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One curve.

    Attributes:
        label: For the legend.
        x: `(K,)`.
        y: `(K,)`.
        dashed: Drawn as dashes.
    """

    label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A value worth a line of its own, such as a threshold."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class DetChart:
    """Detection error trade-off: one error rate against the other, both on normal-deviate axes.

    Attributes:
        title: Above it.
        x: Name of the rate to the right.
        y: Name of the rate upwards.
        lines: Rates from 0 to 1; points where either is 0 or 1 have no place on such axes and are left out.
    """

    title: str
    x: str
    y: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Genuine and impostor distances by one metric.

    Attributes:
        title: Above it.
        x: Name of the distance.
        genuine: Of one person with themselves.
        impostors: Of different people.
        marks: Thresholds.
    """

    title: str
    x: str
    genuine: Histogram
    impostors: Histogram
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class HistogramChart:
    """Histograms of distances, counts on a logarithmic axis."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class SweepChart:
    """Error rates against a threshold, on a logarithmic axis; a rate of 0 is drawn on the lower edge.

    Attributes:
        title: Above it.
        x: Name of the threshold.
        lines: Rates from 0 to 1.
        marks: The threshold in use.
        least: The lowest rate that the trials can tell from 0; the lower edge.
    """

    title: str
    x: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    least: float


@dataclass(frozen=True, slots=True)
class RecallChart:
    """Faces found against false alarms per picture (free-response ROC).

    Attributes:
        title: Above it.
        lines: x is false alarms per picture, y is recall.
        points: Operating points, as (label, false alarms per picture, recall).
    """

    title: str
    lines: tuple[Line, ...]
    points: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """Distances of faces that were kept and of those that were blurred.

    Attributes:
        title: Above it.
        x: Name of the distance.
        kept: Of the faces that stayed visible.
        blurred: Of the others.
        marks: Thresholds.
    """

    title: str
    x: str
    kept: Histogram
    blurred: Histogram
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """One person's distances.

    Attributes:
        name: The person's.
        kept: Smallest, median and largest distance of the faces kept; None if there are none.
        nearest: Smallest distance of the faces that were too far away; None if there are none.
    """

    name: str
    kept: tuple[float, float, float] | None
    nearest: float | None


@dataclass(frozen=True, slots=True)
class PeopleChart:
    """The distances of each person, one below the other.

    Attributes:
        title: Above it.
        x: Name of the distance.
        people: From top to bottom.
        marks: Thresholds.
    """

    title: str
    x: str
    people: tuple[Span, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class CourseChart:
    """Faces over time, and which share of them stayed visible.

    Attributes:
        title: Above it.
        x: What the labels are.
        labels: One for each period, T of them.
        kept: T numbers of faces that stayed visible.
        blurred: T numbers of faces that were blurred and wait for nobody's word.
        waiting: T numbers of faces that wait for it.
    """

    title: str
    x: str
    labels: tuple[str, ...]
    kept: tuple[int, ...]
    blurred: tuple[int, ...]
    waiting: tuple[int, ...]

    def __post_init__(self) -> None:
        if {len(self.kept), len(self.blurred), len(self.waiting)} != {len(self.labels)}:
            raise ValueError("each period has a label and three numbers")


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Rates with their intervals, one for each row of a chart.

    Attributes:
        label: For the legend.
        values: `(R,)` shares; not a number where there is none.
        low: `(R,)` lower ends.
        high: `(R,)` upper ends.
    """

    label: str
    values: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RatesChart:
    """Rates one below the other, on a logarithmic axis; a rate of 0 is drawn by its interval's upper end alone.

    Attributes:
        title: Above it.
        x: Name of the rate.
        rows: What each row is, from top to bottom.
        points: One for each kind of rate.
    """

    title: str
    x: str
    rows: tuple[str, ...]
    points: tuple[Points, ...]

    def __post_init__(self) -> None:
        if any(len(one.values) != len(self.rows) for one in self.points):
            raise ValueError("each row needs a rate of each kind")


Chart = RatesChart | DetChart | HistogramChart | SweepChart | RecallChart | ScoreChart | PeopleChart | CourseChart
