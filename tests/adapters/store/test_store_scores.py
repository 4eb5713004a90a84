"""What statistics read of a gallery is what its runs say, and what the fake store gives."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from decided_faces import blurred, kept
from gallery.domain.deciding import Rule
from gallery.domain.errors import UnknownName
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings, RunStatus
from gallery.testing import FakeStore

BOX = Box(1, 1, 30, 30)
SETTINGS = RunSettings(
    *("1", EmbeddingSpace("m", "0" * 64, "p", 4), "d", "0" * 64, Thresholds(0.5, 1.3, "made up")), {}, {}, 1, 1, "out"
)
OWN = replace(SETTINGS, policy={"personal": {"Anna": {"cosine": 0.1, "euclidean": 0.5, "origin": ""}}})
GROUP = ImageRecord(
    *("a.jpg", ImageStatus.OK, "a" * 64),
    faces=(kept(BOX, "Bob"), blurred(BOX), blurred(BOX, None), blurred(BOX, rule=Rule.GREY_BAND)),
)
AGAIN = replace(GROUP, status=ImageStatus.DONE_BEFORE, earlier=1)
BROKEN = ImageRecord("b.jpg", ImageStatus.FAILED, error="It is broken.")


def filled(store):
    for settings, images in ((SETTINGS, [GROUP, BROKEN]), (OWN, [AGAIN]), (SETTINGS, [])):
        number = store.begin_run(settings)
        for image in images:
            store.record(number, image)
        if number < 3:
            store.end_run(number, RunStatus.FINISHED)
    return store


@pytest.mark.parametrize("run", [None, 1, 2, 3])
def test_the_real_one_reads_what_the_fake_one_gives(store, run):
    found, wanted = filled(store).scores(run), filled(FakeStore()).scores(run)

    for one in fields(found):
        if one.name == "runs":
            assert [replace(of, started=wanted.runs[0].started) for of in found.runs] == list(wanted.runs)
        elif one.name == "names":
            assert found.names == wanted.names
        else:
            ours, theirs = getattr(found, one.name), getattr(wanted, one.name)
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


def test_what_is_read_is_what_was_recorded(store):
    found = filled(store).scores()

    assert found.names == ("Anna", "Bob")
    assert list(found.photo_failed) == [False, True, False]
    assert list(found.photo_earlier) == [0, 0, 1]
    assert list(found.face_photo) == [0, 0, 0, 0, 2, 2, 2, 2]
    assert list(found.waiting) == [False, False, False, True] * 2
    assert [(run.running, run.own) for run in found.runs] == [(False, 0), (False, 1), (True, 0)]


def test_of_a_pruned_run_the_numbers_are_read(store):
    filled(store).prune([1])
    found = store.scores()

    assert found.runs[0].pruned.kept == 1
    assert found.runs[0].pruned.images == 2
    assert list(found.photo_run) == [1]


def test_an_empty_gallery_and_an_unknown_run(store):
    assert store.scores().runs == ()
    with pytest.raises(UnknownName, match="no run 7"):
        store.scores(7)
    with pytest.raises(UnknownName):
        FakeStore().scores(7)
