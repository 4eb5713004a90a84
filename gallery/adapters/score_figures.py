"""The figures of `gallery audit stats`, drawn into matplotlib's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gallery.domain.charts import CourseChart, Mark, PeopleChart, ScoreChart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_KEPT, _BLURRED, _WAITING = "tab:blue", "tab:orange", "tab:red"
_MOST_LABELS = 12
"""That stand beside each other without touching."""


def draw(figure: Figure, chart: ScoreChart | PeopleChart | CourseChart) -> None:
    """Draws one of them into an empty figure."""
    match chart:
        case ScoreChart():
            _scores(figure, chart)
        case PeopleChart():
            _people(figure, chart)
        case CourseChart():
            _course(figure, chart)


def _scores(figure: Figure, chart: ScoreChart) -> None:
    axes = figure.add_subplot()
    for counted, colour, label in ((chart.blurred, _BLURRED, "blurred"), (chart.kept, _KEPT, "kept")):
        shown = f"{label} ({counted.counts.sum():,})"
        axes.stairs(counted.counts, counted.edges, fill=True, alpha=0.6, color=colour, label=shown)
    axes.set(xlabel=chart.x, ylabel="faces", xlim=(0, float(chart.kept.edges[-1])))
    axes.set_ylim(bottom=0, top=1.05 * max(1, int(chart.kept.counts.max()), int(chart.blurred.counts.max())))
    _marked(axes, chart.marks)
    axes.legend(fontsize=8)


def _people(figure: Figure, chart: PeopleChart) -> None:
    figure.set_size_inches(6.4, 2.2 + 0.24 * max(3, len(chart.people)))
    axes = figure.add_subplot()
    spans = [(place, span.kept) for place, span in enumerate(chart.people) if span.kept]
    places = [place for place, _ in spans]
    least, middle, most = zip(*(kept for _, kept in spans), strict=True) if spans else ((), (), ())
    axes.hlines(places, least, most, color=_KEPT, linewidth=4, alpha=0.6, label="kept, nearest to farthest")
    axes.plot(middle, places, "|", color="black", markersize=9, label="their median")
    far = [(place, span.nearest) for place, span in enumerate(chart.people) if span.nearest is not None]
    axes.plot([x for _, x in far], [place for place, _ in far], "x", color=_BLURRED, label="nearest too far")
    axes.set_yticks(range(len(chart.people)), [span.name for span in chart.people], fontsize=8, parse_math=False)
    axes.set_ylim(max(1, len(chart.people)) - 0.4, -0.6)
    axes.set(xlabel=chart.x, xlim=(0, None))
    axes.grid(axis="x", alpha=0.3)
    _marked(axes, chart.marks)
    figure.legend(fontsize=8, loc="outside lower center", ncols=2)


def _marked(axes: Axes, marks: Sequence[Mark]) -> None:
    for mark in marks:
        axes.axvline(mark.value, color="black", linewidth=1, label=mark.label)


def _course(figure: Figure, chart: CourseChart) -> None:
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    places, floor = range(len(chart.labels)), [0] * len(chart.labels)
    stacked = (
        (chart.kept, _KEPT, "kept"),
        (chart.blurred, _BLURRED, "blurred"),
        (chart.waiting, _WAITING, "to review"),
    )
    for numbers, colour, label in stacked:
        upper.bar(places, numbers, bottom=floor, color=colour, label=f"{label} ({sum(numbers):,})")
        floor = [below + number for below, number in zip(floor, numbers, strict=True)]
    upper.set_ylabel("faces")
    upper.legend(fontsize=8)
    shares = [(place, kept / faces) for place, kept, faces in zip(places, chart.kept, floor, strict=True) if faces]
    lower.plot([place for place, _ in shares], [share for _, share in shares], ".-", color=_KEPT)
    lower.set(xlabel=chart.x, ylabel="share kept", ylim=(-0.05, 1.05))
    lower.grid(alpha=0.3)
    step = -(-len(chart.labels) // _MOST_LABELS) or 1
    lower.set_xticks(list(places)[::step], chart.labels[::step], rotation=30, ha="right", fontsize=8)
