"""The statistics of recorded decisions, as plots and tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from gallery.cli import long_table, statistics_plots
from gallery.cli.statistics_plots import Characters
from gallery.cli.tables import counted, plain_table, ranges
from gallery.domain.score_statistics import Course, Period, PersonScores, Scores, Unit
from gallery.usecases.statistics_charts import MOST_MARKS, label

_PERSON, _NUMBERS, _LEAST_SPAN, _MOST_SPAN = 14, 48, 12, 60
"""Columns of a name as a rule, of the numbers beside it, and of the line that shows them."""
_BAR, _MOST_BAR = 8, 40


def head(scores: Scores) -> str:
    """What the statistics are of, in a sentence."""
    numbers = ranges(run.id for run in scores.runs)
    name, model = ("Run" if len(scores.runs) == 1 else "Runs"), scores.runs[-1].space.model
    faces = f"{counted(len(scores.photo_run), 'photo')}, {counted(len(scores.face_photo), 'face')}"
    return f"{name} {numbers} of {model}: {faces}."


def write_histograms(out: Console, scores: Scores) -> None:
    """The kept faces above the blurred ones, by the distance to their closest person, on one axis."""
    used = statistics_plots.characters(out.encoding)
    size = statistics_plots.bins(out.width, len(scores.face_photo))
    marks, scale = list(scores.thresholds)[:MOST_MARKS], scores.scale()
    kinds = zip(("kept", "blurred"), scores.histograms(size), ("green", ""), strict=True)
    indent = 2
    for name, counted_faces, style in kinds:
        lines = list(statistics_plots.histogram(counted_faces.counts, [mark / scale for mark in marks], used))
        indent = len(str(int(counted_faces.counts.max(initial=0)))) + 2
        wide = len(str(len(scores.face_photo))) + 2
        out.print(Text(f"{name}: {counted(int(counted_faces.counts.sum()), 'face')}", "bold"))
        for line in lines:
            out.print(Text(" " * (wide - indent) + line, style, no_wrap=True, overflow="crop"))
    for line in statistics_plots.axis(size, scale, marks, len(str(len(scores.face_photo))) + 2, used):
        out.print(Text(line, no_wrap=True, overflow="crop"))
    out.print("cosine distance to the closest person")


def write_people(out: Console, found: Sequence[PersonScores], scores: Scores) -> None:
    """A line for each person: how many faces were kept and how far they were, and the nearest that was too far."""
    used = statistics_plots.characters(out.encoding)
    width = min(_MOST_SPAN, out.width - _PERSON - _NUMBERS)
    spans = width >= _LEAST_SPAN
    title = ["person", "kept", "in\ndoubt", "least", "median", "most", "too\nfar", "nearest\ntoo far"]
    rows = [_person(one, used) for one in found]
    if spans:
        title.append("distances")
        mark = next(iter(scores.thresholds), None) if len(scores.thresholds) == 1 else None
        rows = [
            [*row, statistics_plots.span(width, scores.scale(), _kept(one), one.nearest, mark, used)]
            for row, one in zip(rows, found, strict=True)
        ]
    _write(out, title, rows, frozenset(range(1, 8)))


def _person(one: PersonScores, used: Characters) -> list[str]:
    far = [used.none if value is None else f"{value:.3f}" for value in (one.least, one.median, one.most, one.nearest)]
    return [one.name, str(one.kept), str(one.doubtful), *far[:3], str(one.others), far[3]]


def _kept(one: PersonScores) -> tuple[float, float, float] | None:
    if one.least is None or one.median is None or one.most is None:
        return None
    return one.least, one.median, one.most


def write_course(out: Console, course: Course) -> None:
    """A line for each run, day, week, month or year, with the share of the faces that stayed visible."""
    used = statistics_plots.characters(out.encoding)
    width = max(_BAR, min(_MOST_BAR, out.width - 72))
    single = course.unit is Unit.RUN
    beside = "started (UTC)" if single else "runs"
    title = [course.unit.value, beside, "photos", "failed", "kept", "blurred", "review", "share", "kept"]
    rows = [
        [label(course.unit, one), one.start.isoformat() if single else str(len(one.runs)), *_period(one, width, used)]
        for one in course.periods
    ]
    _write(out, title, rows, frozenset(range(2 if single else 1, 8)))


def _period(one: Period, width: int, used: Characters) -> list[str]:
    numbers = (one.counts.images, one.counts.failed, one.counts.kept, one.counts.blurred, one.counts.waiting)
    if one.share is None:
        return [*map(str, numbers), used.none, ""]
    return [*map(str, numbers), f"{one.share:.0%}", statistics_plots.bar(one.share, width, used)]


def _write(out: Console, title: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int]) -> None:
    """A table whose first column gives way; thousands of rows in lines that are cut."""
    if len(rows) >= long_table.FROM:
        names = [name.replace("\n", " ") for name in title]
        long_table.write(out.file, out.width, names, rows, right, give=(0,))
        return
    table = plain_table()
    for place, name in enumerate(title):
        if place:
            table.add_column(name, justify="right" if place in right else "left", no_wrap=True)
        else:
            table.add_column(name, overflow="fold", min_width=4)
    for row in rows:
        table.add_row(*map(escape, row))
    out.print(table)
