"""The figures of recorded decisions, as plain data."""

from __future__ import annotations

from gallery.domain.charts import Chart, CourseChart, Mark, PeopleChart, ScoreChart, Span
from gallery.domain.score_statistics import Course, Period, PersonScores, Scores, Unit, over_time, people

BINS = 60
"""Of the histogram of distances."""
MOST_PEOPLE = 40
"""Who are drawn; of more, those with the most faces."""
MOST_MARKS = 3
"""Thresholds that are marked, those of the newest runs; more could not be told apart."""
DISTANCE = "cosine distance to the closest person"


def of_scores(scores: Scores) -> dict[str, Chart]:
    """Three figures by file name: distances, people, and the course of time."""
    model = scores.runs[-1].space.model if scores.runs else ""
    kept, blurred = scores.histograms(BINS)
    marks = tuple(Mark(f"threshold {value:.3f}", value) for value in list(scores.thresholds)[:MOST_MARKS])
    return {
        "scores.png": ScoreChart(f"Faces by distance, {model}", DISTANCE, kept, blurred, marks),
        "people.png": _people(people(scores), model, marks),
        "time.png": _course(over_time(scores)),
    }


def _people(found: list[PersonScores], model: str, marks: tuple[Mark, ...]) -> PeopleChart:
    often = sorted(found, key=lambda one: -(one.kept + one.others + one.doubtful))[:MOST_PEOPLE]
    shown = tuple(_span(one) for one in found if one in often)
    title = f"Distances by person, {model}"
    if len(shown) < len(found):
        title += f": the {len(shown)} with most faces of {len(found)}"
    return PeopleChart(title, DISTANCE, shown, marks)


def _span(one: PersonScores) -> Span:
    if one.least is None or one.median is None or one.most is None:
        return Span(one.name, None, one.nearest)
    return Span(one.name, (one.least, one.median, one.most), one.nearest)


def _course(course: Course) -> CourseChart:
    counts = [period.counts for period in course.periods]
    return CourseChart(
        f"Faces by {course.unit}",
        f"{course.unit}, UTC" if course.unit is not Unit.RUN else "run",
        tuple(label(course.unit, period) for period in course.periods),
        tuple(one.kept for one in counts),
        tuple(one.blurred - one.waiting for one in counts),
        tuple(one.waiting for one in counts),
    )


def label(unit: Unit, period: Period) -> str:
    """What a period is called: a run by its number, anything longer by its first day, month or year."""
    if unit is Unit.RUN:
        return str(period.runs[0])
    day = period.start.isoformat()
    return {Unit.MONTH: day[:7], Unit.YEAR: day[:4]}.get(unit, day)
