"""The figures of an evaluation, as plain data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gallery.domain.charts import Chart, DetChart, HistogramChart, Line, Mark, Panel, RecallChart, SweepChart
from gallery.domain.error_rates import Curve, Distances
from gallery.domain.histograms import histogram
from gallery.domain.metrics import Metric, Vector
from gallery.domain.models import ModelCard, Normalisation
from gallery.domain.verification import own_thresholds
from gallery.usecases.evaluate_detection import DetectionResult
from gallery.usecases.evaluate_identification import Identification, Setting
from gallery.usecases.evaluate_verification import Scores, Verification

BINS = 80
"""Of a histogram of a list of pairs."""


def of_verification(results: Sequence[Verification]) -> dict[str, Chart]:
    """A DET figure of all results together, and histograms of each, by file name."""
    lines = tuple(
        line for result in results for scores in result.scores for line in _det_lines(result, scores, len(results) > 1)
    )
    charts: dict[str, Chart] = {"det.png": DetChart("Verification", "false match rate", "false non-match rate", lines)}
    for result in results:
        name = f"{result.detector.name}-{result.embedder.name}"
        title = f"{result.detector.name} and {result.embedder.name}"
        charts[f"scores-{name}.png"] = HistogramChart(title, _panels(result.embedder, result.scores[-1]))
    return charts


def _metrics(embedder: ModelCard) -> tuple[Metric, ...]:
    """On vectors of length one all metrics say the same."""
    return (Metric.COSINE,) if embedder.spec.normalisation is Normalisation.L2 else tuple(Metric)


def _det_lines(result: Verification, scores: Scores, several: bool) -> list[Line]:
    lines = []
    for metric in _metrics(result.embedder):
        words = [*([result.detector.name, result.embedder.name] if several else []), metric.value]
        label = " ".join(words) + (", without label errors" if scores.without_errors else "")
        found = scores.metrics[metric]
        lines.append(_det_line(f"{label}, listed pairs", found.curve, dashed=scores.impostors is not None))
        if scores.impostors is not None:
            lines.append(_det_line(f"{label}, all impostors", scores.impostors.curve(metric, scores.genuine[metric])))
    return lines


def _det_line(label: str, curve: Curve, dashed: bool = False) -> Line:
    return Line(label, curve.fmr, curve.fnmr, dashed)


def _panels(embedder: ModelCard, scores: Scores) -> tuple[Panel, ...]:
    own = own_thresholds(embedder.spec.thresholds)
    panels = []
    for metric in _metrics(embedder):
        found = scores.metrics[metric]
        if scores.impostors is not None:
            impostors, title = scores.impostors.histograms[metric], "all pairs of one person, all of different people"
            edges, genuine = impostors.edges, scores.genuine[metric]
        else:
            edges, genuine = _edges(found.genuine, found.impostors), found.genuine
            impostors, title = histogram(found.impostors, edges), "listed pairs"
        marks = (Mark(f"threshold {own[metric]:.4g}", own[metric]),) if embedder.spec.measured else ()
        panels.append(Panel(title, _distance(metric), histogram(genuine, edges), impostors, marks))
    return tuple(panels)


def _distance(metric: Metric) -> str:
    return {
        Metric.COSINE: "cosine distance",
        Metric.EUCLIDEAN: "Euclidean distance",
        Metric.BOTH: "both, as shares of the thresholds",
    }[metric]


def _edges(*distances: Distances) -> Vector:
    values = np.concatenate([np.asarray(d, np.float64) for d in distances])
    finite = values[np.isfinite(values)]
    high = float(finite.max()) if len(finite) else 1.0
    return np.linspace(0, max(high, 1e-6), BINS + 1)


def of_identification(result: Identification) -> dict[str, Chart]:
    """Both rates against the threshold, against each other, and the distances of the first setting."""
    first = result.settings[0]
    own = result.policy.thresholds.cosine
    edges = _edges(first.mated, first.non_mated)
    panel = Panel(
        f"closest person, {len(first.enrolled)} enrolled, references each: {first.references}",
        "cosine distance",
        histogram(first.mated, edges),
        histogram(first.non_mated, edges),
        (Mark(f"threshold {own:.4g}", own),),
    )
    lines = tuple(_rate_line(setting, result) for setting in result.settings)
    title = f"Identification, {result.detector.name} and {result.embedder.name}"
    size = f"{title}, {len(first.enrolled)} enrolled, references each: {first.references}"
    return {
        "sweep.png": _sweep_chart(size, result, first),
        "det.png": DetChart(title, "false positive identification rate", "false negative identification rate", lines),
        "scores.png": HistogramChart(title, (panel,)),
    }


def _rate_line(setting: Setting, result: Identification) -> Line:
    words = f"references {setting.references}, {setting.fusion.value}" if len(result.settings) > 1 else "all rules"
    fpir = np.array([point.full.fpir.value for point in setting.sweep])
    fnir = np.array([point.full.fnir.value for point in setting.sweep])
    return Line(words, fpir, fnir)


def _sweep_chart(title: str, result: Identification, setting: Setting) -> SweepChart:
    x = np.array([point.thresholds.cosine for point in setting.sweep])
    lines = []
    for label, dashed in (("all rules", False), ("thresholds only", True)):
        tallies = [point.bare if dashed else point.full for point in setting.sweep]
        lines.append(Line(f"FPIR, {label}", x, np.array([t.fpir.value for t in tallies]), dashed))
        lines.append(Line(f"FNIR, {label}", x, np.array([t.fnir.value for t in tallies]), dashed))
    trials = max(1, min(setting.full.tally.fpir.trials, setting.full.tally.fnir.trials))
    own = result.policy.thresholds.cosine
    return SweepChart(
        title,
        "cosine threshold (the Euclidean one moves along)",
        tuple(lines),
        (Mark(f"in use: {own:.4g}", own),),
        1 / trials,
    )


def of_detection(results: Sequence[DetectionResult]) -> dict[str, Chart]:
    """Recall against false alarms, and the default scores."""
    lines, points = [], []
    for result in results:
        curve = result.score.curve
        x, y = np.array([p.per_image for p in curve]), np.array([p.recall.value for p in curve])
        lines.append(Line(result.detector.name, x, y))
        default = result.score.default
        label = f"{result.detector.name}, score {default.score:g}" if default.score > 0 else result.detector.name
        points.append((label, default.per_image, default.recall.value))
    overlap = results[0].score.overlap
    return {"recall.png": RecallChart(f"Detection, overlap at least {overlap:g}", tuple(lines), tuple(points))}
