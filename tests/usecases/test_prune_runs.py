"""Removing the record of old runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.domain.errors import TrailBroken
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings, RunStatus
from gallery.testing import LONG_AGO, FakeStore
from gallery.usecases.prune_runs import PruneRuns

SETTINGS = RunSettings(
    "0", EmbeddingSpace("m", "0" * 64, "p", 4), "d", "0" * 64, Thresholds(0.5, 1.0), {}, {}, 2, 2, "out"
)


@pytest.fixture
def store() -> FakeStore:
    made = FakeStore()
    for _ in range(2):
        run = made.begin_run(SETTINGS)
        made.record(run, ImageRecord("a.jpg", ImageStatus.OK))
        made.end_run(run, RunStatus.FINISHED)
    return made


def test_only_old_runs_are_removed(store):
    young = PruneRuns(store, "anna", lambda: LONG_AGO + timedelta(days=3))
    assert young.planned(timedelta(days=3)) == []
    old = PruneRuns(store, "anna", lambda: LONG_AGO + timedelta(days=4))
    planned = old.planned(timedelta(days=3))
    assert [run.id for run in planned] == [1, 2]
    old(planned[:1])
    assert [len(store.run(number).images) for number in (1, 2)] == [0, 1]
    assert [run.id for run in old.planned(timedelta(days=3))] == [2]


def test_a_broken_record_is_left_as_it_is(store):
    store.misfit = "Run 1 is not as it was written."
    use = PruneRuns(store, "anna", lambda: LONG_AGO + timedelta(days=4))
    with pytest.raises(TrailBroken):
        use(use.planned(timedelta(days=3)))
    assert len(store.run(1).images) == 1
