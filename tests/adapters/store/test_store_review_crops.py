"""Pictures for the review: kept with the record, removed to the last byte, never in a backup."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gallery.adapters.store import backup, health
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus

SETTINGS = RunSettings(
    "1", EmbeddingSpace("m", "a" * 64, "p", 4), "d", "d" * 64, Thresholds(0.5, 1.0), {}, {}, 1, 1, "out"
)
PICTURE = b"\xff\xd8" + bytes(range(256)) * 80
MARK = bytes(range(256))


def face(rule=Rule.GREY_BAND, x=0):
    decision = Decision(Verdict.BLUR, rule, "only just", Candidate("Ada", 1, 0.49, 0.9))
    return DecidedFace(Detection(Box(x, 0, 20, 20), 0.9), Quality(20, 9.0, True), decision)


IMAGE = ImageRecord(
    "a.jpg", ImageStatus.OK, "b" * 64, 9, 9, "out/a.jpg", "c" * 64, (face(Rule.COSINE), face(x=50), face(x=90))
)


@pytest.fixture
def kept(store):
    run = store.begin_run(SETTINGS)
    store.record(run, replace(IMAGE, source="first.jpg"))
    store.record(run, IMAGE, None, {1: PICTURE, 2: PICTURE[::-1]})
    store.end_run(run, RunStatus.FINISHED)
    return store


def holds(path, what=MARK):
    return [one.name for one in path.parent.iterdir() if what in one.read_bytes()]


def test_it_comes_back_by_run_photo_and_face(kept):
    assert kept.review_crop(1, 1, 2) == PICTURE
    assert kept.review_crop(1, 1, 3) == PICTURE[::-1]
    assert [kept.review_crop(*place) for place in ((1, 1, 1), (1, 0, 2), (1, 7, 2), (2, 1, 2))] == [None] * 4


def test_none_is_kept_of_a_face_that_waits_for_nobody(store):
    run = store.begin_run(SETTINGS)
    with pytest.raises(ValueError, match="no picture is kept"):
        store.record(run, IMAGE, None, {0: PICTURE})
    assert store.run(run).images == (), "all or nothing"


def test_removed_one_by_one_it_can_be_put_back_and_no_byte_is_left(kept, path):
    assert kept.drop_review_crop(1, 1, 2)
    assert not kept.drop_review_crop(1, 1, 2)
    kept.put_review_crop(1, 1, 2, PICTURE)
    assert kept.review_crop(1, 1, 2) == PICTURE
    assert kept.drop_review_crops(1) == 2
    kept.compact()
    assert holds(path) == holds(path, MARK[::-1]) == []


def test_a_backup_carries_none_and_the_gallery_keeps_its_own(kept, path):
    made = backup.make(path, None)
    with closing(sqlite3.connect(made.path)) as copy:
        assert copy.execute("SELECT count(*) FROM review_crop").fetchone() == (0,)
        assert copy.execute("SELECT count(*) FROM decision").fetchone() == (6,)
    kept.compact()
    assert holds(path) == [path.name], "not in the backup, nor in what lies beside it"


def test_they_go_with_an_amended_record(store):
    run = store.begin_run(SETTINGS)
    store.record(run, IMAGE, None, {1: PICTURE})
    failed = ImageRecord("a.jpg", ImageStatus.FAILED, "b" * 64, error="cut off")
    store.amend(run, failed, IMAGE)
    assert store.drop_review_crops(run) == 0


def test_the_check_knows_the_table(kept, path):
    assert health.check(path).findings == ()
    with closing(sqlite3.connect(path)) as bare:
        bare.execute("UPDATE review_crop SET picture = 'text'")
        bare.execute("INSERT INTO review_crop VALUES (999, x'00')")
        bare.commit()
    said = [str(finding) for finding in health.check(path).findings]
    assert any("picture cannot be read" in one for one in said)
    assert any("not there" in one for one in said)


def test_what_runs_did_with_photos_that_have_a_word(kept):
    assert kept.with_overrides() == []
    word = Override(0, "b" * 64, Box(50, 0, 20, 20), Verdict.KEEP, "a.jpg", "eve", datetime(2026, 5, 1, tzinfo=UTC))
    kept.add_override(word)
    found = kept.with_overrides()
    assert [(one.run, one.output, one.image.source) for one in found] == [(1, "out", "first.jpg"), (1, "out", "a.jpg")]
    assert found[1].image == kept.run(1).images[1]
    assert found[0].begun == kept.runs()[0].started


def test_a_word_on_a_face_removes_its_pictures_of_every_run(kept):
    again = kept.begin_run(SETTINGS)
    kept.record(again, IMAGE, None, {1: PICTURE, 2: PICTURE[::-1]})
    other = kept.begin_run(SETTINGS)
    kept.record(other, replace(IMAGE, sha256="e" * 64), None, {1: PICTURE})
    made = datetime(2026, 3, 4, tzinfo=UTC)
    kept.add_override(Override(0, "b" * 64, Box(51, 1, 20, 20), Verdict.BLUR, "a.jpg", "eve", made))
    assert [kept.review_crop(*place) for place in ((1, 1, 2), (again, 0, 2))] == [None, None]
    assert kept.review_crop(1, 1, 3) == kept.review_crop(again, 0, 3) == PICTURE[::-1]
    assert kept.review_crop(other, 0, 2) == PICTURE, "another photo"
