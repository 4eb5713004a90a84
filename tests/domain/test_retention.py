"""Which runs are too old."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gallery.domain.errors import BadArgument
from gallery.domain.models import Thresholds
from gallery.domain.retention import age, too_old
from gallery.domain.runs import RunStatus, RunSummary
from gallery.testing import LONG_AGO

RUN = RunSummary(1, RunStatus.FINISHED, LONG_AGO, LONG_AGO, "m", "d", Thresholds(0.5, 1), 3, 1, 1, 2, 0)
DAY = timedelta(days=1)


@pytest.mark.parametrize(("text", "days"), [("90d", 90), ("12w", 84), ("2y", 730), (" 1D ", 1), ("0d", 0)])
def test_ages(text, days):
    assert age(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "3m", "999999d", "٣d", "1d2w"])
def test_no_ages(text):
    with pytest.raises(BadArgument, match="is no age"):
        age(text)


def test_a_run_counts_from_its_end():
    run = replace(RUN, finished=LONG_AGO + DAY)
    assert too_old([run], DAY, LONG_AGO + 2 * DAY) == []
    assert too_old([run], DAY, LONG_AGO + 2 * DAY + timedelta(microseconds=1)) == [run]


def test_one_that_may_be_going_on_is_kept_for_a_day_at_least():
    run = replace(RUN, status=RunStatus.RUNNING, finished=None)
    assert too_old([run], timedelta(0), LONG_AGO + DAY) == []
    assert too_old([run], timedelta(0), LONG_AGO + DAY * 1.01) == [run]
    assert too_old([run], 5 * DAY, LONG_AGO + 2 * DAY) == []


def test_the_oldest_comes_first_and_none_is_pruned_twice():
    runs = [replace(RUN, id=3), replace(RUN, id=2, pruned=LONG_AGO, pruned_by=""), replace(RUN, id=1)]
    assert [run.id for run in too_old(runs, DAY, LONG_AGO + 9 * DAY)] == [1, 3]
