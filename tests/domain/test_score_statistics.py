"""Statistics of recorded decisions, compared with what they come to when they are counted one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.deciding import Rule
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import Counts
from gallery.domain.score_statistics import RULES, ScoredRun, Scores, Unit, of_one_model, over_time, people

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SPACE = EmbeddingSpace("m", "a" * 64, "p", 4)
OTHER = EmbeddingSpace("n", "b" * 64, "p", 4)
NAMES = ("Bob", "ada")

FACES = st.tuples(st.sampled_from(RULES), st.sampled_from([0, 1]), st.floats(0, 1.5))
PHOTOS = st.tuples(st.booleans(), st.lists(FACES, max_size=4))
RUNS = st.lists(st.lists(PHOTOS, max_size=3), min_size=1, max_size=4)


def run(number: int, day: int = 0, space: EmbeddingSpace = SPACE, cosine: float = 0.5, **others) -> ScoredRun:
    return ScoredRun(number, START + timedelta(days=day), False, space, Thresholds(cosine, 1), **others)


def scores(*photos: list, runs: tuple[ScoredRun, ...] | None = None, earlier=()) -> Scores:
    """Of runs that are lists of photos, each whether it failed and its faces: rule, person and distance."""
    flat = [(place, failed, faces) for place, of in enumerate(photos) for failed, faces in of]
    faces = [(place, *face) for place, (_, _, of) in enumerate(flat) for face in of]
    nobody = [face[1] in (Rule.NOBODY, Rule.NOBODY_KEPT) for face in faces]
    return Scores(
        runs or tuple(run(number) for number in range(1, len(photos) + 1)),
        NAMES,
        np.array([place for place, _, _ in flat], np.int64),
        np.array([failed for _, failed, _ in flat], np.bool_),
        np.array(earlier or [0] * len(flat), np.int64),
        np.array([face[0] for face in faces], np.int64),
        np.array([face[1] is Rule.MATCH for face in faces], np.bool_),
        np.array([RULES.index(face[1]) for face in faces], np.int64),
        np.array([-1 if none else face[2] for face, none in zip(faces, nobody, strict=True)], np.int64),
        np.array([np.nan if none else face[3] for face, none in zip(faces, nobody, strict=True)], np.float64),
    )


@given(RUNS)
def test_every_face_is_in_its_histogram(runs):
    found = scores(*runs)
    kept, blurred = found.histograms(20)
    faces = [face for of in runs for _, faces in of for face in faces if face[0] not in (Rule.NOBODY, Rule.NOBODY_KEPT)]

    assert kept.counts.sum() == sum(face[0] is Rule.MATCH for face in faces)
    assert kept.counts.sum() + blurred.counts.sum() == len(faces)
    assert found.scale() >= max([0.5, *(face[2] for face in faces)])


@given(RUNS)
def test_people_are_counted_one_by_one(runs):
    found = {one.name: one for one in people(scores(*runs))}
    faces = [face for of in runs for _, faces in of for face in faces if face[0] not in (Rule.NOBODY, Rule.NOBODY_KEPT)]

    assert set(found) == {NAMES[face[1]] for face in faces}
    for name, one in found.items():
        own = [face for face in faces if NAMES[face[1]] == name]
        kept = [face[2] for face in own if face[0] is Rule.MATCH]
        far = [face[2] for face in own if face[0] in (Rule.COSINE, Rule.EUCLIDEAN)]
        assert (one.kept, one.others) == (len(kept), len(far))
        assert one.median == (median(kept) if kept else None) or one.median == pytest.approx(median(kept))
        assert (one.least, one.most) == ((min(kept), max(kept)) if kept else (None, None))
        assert one.nearest == (min(far) if far else None)


@given(RUNS, st.sets(st.integers(1, 4)))
def test_some_runs_are_what_they_are_by_themselves(runs, wanted):
    found = scores(*runs).of_runs(lambda one: one.id in wanted)
    alone = [of for number, of in enumerate(runs, 1) if number in wanted]

    counts = [period.counts for period in over_time(found).periods]
    assert [one.images for one in counts] == [len(of) for of in alone]
    assert [one.failed for one in counts] == [sum(failed for failed, _ in of) for of in alone]
    assert [one.kept + one.blurred for one in counts] == [sum(len(faces) for _, faces in of) for of in alone]
    assert list(found.face_cosine[found.compared]) == [
        face[2] for of in alone for _, faces in of for face in faces if face[0] not in (Rule.NOBODY, Rule.NOBODY_KEPT)
    ]


MATCH = (Rule.MATCH, 0, 0.2)


def test_a_photo_done_before_counts_once():
    found = scores([(False, [MATCH])], [(False, [MATCH])], earlier=[0, 1])

    assert len(found.of_runs(lambda _: True).face_photo) == 1
    assert len(found.of_runs(lambda one: one.id == 2).face_photo) == 1, "where the earlier run is not looked at"


def test_models_are_never_mixed():
    runs = (run(1), run(2, space=OTHER), run(3, space=replace(OTHER, preparation="q")))
    found = scores(*[[(False, [MATCH])]] * 3, runs=runs)

    assert [one.id for one in of_one_model(found).runs] == [3]
    assert [one.id for one in of_one_model(found, "n").runs] == [3]
    assert [one.id for one in of_one_model(found, "m").runs] == [1]
    assert of_one_model(found, "none").runs == ()


def test_time_is_by_run_or_by_longer_and_longer_periods():
    def unit(days: int, step: int) -> Unit:
        return over_time(scores(*[[]] * days, runs=tuple(run(n + 1, n * step) for n in range(days)))).unit

    assert unit(24, 1) is Unit.RUN
    assert unit(25, 0) is Unit.RUN, "a day has no shorter periods"
    assert unit(25, 3) is Unit.WEEK
    assert unit(60, 7) is Unit.MONTH
    assert unit(60, 30) is Unit.YEAR


def test_a_week_begins_on_monday_and_sums_its_runs():
    runs = tuple(run(n + 1, n) for n in range(30))
    course = over_time(scores(*[[(False, [MATCH])]] * 30, runs=runs))

    assert course.unit is Unit.WEEK
    assert {period.start.weekday() for period in course.periods} == {0}
    assert course.periods[0].runs == (1, 2, 3, 4), "the first of January 2026 is a Thursday"
    assert [period.counts.kept for period in course.periods] == [4, 7, 7, 7, 5]
    assert course.periods[0].share == 1


def test_of_a_pruned_run_the_numbers_are_left():
    gone = Counts(9, 1, 2, 3, 1, 4)
    course = over_time(scores([], [(False, [MATCH])], runs=(run(1, pruned=gone), run(2))))

    assert [period.counts for period in course.periods] == [gone, Counts(1, 0, 1, 0, 0, 0)]
    assert over_time(scores([(False, [])])).periods[0].share is None


def test_thresholds_are_listed_from_the_newest_run():
    found = scores([], [], [], runs=(run(1, cosine=0.4), run(2, cosine=0.5), run(3, cosine=0.4)))

    assert list(found.thresholds.items()) == [(0.4, [1, 3]), (0.5, [2])]


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="differ in length"):
        replace(scores([]), face_kept=np.zeros(1, np.bool_))
    with pytest.raises(ValueError, match="distance"):
        replace(scores([(False, [MATCH])]), face_cosine=np.array([np.nan]))
