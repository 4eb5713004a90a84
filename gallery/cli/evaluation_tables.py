"""The tables of `gallery evaluate`. They fit 80 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gallery.cli.tables import facts
from gallery.domain.error_rates import CONFIDENCE, least_fmr

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gallery.domain.detection_scoring import DetectionScore, ScorePoint
    from gallery.domain.error_rates import Rate
    from gallery.domain.identification import Tally
    from gallery.domain.metrics import Metric
    from gallery.domain.verification import MetricResult, OperatingPoint
    from gallery.usecases.evaluate_detection import DetectionResult
    from gallery.usecases.evaluate_identification import Identification, Setting
    from gallery.usecases.evaluate_verification import Scores, Verification

INTERVAL = f"{CONFIDENCE:.0%}".replace("%", " %")
"""The confidence of all intervals, as text."""

FALSE_ALARMS = 0.2
"""Per picture, at which detectors are compared: one in five pictures."""

SHARES = tuple(round(0.1 * step, 1) for step in range(5, 16))
"""Of a sweep, what the table shows."""


def ruled_table(title: str, caption: str = "") -> Table:
    """An empty table in the manner of all evaluations."""
    from rich import box

    return Table(
        title=Text(title, style="bold"),
        caption=Text(caption) if caption else None,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )


def numbers(table: Table, *names: str) -> None:
    """Gives a table columns for numbers."""
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)


def as_percent(share: float) -> str:
    """Two decimals, or three significant digits of what is smaller than a hundredth."""
    if not math.isfinite(share):
        return "–"
    percent = 100 * share
    return f"{percent:.2f} %" if percent >= 0.1 or percent == 0 else f"{percent:.2g} %"


def interval(rate: Rate) -> str:
    """Its ends as text."""
    return f"{_plain(100 * rate.low)}–{_plain(100 * rate.high)} %"


def _plain(percent: float) -> str:
    if percent == 0 or percent >= 99.995:
        return f"{percent:.0f}"
    return f"{percent:.1f}" if percent >= 10 else f"{percent:.2f}" if percent >= 0.01 else f"{percent:.1g}"


def _threshold(value: float) -> str:
    return f"{value:.4f}" if value < 10 else f"{value:.2f}" if value < 1e6 else "–"


def verification(result: Verification) -> RenderableType:
    """One detector with one embedder."""
    parts: list[RenderableType] = [
        facts(_verification_facts(result), f"{result.detector.name} and {result.embedder.name}")
    ]
    for scores in result.scores:
        words = "without the label errors" if scores.without_errors else "as labelled"
        parts += ["", _accuracy(scores, words, result.embedder.spec.measured), "", _points(scores, words)]
    return Group(*parts)


def _verification_facts(result: Verification) -> list[tuple[str, str]]:
    failures = result.failures
    lines = [("images", f"{result.images:,}, of {result.scores[0].people:,} people")]
    lines.append(("no face found", f"{len(failures.no_face)}, counted as infinitely far"))
    if failures.unreadable:
        lines.append(("unreadable", f"{len(failures.unreadable)}, counted as infinitely far"))
    if failures.not_as_meant:
        lines.append(("not aligned", f"{len(failures.not_as_meant)}, compared all the same"))
    if any(scores.without_errors for scores in result.scores):
        lines.append(("label errors", f"{result.scores[-1].left_out} listed pairs left out in the second reading"))
    lines.append(("intervals", f"Wilson, {INTERVAL}; ± is the standard error over the folds"))
    return lines


def _accuracy(scores: Scores, words: str, measured: bool) -> Table:
    first = next(iter(scores.metrics.values()))
    table = ruled_table(f"{len(first.genuine) + len(first.impostors):,} listed pairs, {words}")
    table.add_column("distance", no_wrap=True)
    numbers(table, "accuracy", "ROC area", "EER", "model's\nthreshold", "FMR\nthere", "FNMR\nthere")
    for metric, result in scores.metrics.items():
        table.add_row(metric.value, *_accuracy_cells(result), *(_own_cells(result.own) if measured else ["–"] * 3))
    return table


def _accuracy_cells(result: MetricResult) -> tuple[str, ...]:
    accuracy = result.accuracy
    return (
        f"{100 * accuracy.mean:.2f} ± {100 * accuracy.standard_error:.2f} %",
        f"{result.curve.auc:.5f}",
        as_percent(result.curve.eer),
    )


def _own_cells(own: OperatingPoint) -> tuple[str, str, str]:
    return _threshold(own.threshold), as_percent(own.fmr.value), as_percent(own.fnmr.value)


def _points(scores: Scores, words: str) -> Table:
    table = ruled_table(f"Misses at a false match rate, {words}")
    table.add_column("distance", no_wrap=True)
    numbers(table, "FMR", "threshold", "FNMR", INTERVAL)
    table.add_column("note", overflow="fold")
    _point_rows(table, {metric: result.points for metric, result in scores.metrics.items()}, "listed")
    if scores.impostors is not None:
        table.add_section()
        _point_rows(table, scores.points, "all")
    listed = next(iter(scores.metrics.values())).points[0].fmr.trials
    notes = [f"listed: {listed:,} impostor pairs of the list, {_supported(listed)}"]
    if scores.impostors is not None:
        count, failed = scores.impostors.count, scores.impostors.failed
        without = f", {failed:,} of them without a face" if failed else ""
        genuine = len(next(iter(scores.genuine.values())))
        notes.append(f"all: every pair of different people, {count:,}{without}, {_supported(count)}")
        notes.append(f"     against every pair of one person, {genuine:,}")
    table.caption = Text("\n".join([*notes, "both: the larger of the two distances as shares of the thresholds"]))
    return table


def _supported(comparisons: int) -> str:
    """The rule of three in words."""
    least = least_fmr(comparisons)
    return f"enough for FMR {least:.0e}" if least < 1 else "too few for any FMR"


def _point_rows(table: Table, points: dict[Metric, tuple[OperatingPoint, ...]], impostors: str) -> None:
    for metric, row in points.items():
        for point in row:
            note = impostors if point.supported else f"{impostors}, too few"
            table.add_row(
                metric.value,
                f"{point.target:.0e}",
                _threshold(point.threshold),
                as_percent(point.fnmr.value),
                interval(point.fnmr),
                note,
            )


def identification(result: Identification) -> RenderableType:
    """One detector with one embedder."""
    parts: list[RenderableType] = [
        facts(_identification_facts(result), f"{result.detector.name} and {result.embedder.name}")
    ]
    for setting in result.settings:
        parts += ["", _rules(result, setting)]
    parts += ["", _sweep(result.settings[0])]
    return Group(*parts)


def _identification_facts(result: Identification) -> list[tuple[str, str]]:
    probes, limits = result.probes, result.policy.thresholds
    skipped = ", ".join(f"{count} {why}" for why, count in sorted(result.skipped.items()))
    lines = [
        ("thresholds", f"cosine ≤ {limits.cosine:.3f}, Euclidean ≤ {_threshold(limits.euclidean)} ({limits.origin})"),
        ("gallery from", f"{result.people} people" + (f"; photos passed over: {skipped}" if skipped else "")),
        ("probes", f"{probes.photos} photos, {probes.faces} faces: {probes.named} named, {probes.strangers} strangers"),
        ("unlabelled", f"{probes.unlabelled} faces, not counted"),
        ("not detected", f"{probes.undetected} labelled faces; a missed face stays visible"),
    ]
    if probes.unreadable:
        lines.append(("unreadable", f"{len(probes.unreadable)} photos"))
    if result.plan.seed is not None:
        lines.append(("references", f"drawn by lot, {result.plan.repeats} times from seed {result.plan.seed} on"))
    lines.append(("intervals", f"Wilson, {INTERVAL}" + (", as for one draw" if result.plan.repeats > 1 else "")))
    return lines


def _rules(result: Identification, setting: Setting) -> Table:
    count = len(setting.enrolled)
    tally = setting.full.tally
    draws = f" in {result.plan.repeats} draws" if result.plan.repeats > 1 else ""
    caption = (
        f"FPIR: faces of people who are not enrolled, kept; {tally.fpir.trials} trials{draws}\n"
        f"FNIR: faces of enrolled people, not kept as themselves; {tally.fnir.trials} trials{draws}\n"
        f"Each of the {count} is a stranger to the other {count - 1} once. Under all rules {tally.misnamed} faces were "
        f"kept under another name, and {tally.waiting} wait for a person's word."
    )
    short = result.people - count
    if short:
        caption += f"\n{short} people with fewer references are not enrolled, and so strangers."
    title = f"{count} people, references each: {setting.references}, fusion: {setting.fusion.value}"
    table = ruled_table(title, caption)
    table.add_column("rules", overflow="fold", min_width=15)
    numbers(table, "FPIR", INTERVAL, "kept", "FNIR", INTERVAL, "missed")
    for number, rule in enumerate(setting.rules):
        if number and rule.label.startswith("all but") and not setting.rules[number - 1].label.startswith("all but"):
            table.add_section()
        table.add_row(rule.label, *rate_cells(rule.tally.fpir), *rate_cells(rule.tally.fnir))
    return table


def rate_cells(rate: Rate) -> tuple[str, str, str]:
    """Its value, interval and count."""
    return as_percent(rate.value), interval(rate), str(rate.hits)


def _sweep(setting: Setting) -> Table:
    table = ruled_table(f"Against the threshold; references each: {setting.references}, fusion: {setting.fusion.value}")
    numbers(table, "share", "cosine ≤", "euclid. ≤")
    numbers(table, "FPIR\nall rules", "FNIR\nall rules", "FPIR\nbare", "FNIR\nbare")
    table.caption = Text("bare: without the other rules; share: of the thresholds in use")
    for point in setting.sweep:
        if point.share in SHARES:
            limits = point.thresholds
            table.add_row(
                f"{point.share:.1f}",
                f"{limits.cosine:.3f}",
                _threshold(limits.euclidean),
                *_values(point.full),
                *_values(point.bare),
            )
    return table


def _values(tally: Tally) -> tuple[str, str]:
    return as_percent(tally.fpir.value), as_percent(tally.fnir.value)


def detection(results: Sequence[DetectionResult]) -> RenderableType:
    """All detectors side by side."""
    first = results[0].score
    caption = (
        f"A hit overlaps a labelled face by at least {first.overlap:g} (intersection over union).\n"
        f"≤ {FALSE_ALARMS:g} false: the most faces found with no more false alarms per picture.\n"
        f"Intervals: Wilson, {INTERVAL}."
    )
    table = ruled_table(f"{first.faces:,} faces in {first.images:,} pictures", caption)
    table.add_column("detector", no_wrap=True)
    table.add_column("at", no_wrap=True)
    numbers(table, "score ≥", "recall", INTERVAL, "false", "per picture")
    for result in results:
        table.add_row(escape(result.detector.name), "default", *_score_cells(result.score.default))
        best = result.score.at_false_alarms(FALSE_ALARMS)
        table.add_row("", f"≤ {FALSE_ALARMS:g} false", *(_score_cells(best) if best else ["–"] * 5))
    parts: list[RenderableType] = [table]
    for result in results:
        parts += ["", _by_size(result.detector.name, result.score)]
        if result.unreadable:
            parts.append(f"{len(result.unreadable)} pictures could not be read; their faces count as missed.")
    return Group(*parts)


def _score_cells(point: ScorePoint) -> tuple[str, ...]:
    return (
        f"{point.score:.3g}",
        as_percent(point.recall.value),
        interval(point.recall),
        str(point.false_alarms),
        f"{point.per_image:.3f}",
    )


def _by_size(name: str, score: DetectionScore) -> Table:
    table = ruled_table(f"{name} by face size, at its default")
    numbers(table, "longer side", "faces", "found", "recall", INTERVAL)
    for octave in score.octaves:
        recall = octave.recall
        table.add_row(
            f"{octave.low} to {octave.high - 1} px",
            str(recall.trials),
            str(recall.hits),
            as_percent(recall.value),
            interval(recall),
        )
    return table
