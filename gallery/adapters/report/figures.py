"""Histograms as the numbers of a drawing; the template draws it."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.domain.reporting import Distribution

WIDTH, HEIGHT = 360, 232
"""Of the drawing. A phone shows it as large as that, so that its letters can be read there."""
LEFT, RIGHT, TOP, BOTTOM = 30, 8, 26, 34
"""What is around the bars: counts, nothing, the threshold's label, and the distances with their name."""
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
_TICKS = 6
_GAP = 0.5
_NEAR_AN_EDGE = 70


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram.

    Attributes:
        x: Left edge.
        y: Upper edge.
        width: To the right.
        height: Downwards.
    """

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bin:
    """A line of the table that says the same as the drawing.

    Attributes:
        low: Where it begins.
        high: Where it ends.
        kept: Faces in it that stayed visible.
        blurred: The others.
    """

    low: float
    high: float
    kept: int
    blurred: int


@dataclass(frozen=True, slots=True)
class Figure:
    """Kept faces above a line, blurred ones below it, on one scale.

    Attributes:
        name: Of the distance.
        kept: Bars.
        blurred: Bars.
        axis: Height of the line.
        ticks: Distances with their places.
        most: The count at the ends of the scale.
        mark: Place of the threshold.
        label: What is said of it.
        anchor: On which side of it: `start`, `middle` or `end`.
        bins: All that are not empty.
        summary: The same in a sentence.
    """

    name: str
    kept: tuple[Bar, ...]
    blurred: tuple[Bar, ...]
    axis: float
    ticks: tuple[tuple[float, str], ...]
    most: int
    mark: float
    label: str
    anchor: str
    bins: tuple[Bin, ...]
    summary: str


def figure(distribution: Distribution) -> Figure:
    """The drawing of a histogram."""
    edges = [float(edge) for edge in distribution.kept.edges]
    kept = [int(count) for count in distribution.kept.counts]
    blurred = [int(count) for count in distribution.blurred.counts]
    most, end = max(1, *kept, *blurred), edges[-1]
    axis, half = (TOP + HEIGHT - BOTTOM) / 2, (HEIGHT - BOTTOM - TOP) / 2

    def across(value: float) -> float:
        return round(LEFT + value / end * (WIDTH - LEFT - RIGHT), 2)

    def bars(counts: list[int], upwards: bool) -> tuple[Bar, ...]:
        made = []
        for low, high, count in zip(edges, edges[1:], counts, strict=False):
            tall = round(count / most * half, 2)
            if count:
                width = round(across(high) - across(low) - _GAP, 2)
                made.append(Bar(across(low), round(axis - tall if upwards else axis, 2), width, tall))
        return tuple(made)

    mark = across(min(distribution.mark.value, end))
    lines = zip(edges, edges[1:], kept, blurred, strict=False)
    return Figure(
        distribution.name,
        bars(kept, upwards=True),
        bars(blurred, upwards=False),
        axis,
        tuple((across(tick), f"{tick:g}") for tick in _ticks(end)),
        most,
        mark,
        f"{distribution.mark.label} {distribution.mark.value:.3f}",
        "end" if mark > WIDTH - _NEAR_AN_EDGE else "start" if mark < _NEAR_AN_EDGE else "middle",
        tuple(Bin(*line) for line in lines if line[2] or line[3]),
        _summary(distribution, kept, blurred),
    )


def _ticks(end: float) -> list[float]:
    step = next((step for step in _STEPS if end / step <= _TICKS), end / _TICKS)
    return [round(step * number, 6) for number in range(int(end / step) + 1)]


def _summary(distribution: Distribution, kept: list[int], blurred: list[int]) -> str:
    text = (
        f"{sum(kept):,} faces were kept and {sum(blurred):,} blurred; everybody's threshold is "
        f"{distribution.mark.value:.3f}."
    )
    if distribution.without:
        text += f" {distribution.without:,} more were compared with nobody, and are not in it."
    return text
