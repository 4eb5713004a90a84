"""What an earlier run did and verified is found again, whatever the record's length; a record can be put right."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest

from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import UnknownName
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import (
    DecidedFace,
    DoneBefore,
    ImageRecord,
    ImageStatus,
    RunSettings,
    Verification,
)
from gallery.testing import FakeStore

SETTINGS = RunSettings(
    "0", EmbeddingSpace("tiny", "a" * 64, "l2", 4), "yunet", "d" * 64, Thresholds(0.5, 1.0), {"x": 1}, {}, 2, 3, "out"
)
DONE = ImageRecord(
    "in/a.jpg",
    ImageStatus.OK,
    "1" * 64,
    640,
    480,
    "out/a.jpg",
    "2" * 64,
    verified=Verification.WRITTEN,
    state="3" * 64,
)
FACE = DecidedFace(
    Detection(Box(1, 2, 30, 40), 0.9),
    Quality(30, 9.0, True),
    Decision(Verdict.KEEP, Rule.MATCH, "matches Ada", Candidate("Ada", 1, 0.25, 0.7)),
)
BROKEN = replace(
    DONE, status=ImageStatus.FAILED, output=None, output_sha256=None, verified=None, error="The disk is full."
)


@pytest.fixture(params=["file", "fake"])
def either(request, store):
    return store if request.param == "file" else FakeStore()


def recorded(store, *images: ImageRecord, settings: RunSettings = SETTINGS) -> int:
    run = store.begin_run(settings)
    for image in images:
        store.record(run, image)
    return run


def ask(store, settings=SETTINGS, photo="1", state="3", output="2") -> DoneBefore | None:
    return store.done_before(settings.fingerprint, photo * 64, state * 64, output * 64)


def test_the_last_run_that_did_it_is_found(either):
    recorded(either, replace(DONE, source="other.jpg"))
    last = recorded(either, DONE)
    recorded(either, replace(DONE, sha256="9" * 64))

    assert ask(either) == DoneBefore(last, DONE)
    assert ask(either, replace(SETTINGS, output="elsewhere", identities=9)) == DoneBefore(last, DONE)


def test_what_differs_anywhere_was_not_done(either):
    assert ask(either) is None
    recorded(either, DONE)

    assert ask(either, photo="9") is None
    assert ask(either, state="9") is None
    assert ask(either, output="9") is None
    assert ask(either, replace(SETTINGS, detector="haar")) is None


@pytest.mark.parametrize(
    "image",
    [
        replace(DONE, verified=None),
        replace(DONE, state=None),
        replace(DONE, status=ImageStatus.DONE_BEFORE, earlier=1),
        BROKEN,
    ],
)
def test_what_was_not_done_and_verified_by_that_run_does_not_count(either, image):
    recorded(either, image)
    assert ask(either) is None


def test_runs_of_earlier_versions_do_not_count(path, store):
    recorded(store, DONE)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET settings_sha256 = NULL")
    assert ask(store) is None


def test_all_that_a_run_says_of_a_photo_comes_back(either):
    done = replace(DONE, faces=(replace(FACE, residual=0.75),), remarks=("A gain map was left out.", "Ünd \udce9."))
    before = replace(DONE, source="in/b.jpg", status=ImageStatus.DONE_BEFORE, earlier=1)
    leaky = replace(BROKEN, status=ImageStatus.UNVERIFIED)

    run = either.run(recorded(either, done, before, leaky, BROKEN))

    assert run.images == (done, before, leaky, BROKEN)
    assert (run.summary.images, run.summary.failed, run.summary.before) == (4, 2, 1)
    assert either.runs() == [run.summary]


def test_a_record_is_put_right(either):
    run = recorded(either, replace(DONE, faces=(FACE, FACE)), replace(DONE, source="in/b.jpg"))
    other = recorded(either, DONE)

    either.amend(run, BROKEN, DONE)

    assert either.run(run).images == (BROKEN, replace(DONE, source="in/b.jpg"))
    assert either.run(other).images == (DONE,)
    assert (either.run(run).summary.kept, either.run(run).summary.failed) == (0, 1)


def test_of_a_photo_that_was_given_twice_the_last_record_is_put_right(either):
    run = recorded(either, DONE, DONE)
    either.amend(run, BROKEN, DONE)
    assert either.run(run).images == (DONE, BROKEN)


def test_a_record_is_put_right_with_faces(either):
    run = recorded(either, replace(DONE, faces=(FACE,)))
    better = replace(DONE, faces=(replace(FACE, residual=0.5), FACE), verified=Verification.FULL)
    either.amend(run, better, replace(DONE, faces=(replace(FACE, residual=None),)))
    assert either.run(run).images == (better,)


def test_what_is_not_on_record_cannot_be_put_right(either):
    run = recorded(either, DONE)
    for other in (BROKEN, replace(DONE, output="elsewhere/a.jpg"), replace(DONE, output_sha256="0" * 64)):
        with pytest.raises(UnknownName, match="no such record"):
            either.amend(run, BROKEN, other)
    assert either.run(run).images == (DONE,)


def test_a_run_that_is_not_there_cannot_be_put_right(store):
    with pytest.raises(UnknownName, match="no run 7"):
        store.amend(7, BROKEN, DONE)


def test_a_residual_that_is_no_number_is_refused(store):
    run = recorded(store)
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="residual"):
            store.record(run, replace(DONE, faces=(replace(FACE, residual=wrong),)))
    assert store.run(run).images == ()


def test_who_is_kept_by_hand_or_in_vain_was_not_matched(store, space, make_reference):
    store.add("Ada", make_reference(), space)
    by_hand = replace(FACE, decision=replace(FACE.decision, rule=Rule.BY_HAND))
    recorded(store, replace(DONE, faces=(by_hand,)), replace(BROKEN, faces=(FACE,)))
    assert store.identity("Ada").last_matched is None
    recorded(store, replace(DONE, faces=(FACE,)))
    assert store.identity("Ada").last_matched is not None


def test_a_hundred_thousand_photos_are_searched_by_their_outputs(path, store):
    run = recorded(store, DONE)
    store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO run_image (run_id, source, status, sha256, output_sha256, remarks, verified, state, salt)"
            f" VALUES (?, ?, 'ok', ?, ?, '[]', 'full', ?, '{'5' * 32}')",
            ((run, f"in/{n}.jpg", f"{n:064x}", f"{n + 1:064x}", "3" * 64) for n in range(100_000)),
        )
        connection.executemany(
            "INSERT INTO run SELECT NULL, status, started, finished, program, model, model_sha256, preparation,"
            " dimension, detector, detector_sha256, cosine, euclidean, threshold_origin, policy, redaction, identities,"
            " templates, output, settings_sha256, by, salt, NULL, NULL, NULL FROM run WHERE id = ?",
            [(run,)] * 500,
        )
        plans = [
            " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
            for query in (
                "SELECT id FROM run_image WHERE output_sha256 = 'x' LIMIT 1",
                "SELECT run_image.run_id FROM run_image JOIN run ON run.id = run_image.run_id WHERE output_sha256 = 'x'"
                " AND run_image.sha256 = 'y' AND state = 'z' AND run_image.status = 'ok' AND verified IS NOT NULL"
                " AND settings_sha256 = 'w' ORDER BY run_image.id DESC LIMIT 1",
            )
        ]
    for plan in plans:
        assert "ix_run_image_output_sha256 (output_sha256=?)" in plan
        assert "SCAN" not in plan
    start = time.perf_counter()
    for n in range(100):
        assert store.outputs(f"{n * 900 + 1:064x}") == []
        found = store.done_before(SETTINGS.fingerprint, f"{n * 900:064x}", "3" * 64, f"{n * 900 + 1:064x}")
        assert found.run == run
        assert found.image.output_sha256 == f"{n * 900 + 1:064x}"
    assert time.perf_counter() - start < 5, "200 questions take a fraction of a second"
