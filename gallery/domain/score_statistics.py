"""How far faces were from their closest person, over runs: how many at which distance, for whom, and when.

Distances of different models cannot be compared, so statistics are of runs of one model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gallery.domain.deciding import WAITING, Rule
from gallery.domain.histograms import Histogram, histogram
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import name_key
from gallery.domain.runs import Counts

RULES = tuple(Rule)
"""Rules by their places, as `Scores` has them."""
SCALE = 0.05
"""Axes of distances end at a multiple of it."""
FARTHEST = 2.0
"""The largest cosine distance there is."""
MOST_PERIODS = 24
"""Runs, days or weeks that are listed; if there are more, longer periods are made of them."""

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """What is to be known of a run for its statistics.

    Attributes:
        id: Its number.
        started: In UTC.
        running: Whether it is still going on.
        space: Where its distances belong.
        thresholds: Everybody's.
        own: How many people had thresholds of their own.
        pruned: What was counted before its photos and decisions were removed; None while they are there.
    """

    id: int
    started: datetime
    running: bool
    space: EmbeddingSpace
    thresholds: Thresholds
    own: int = 0
    pruned: Counts | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """All photos and decisions of some runs, as columns.

    Attributes:
        runs: R of them, by number.
        names: N people, each once.
        photo_run: `(P,)`: for each photo the place of its run in `runs`.
        photo_failed: `(P,)`: whether nothing came of it.
        photo_earlier: `(P,)`: the number of the run that had done it before; 0 if none had.
        face_photo: `(F,)`: for each face the place of its photo.
        face_kept: `(F,)`: whether it stayed visible.
        face_rule: `(F,)`: the place in `RULES` of the rule that decided.
        face_person: `(F,)`: the place in `names` of the closest person; -1 where it was compared with nobody.
        face_cosine: `(F,)`: the cosine distance to them; not a number where it was compared with nobody.
    """

    runs: tuple[ScoredRun, ...]
    names: tuple[str, ...]
    photo_run: Places
    photo_failed: Flags
    photo_earlier: Places
    face_photo: Places
    face_kept: Flags
    face_rule: Places
    face_person: Places
    face_cosine: NDArray[np.float64]

    def __post_init__(self) -> None:
        photos = {len(column) for column in (self.photo_run, self.photo_failed, self.photo_earlier)}
        faces = {
            len(column)
            for column in (self.face_photo, self.face_kept, self.face_rule, self.face_person, self.face_cosine)
        }
        if len(photos) != 1 or len(faces) != 1:
            raise ValueError(f"columns differ in length: {sorted(photos)} photos, {sorted(faces)} faces")
        if not np.array_equal(np.isnan(self.face_cosine), self.face_person < 0):
            raise ValueError("a face has a distance if and only if it was compared with somebody")

    @property
    def compared(self) -> Flags:
        """`(F,)`: which faces were compared with somebody."""
        return self.face_person >= 0

    @property
    def waiting(self) -> Flags:
        """`(F,)`: which faces wait for a person's word."""
        return np.isin(self.face_rule, [RULES.index(rule) for rule in WAITING])

    @property
    def thresholds(self) -> dict[float, list[int]]:
        """Everybody's cosine thresholds, each with the numbers of its runs, the newest run's first."""
        found: dict[float, list[int]] = {}
        for run in reversed(self.runs):
            found.setdefault(run.thresholds.cosine, []).insert(0, run.id)
        return found

    def cosines(self, kept: bool) -> NDArray[np.float64]:
        """The distances of the faces that were kept, or blurred; at least 0, which rounding can fall short of."""
        return np.asarray(np.maximum(self.face_cosine[self.compared & (self.face_kept == kept)], 0), np.float64)

    def histograms(self, bins: int) -> tuple[Histogram, Histogram]:
        """How many kept and how many blurred faces there are at which distance, in bins from 0 to beyond the last."""
        edges = np.linspace(0, self.scale(), bins + 1)
        return histogram(self.cosines(kept=True), edges), histogram(self.cosines(kept=False), edges)

    def scale(self) -> float:
        """Where an axis ends that holds all distances and thresholds."""
        farthest = max([*(run.thresholds.cosine for run in self.runs), float(self._farthest())], default=0.0)
        steps = math.floor(farthest / SCALE + 1e-9) + 1
        return min(FARTHEST, round(steps * SCALE, 2))

    def _farthest(self) -> float:
        return float(np.max(self.face_cosine, where=self.compared, initial=0))

    def of_runs(self, wanted: Callable[[ScoredRun], bool]) -> Scores:
        """Only some of the runs. A photo that one of them had done before is counted in that one only."""
        places = [place for place, run in enumerate(self.runs) if wanted(run)]
        runs = tuple(self.runs[place] for place in places)
        again = np.isin(self.photo_earlier, [run.id for run in runs if run.pruned is None])
        photos = np.isin(self.photo_run, places) & ~again
        faces = photos[self.face_photo]
        return replace(
            self,
            runs=runs,
            photo_run=np.searchsorted(places, self.photo_run[photos]),
            photo_failed=self.photo_failed[photos],
            photo_earlier=self.photo_earlier[photos],
            face_photo=(np.cumsum(photos) - 1)[self.face_photo[faces]],
            face_kept=self.face_kept[faces],
            face_rule=self.face_rule[faces],
            face_person=self.face_person[faces],
            face_cosine=self.face_cosine[faces],
        )


def of_one_model(scores: Scores, model: str | None = None) -> Scores:
    """The runs of one model: that of the newest run, or of the newest run of a model of that name.

    Runs of the same name whose distances cannot be compared are left out, too.
    """
    named = [run for run in scores.runs if model in (None, run.space.model)]
    if not named:
        return scores.of_runs(lambda _: False)
    return scores.of_runs(lambda run: run.space.comparable(named[-1].space))


@dataclass(frozen=True, slots=True)
class PersonScores:
    """The faces whose closest person somebody is.

    Attributes:
        name: The person's.
        kept: Faces that were kept because they matched.
        doubtful: Faces that matched within both thresholds, and were blurred for another doubt.
        others: Faces that were blurred because they were too far away.
        least: Smallest cosine distance of those kept; None if there is none.
        median: Their median.
        most: Their largest.
        nearest: Smallest cosine distance of those too far away.
    """

    name: str
    kept: int
    doubtful: int
    others: int
    least: float | None
    median: float | None
    most: float | None
    nearest: float | None


def people(scores: Scores) -> list[PersonScores]:
    """Everybody who is closest to some face, by name. What was decided by hand says nothing of anybody's distances."""
    order = np.argsort(scores.face_person, kind="stable")
    owners = scores.face_person[order]
    places, starts = np.unique(owners, return_index=True)
    groups = np.split(order, starts[1:])
    found = [
        _of_person(scores, scores.names[place], rows) for place, rows in zip(places, groups, strict=False) if place >= 0
    ]
    return sorted(found, key=lambda one: name_key(one.name))


def _of_person(scores: Scores, name: str, rows: Places) -> PersonScores:
    rules, cosines = scores.face_rule[rows], scores.face_cosine[rows]
    kept = cosines[rules == RULES.index(Rule.MATCH)]
    others = cosines[np.isin(rules, [RULES.index(Rule.COSINE), RULES.index(Rule.EUCLIDEAN)])]
    return PersonScores(
        name,
        len(kept),
        int(scores.waiting[rows].sum()),
        len(others),
        float(kept.min()) if len(kept) else None,
        float(np.median(kept)) if len(kept) else None,
        float(kept.max()) if len(kept) else None,
        float(others.min()) if len(others) else None,
    )


class Unit(StrEnum):
    """How long a period is."""

    RUN = "run"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Period:
    """The runs of one period.

    Attributes:
        start: Its first day, in UTC; of a single run its own.
        runs: Their numbers.
        counts: Their photos and faces. Photos that another of the runs had done are counted there.
    """

    start: date
    runs: tuple[int, ...]
    counts: Counts

    @property
    def share(self) -> float | None:
        """Share of the faces that stayed visible; None where there was no face."""
        faces = self.counts.kept + self.counts.blurred
        return self.counts.kept / faces if faces else None


@dataclass(frozen=True, slots=True)
class Course:
    """Runs in the order of time.

    Attributes:
        unit: How long each period is.
        periods: Those in which there was a run, the first first.
    """

    unit: Unit
    periods: tuple[Period, ...]


_STARTS: dict[Unit, Callable[[date], date]] = {
    Unit.DAY: lambda day: day,
    Unit.WEEK: lambda day: day - timedelta(days=day.weekday()),
    Unit.MONTH: lambda day: day.replace(day=1),
    Unit.YEAR: lambda day: day.replace(month=1, day=1),
}


def over_time(scores: Scores, most: int = MOST_PERIODS) -> Course:
    """What came of the runs one after the other: each by itself, or if they are many by day, week, month or year.

    Args:
        scores: Of these runs.
        most: Periods there may be; there can be more only of years, and of runs of a single day.
    """
    counts = _counts(scores)
    if len(scores.runs) <= most or len({run.started.date() for run in scores.runs}) == 1:
        single = (Period(run.started.date(), (run.id,), of) for run, of in zip(scores.runs, counts, strict=True))
        return Course(Unit.RUN, tuple(single))
    courses = [Course(unit, tuple(_periods(scores.runs, counts, start_of))) for unit, start_of in _STARTS.items()]
    return next((course for course in courses if len(course.periods) <= most), courses[-1])


def _periods(runs: Sequence[ScoredRun], counts: Sequence[Counts], start_of: Callable[[date], date]) -> Iterator[Period]:
    grouped: dict[date, list[int]] = {}
    for place, run in enumerate(runs):
        grouped.setdefault(start_of(run.started.date()), []).append(place)
    for start, places in sorted(grouped.items()):
        summed = Counts(*map(sum, zip(*(astuple(counts[place]) for place in places), strict=True)))
        yield Period(start, tuple(runs[place].id for place in places), summed)


def _counts(scores: Scores) -> list[Counts]:
    """Photos and faces of each run."""
    size, face_run = len(scores.runs), scores.photo_run[scores.face_photo]

    def tally(places: Places) -> list[int]:
        return [int(number) for number in np.bincount(places, minlength=size)]

    columns = (
        tally(scores.photo_run),
        tally(scores.photo_run[scores.photo_failed]),
        tally(face_run[scores.face_kept]),
        tally(face_run[~scores.face_kept]),
        tally(face_run[scores.waiting]),
        tally(scores.photo_run[scores.photo_earlier > 0]),
    )
    return [run.pruned or Counts(*numbers) for run, *numbers in zip(scores.runs, *columns, strict=True)]
