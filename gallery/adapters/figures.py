"""Draws figures with matplotlib, which is loaded only here and only when a figure is drawn."""

from __future__ import annotations

import io
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gallery.adapters import score_figures
from gallery.domain.charts import (
    Chart,
    CourseChart,
    DetChart,
    HistogramChart,
    Line,
    Panel,
    PeopleChart,
    RatesChart,
    RecallChart,
    ScoreChart,
    SweepChart,
)
from gallery.domain.errors import GalleryError
from gallery.installed import adding

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RATES = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99, 0.999)
"""Rates that an axis may name."""
_DPI = 130
_GENUINE, _IMPOSTORS = "tab:blue", "tab:orange"


def draw(chart: Chart) -> bytes:
    """A figure as a PNG file's bytes.

    Raises:
        GalleryError: If matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise GalleryError(
            "Figures need the package matplotlib, which is not installed.",
            f"Run: {adding('evaluate')}",
        ) from error

    figure = Figure(figsize=(6.4, 4.8), layout="constrained", dpi=_DPI)
    FigureCanvasAgg(figure)
    figure.suptitle(chart.title, fontsize=11)
    match chart:
        case DetChart():
            _det(figure, chart)
        case HistogramChart():
            _histograms(figure, chart)
        case SweepChart():
            _sweep(figure, chart)
        case RecallChart():
            _recall(figure, chart)
        case RatesChart():
            _rates(figure, chart)
        case ScoreChart() | PeopleChart() | CourseChart():
            score_figures.draw(figure, chart)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _det(figure: Figure, chart: DetChart) -> None:
    axes = figure.add_subplot()
    shown = [_inside(line) for line in chart.lines]
    for line in shown:
        axes.plot(
            _deviate(line.x),
            _deviate(line.y),
            "--" if line.dashed else "-",
            label=line.label,
            linewidth=1.4,
            marker="." if len(line.x) < 40 else "",
        )
    axes.set(xlabel=chart.x, ylabel=chart.y)
    _rate_ticks(axes, "x", [line.x for line in shown])
    _rate_ticks(axes, "y", [line.y for line in shown])
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    if not any(len(line.x) for line in shown):
        words = "no threshold at which both kinds of error occur"
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", fontsize=9)


def _inside(line: Line) -> Line:
    inside = (line.x > 0) & (line.x < 1) & (line.y > 0) & (line.y < 1)
    return Line(line.label, line.x[inside], line.y[inside], line.dashed)


def _deviate(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard normal deviates of rates between 0 and 1 (Martin et al. 1997, "The DET curve")."""
    quantile = NormalDist().inv_cdf
    return np.array([quantile(float(rate)) for rate in rates], np.float64)


def _rate_ticks(axes: Axes, which: str, rates: list[NDArray[np.float64]]) -> None:
    values = np.concatenate(rates) if rates else np.zeros(0)
    low, high = (float(values.min()), float(values.max())) if len(values) else (1e-3, 0.5)
    inside = [rate for rate in RATES if low <= rate <= high]
    ticks = sorted({max((r for r in RATES if r <= low), default=RATES[0]), *inside, _next_rate(high)})
    named, places = _apart(ticks)
    left, right = _deviate(np.array([ticks[0], ticks[-1]]))
    margin = 0.03 * (right - left)
    axes.set(**{f"{which}lim": (left - margin, right + margin)})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_ticks(places, [_named(rate) for rate in named], fontsize=8)


def _next_rate(high: float) -> float:
    return min((rate for rate in RATES if rate > high), default=RATES[-1])


def _apart(ticks: list[float]) -> tuple[list[float], NDArray[np.float64]]:
    """Those that can be named without running into each other, and their places on the axis."""
    places = _deviate(np.array(ticks))
    least = 0.045 * (places[-1] - places[0])
    kept = [0]
    for number in range(1, len(ticks)):
        if places[number] - places[kept[-1]] >= least:
            kept.append(number)
    return [ticks[number] for number in kept], places[kept]


def _named(rate: float) -> str:
    return f"$10^{{{round(np.log10(rate))}}}$" if rate < 1e-3 else f"{rate:g}"


def _histograms(figure: Figure, chart: HistogramChart) -> None:
    figure.set_size_inches(6.4, 1.2 + 3.2 * len(chart.panels))
    for number, panel in enumerate(chart.panels, 1):
        _panel(figure.add_subplot(len(chart.panels), 1, number), panel)


def _panel(axes: Axes, panel: Panel) -> None:
    most = max(int(counted.counts.max(initial=0)) for counted in (panel.genuine, panel.impostors))
    axes.set_ylim(0.7, 2.0 * max(5, most))  # before the scale: nothing at all could not be fitted to a logarithmic one
    axes.set_yscale("log")
    for counted, colour, label in (
        (panel.impostors, _IMPOSTORS, "different people"),
        (panel.genuine, _GENUINE, "same person"),
    ):
        axes.stairs(
            counted.counts,
            counted.edges,
            fill=True,
            alpha=0.5,
            color=colour,
            label=f"{label} ({counted.counts.sum():,})",
        )
    for mark in panel.marks:
        axes.axvline(mark.value, color="black", linewidth=1, label=mark.label)
    axes.set(xlabel=panel.x, ylabel="comparisons")
    axes.set_xlim(0, _upper(panel))
    axes.set_title(panel.title, fontsize=9)
    axes.legend(fontsize=8)


def _upper(panel: Panel) -> float:
    """The end of the last bin that holds anything, or a little beyond the last mark."""
    ends = [mark.value * 1.1 for mark in panel.marks]
    for counted in (panel.genuine, panel.impostors):
        filled = np.flatnonzero(counted.counts)
        ends += [float(counted.edges[filled[-1] + 1])] if len(filled) else []
    return max(ends, default=1.0)


def _sweep(figure: Figure, chart: SweepChart) -> None:
    axes = figure.add_subplot()
    colours: dict[str, str] = {}
    for line in chart.lines:
        kind = line.label.partition(",")[0]
        colour = colours.setdefault(kind, (_IMPOSTORS, _GENUINE)[len(colours) % 2])
        rates = np.maximum(line.y, chart.least)
        axes.plot(line.x, rates, "--" if line.dashed else "-", color=colour, label=line.label, marker=".")
    for mark in chart.marks:
        axes.axvline(mark.value, color="black", linewidth=1, label=mark.label)
    axes.set(xlabel=chart.x, ylabel="rate (0 at the lower edge)", yscale="log", ylim=(chart.least, 1))
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=8)


def _rates(figure: Figure, chart: RatesChart) -> None:
    figure.set_size_inches(6.4, 1.6 + (0.08 + 0.1 * len(chart.points)) * len(chart.rows))
    axes = figure.add_subplot()
    rows = np.arange(len(chart.rows), dtype=np.float64)
    positive = [rate for one in chart.points for rate in (*one.values, *one.high) if rate > 0]
    least = min(positive, default=1e-3) / 3
    for number, one in enumerate(chart.points):
        places = rows + 0.8 * (number + 0.5) / len(chart.points) - 0.4
        low, high = np.maximum(one.low, least), np.maximum(one.high, least)
        axes.hlines(places, low, high, color=f"C{number}", linewidth=1.2)
        axes.plot(
            np.where(one.values > 0, one.values, np.nan), places, "o", color=f"C{number}", markersize=4, label=one.label
        )
    axes.set(xlabel=chart.x, xscale="log", xlim=(least, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(rows, chart.rows, fontsize=8)
    axes.grid(alpha=0.3, axis="x", which="both")
    axes.legend(fontsize=8)


def _recall(figure: Figure, chart: RecallChart) -> None:
    axes = figure.add_subplot()
    for number, (line, (label, x, y)) in enumerate(zip(chart.lines, chart.points, strict=True)):
        axes.step(line.x, line.y, where="post", color=f"C{number}", label=line.label)
        axes.plot([x], [y], "o", color=f"C{number}", label=f"default: {label}")
    lowest = min((float(line.y.min()) for line in chart.lines if len(line.y)), default=0.0)
    axes.set(xlabel="false alarms per picture", ylabel="faces found", xscale="symlog", ylim=(min(lowest, 0.9), 1.005))
    axes.set_xscale("symlog", linthresh=0.01)
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right")
