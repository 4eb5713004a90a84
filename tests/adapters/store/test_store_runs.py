"""The audit trail comes back as it was recorded."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary
from sqlalchemy.exc import IntegrityError, StatementError

from gallery.adapters.store import SqliteStore, run_reading
from gallery.adapters.store.tables import DecisionRow, RunRow
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import UnknownName
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus, Verification

SETTINGS = RunSettings(
    program="0.1.0",
    space=EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, l2, 4-d", 4),
    detector="yunet",
    detector_sha256="d" * 64,
    thresholds=Thresholds(0.535, 1.034, "made up"),
    policy={"once_per_photo": True, "grey_band": 0.05},
    redaction={"method": "blur", "cells": [5, 5]},
    identities=2,
    templates=3,
    output="out",
)
ADA, GRACE = Candidate("Ada", 1, 0.25, 0.7), Candidate("Grace", 2, 0.9, 1.3)


def face(decision: Decision, x: int = 0) -> DecidedFace:
    return DecidedFace(Detection(Box(x, 2, 30, 40), 0.9), Quality(30, 12.5, True), decision)


def kept() -> DecidedFace:
    return face(Decision(Verdict.KEEP, Rule.MATCH, "matches Ada", ADA, GRACE))


def blurred(rule: Rule = Rule.COSINE) -> DecidedFace:
    return face(Decision(Verdict.BLUR, rule, "too far", GRACE, ADA))


def image(*faces: DecidedFace, source: str = "in/a.jpg") -> ImageRecord:
    return ImageRecord(source, ImageStatus.OK, "b" * 64, 640, 480, "out/a.jpg", "c" * 64, faces)


FAILED = ImageRecord("in/b.jpg", ImageStatus.FAILED, error="in/b.jpg is cut off")


def test_a_run_comes_back_as_it_was_recorded(store):
    number = store.begin_run(SETTINGS)
    images = (image(kept(), blurred()), FAILED, image(source="in/c.jpg"))
    for one in images:
        store.record(number, one)
    store.end_run(number, RunStatus.FINISHED)
    run = store.run(number)
    assert run.settings == SETTINGS
    assert run.images == images
    summary = run.summary
    assert (summary.id, summary.status, summary.model, summary.detector) == (
        number,
        RunStatus.FINISHED,
        "tiny",
        "yunet",
    )
    assert (summary.images, summary.failed, summary.kept, summary.blurred, summary.waiting) == (3, 1, 1, 1, 0)
    assert summary.finished is not None
    assert summary.finished > summary.started
    assert summary.started.utcoffset() == timedelta(0)


def test_where_and_what_for_a_run_was_made_comes_back_and_is_in_the_chain(store, path):
    settings = replace(SETTINGS, base="/home/ann/párty", reviewed=1)
    first, second = store.begin_run(SETTINGS), store.begin_run(settings)
    assert store.run(second).settings == settings
    assert settings.fingerprint == SETTINGS.fingerprint, "photos done elsewhere are passed over by --resume"
    assert [one.reviewed for one in store.runs()] == [1, None]
    assert [one.rewritten_in for one in store.runs()] == [(), (2,)]
    assert store.run(first).summary == store.runs()[1]
    assert store.check_trail().misfit is None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET policy = replace(policy, 'ann', 'eve') WHERE id = 2")
    assert "run 2" in store.check_trail().misfit
    store_of_old = store.run(first).settings
    assert (store_of_old.base, store_of_old.reviewed) == ("", None)


def test_outputs_are_known_as_they_were_given_and_from_anywhere(store):
    for base in ("", "/party", "/wedding", "/party"):
        store.record(store.begin_run(replace(SETTINGS, base=base)), image(kept()))
    assert store.outputs("c" * 64) == ["out/a.jpg", "/party/out/a.jpg", "/wedding/out/a.jpg"]
    assert store.outputs("d" * 64) == []


def test_photos_without_a_face_are_counted(store):
    number = store.begin_run(SETTINGS)
    for one in (image(kept()), FAILED, image(source="in/c.jpg"), image(source="in/d.jpg")):
        store.record(number, one)
    assert [one.faceless for one in (store.run(number).summary, *store.runs())] == [2, 2]
    store.end_run(number, RunStatus.FINISHED)
    store.prune([number])
    assert store.run(number).summary.faceless == 2


def test_a_stub_that_an_earlier_version_left_does_not_know_how_many_had_no_face(store, path):
    number = store.begin_run(SETTINGS)
    store.end_run(number, RunStatus.FINISHED)
    store.prune([number])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE run SET counts = json_remove(counts, '$.faceless')")
    assert store.run(number).summary.faceless is None
    assert store.scores().runs[0].pruned.images == 0


def test_faces_that_somebody_decided_on_since_are_counted_as_settled(store):
    first, second = (store.begin_run(SETTINGS) for _ in range(2))
    rival = Decision(Verdict.BLUR, Rule.RIVAL, "better match", ADA, GRACE)
    store.record(first, image(kept(), blurred(), face(rival, 100), face(rival, 200)))
    store.record(first, image(face(rival, 300), source="in/c.jpg"))
    store.record(second, image(face(rival, 200)))
    for x in (0, 105, 100):
        store.add_override(Override(0, "b" * 64, Box(x, 2, 30, 40), Verdict.KEEP, "a.jpg", "dora", datetime.now(UTC)))
    summary = store.run(first).summary
    assert (summary.waiting, summary.settled, summary.still_waiting) == (3, 1, 2)
    assert [one.still_waiting for one in store.runs()] == [1, 2]
    assert store.run(first).images[0].waiting == 2, "the record stays as it was written"
    store.end_run(first, RunStatus.FINISHED)
    store.prune([first])
    assert store.run(first).summary.still_waiting == 0


def test_a_run_that_goes_on_has_no_end(store):
    number = store.begin_run(SETTINGS)
    store.record(number, FAILED)
    summary = store.run(number).summary
    assert (summary.status, summary.finished, summary.images) == (RunStatus.RUNNING, None, 1)


def test_runs_are_listed_newest_first_with_their_counts(store):
    numbers = [store.begin_run(replace(SETTINGS, output=f"out{n}")) for n in range(3)]
    store.record(numbers[0], image(kept(), blurred(), blurred(Rule.GREY_BAND)))
    store.record(numbers[0], image(kept()))
    store.record(numbers[0], FAILED)
    store.record(numbers[2], FAILED)
    store.end_run(numbers[0], RunStatus.INTERRUPTED)
    assert [s.id for s in store.runs()] == numbers[::-1]
    assert store.runs() == [store.run(number).summary for number in reversed(numbers)]
    last = store.runs()[-1]
    assert (last.images, last.failed, last.kept, last.blurred, last.waiting) == (3, 1, 2, 2, 1)


def test_there_are_no_runs_in_a_new_gallery(store):
    assert store.runs() == []


def test_an_unknown_run_is_an_error(store):
    for ask in (
        lambda: store.run(7),
        lambda: store.record(7, FAILED),
        lambda: store.end_run(7, RunStatus.FINISHED),
    ):
        with pytest.raises(UnknownName, match="no run 7") as caught:
            ask()
        assert "gallery audit" in caught.value.hint


def test_a_run_cannot_end_by_running(store):
    number = store.begin_run(SETTINGS)
    with pytest.raises(ValueError, match="cannot end"):
        store.end_run(number, RunStatus.RUNNING)


def test_decisions_outlive_the_person_they_name(store, space, make_reference):
    store.add("Ada", make_reference(), space)
    number = store.begin_run(SETTINGS)
    store.record(number, image(kept(), blurred()))
    before = store.run(number)

    def linked() -> list[int | None]:
        with store._database.reading() as session:
            return [row.identity_id for row in session.query(DecisionRow).order_by(DecisionRow.id)]

    number_of_ada = store.identity("Ada").id
    assert linked() == [number_of_ada, None]
    store.remove("Ada")
    assert linked() == [number_of_ada, None], "so that forgetting finds what was decided for a person long gone"
    assert store.run(number) == before


def test_who_was_kept_was_last_matched_then(store, space, make_reference):
    """Who was only compared was not."""
    for name in ("Ada", "Grace"):
        store.add(name, make_reference(), space)
    number = store.begin_run(SETTINGS)
    store.record(number, image(blurred()))
    assert [person.last_matched for person in store.identities()] == [None, None]

    store.record(number, image(kept()))
    first = store.identity("Ada").last_matched
    store.record(number, image(kept()))

    assert first is not None
    assert store.identity("Ada").last_matched > first
    assert store.identities()[0].last_matched == store.identity("Ada").last_matched
    assert store.identity("Grace").last_matched is None


def test_loading_a_run_takes_the_same_queries_whatever_its_length(path, store):
    number = store.begin_run(SETTINGS)
    counts = []
    for photos in (1, 40):
        for _ in range(photos):
            store.record(number, image(kept(), blurred()))
        with closing(sqlite3.connect(path)) as connection:
            statements: list[str] = []
            connection.set_trace_callback(statements.append)
            assert run_reading.run(connection, number).summary.images > 0
            assert len(list(run_reading.images(connection, number))) > 0
            counts.append(len(statements))
            statements.clear()
            assert len(run_reading.summaries(connection)) == 1
            counts.append(len(statements))
    assert counts == [7, 6, 7, 6]  # the second with BEGIN and ROLLBACK


def test_recording_a_photo_is_all_or_nothing(store):
    number = store.begin_run(SETTINGS)
    wrong = face(Decision(Verdict.BLUR, Rule.COSINE, "too far", replace(ADA, cosine=float("nan"))))
    with pytest.raises(IntegrityError):
        store.record(number, image(kept(), wrong))
    assert store.run(number).images == ()


def test_settings_are_kept_as_json_with_sorted_keys(path, store):
    store.begin_run(replace(SETTINGS, policy={"b": 1, "a": {"d": 1, "c": None}}))
    with closing(sqlite3.connect(path)) as connection:
        (text,) = connection.execute("SELECT policy FROM run").fetchone()
    assert text == json.dumps({"a": {"c": None, "d": 1}, "b": 1})


def test_no_vector_of_a_bystander_is_kept():
    assert not {c.name for c in DecisionRow.__table__.columns if "vector" in c.name or "embedding" in c.name}
    assert not [c.name for c in DecisionRow.__table__.columns if isinstance(c.type, LargeBinary)]


def test_times_of_other_zones_become_utc_and_times_without_are_refused(path):
    there = datetime(2026, 7, 1, 1, 30, 0, 5, tzinfo=timezone(timedelta(hours=2)))
    with SqliteStore.open(path, create=True, clock=lambda: there) as store:
        started = store.run(store.begin_run(SETTINGS)).summary.started
        assert started == there
        assert started.tzinfo is UTC
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT started FROM run").fetchone() == ("2026-06-30 23:30:00.000005",)
    with (
        SqliteStore.open(path, create=True, clock=lambda: there.replace(tzinfo=None)) as store,
        pytest.raises(StatementError, match="which time zone"),
    ):
        store.begin_run(SETTINGS)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'paused'",
        "status = 'finished'",
        "finished = '2026-01-01 00:00:00.000000'",
        "cosine = 2.5",
        "euclidean = -1",
        "identities = -1",
        "settings_sha256 = 'e'",
        "dimension = 0",
    ],
)
def test_the_tables_refuse_a_run_that_makes_no_sense(path, store, change):
    store.begin_run(SETTINGS)
    refused(path, "run", change)


@pytest.mark.parametrize(
    "change",
    [
        "verdict = 'maybe'",
        "verdict = 'blur'",
        "rule = 'whim'",
        "rule = 'too small'",
        "rule = 'nobody kept'",
        "identity = NULL",
        "cosine = NULL",
        "runner_up_euclidean = NULL",
        "box_width = 0",
        "size = 0",
        "as_meant = 2",
        "position = -1",
    ],
)
def test_the_tables_refuse_a_decision_that_makes_no_sense(path, store, change):
    store.record(store.begin_run(SETTINGS), image(kept()))
    refused(path, "decision", change)


@pytest.mark.parametrize(
    "change",
    [
        "status = 'failed'",
        "error = 'why'",
        "status = 'failed', error = 'why'",
        "status = 'not verified'",
        "status = 'not verified', error = 'why'",
        "status = 'done before'",
        "earlier = 1",
        "verified = 'perhaps'",
        "state = 'd'",
        "width = 0",
        "sha256 = 'b'",
        "output_sha256 = 'c'",
    ],
)
def test_the_tables_refuse_a_photo_that_makes_no_sense(path, store, change):
    store.record(store.begin_run(SETTINGS), image())
    refused(path, "run_image", change)


def refused(path, table: str, change: str) -> None:
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(f"UPDATE {table} SET {change}")


# Round trip of whatever the domain allows.

finite = st.floats(allow_nan=False, allow_infinity=False)
any_text = st.text(st.characters(), max_size=20)  # with lone surrogates, as in paths that are not Unicode
text = st.text(max_size=20)
names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
points = st.tuples(finite, finite)
boxes = st.builds(Box, st.integers(-10, 10**5), st.integers(-10, 10**5), st.integers(1, 10**5), st.integers(1, 10**5))
detections = st.builds(
    Detection, boxes, finite, st.none() | st.builds(Landmarks, points, points, points, points, points)
)
qualities = st.builds(Quality, st.integers(1, 10**5), finite, st.booleans())
candidates = st.builds(Candidate, names, st.integers(1, 2**53), finite, finite)
decisions = st.one_of(
    st.builds(Decision, st.just(Verdict.KEEP), st.just(Rule.MATCH), any_text, candidates, st.none() | candidates),
    st.builds(
        Decision,
        st.just(Verdict.KEEP),
        st.just(Rule.BY_HAND),
        any_text,
        st.none() | candidates,
        st.none() | candidates,
    ),
    st.builds(
        Decision,
        st.just(Verdict.BLUR),
        st.sampled_from([rule for rule in Rule if rule is not Rule.MATCH]),
        any_text,
        st.none() | candidates,
        st.none() | candidates,
    ),
)
faces = st.lists(st.builds(DecidedFace, detections, qualities, decisions, st.none() | finite), max_size=3).map(tuple)
remarks = st.lists(any_text, max_size=2).map(tuple)
verified = st.none() | st.sampled_from(Verification)
sizes = st.none() | st.integers(1, 10**5)
images = st.one_of(
    st.builds(
        ImageRecord,
        source=any_text,
        status=st.just(ImageStatus.OK),
        sha256=st.none() | hashes,
        width=sizes,
        height=sizes,
        output=st.none() | any_text,
        output_sha256=st.none() | hashes,
        faces=faces,
        remarks=remarks,
        verified=verified,
        state=st.none() | hashes,
    ),
    st.builds(
        ImageRecord,
        source=any_text,
        status=st.just(ImageStatus.DONE_BEFORE),
        sha256=st.none() | hashes,
        output=st.none() | any_text,
        output_sha256=st.none() | hashes,
        verified=verified,
        state=st.none() | hashes,
        earlier=st.integers(1, 10**6),
    ),
    st.builds(
        ImageRecord,
        source=any_text,
        status=st.sampled_from([ImageStatus.FAILED, ImageStatus.UNVERIFIED]),
        sha256=st.none() | hashes,
        width=sizes,
        height=sizes,
        faces=faces,
        error=any_text,
        remarks=remarks,
    ),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)
documents = st.dictionaries(any_text, json_values, max_size=4)
run_settings = st.builds(
    RunSettings,
    program=text,
    space=st.builds(EmbeddingSpace, text, hashes, text, st.integers(1, 10**4)),
    detector=text,
    detector_sha256=hashes,
    thresholds=st.builds(Thresholds, st.floats(0, 2), st.floats(0, 1e6), text),
    policy=documents,
    redaction=documents,
    identities=st.integers(0, 10**6),
    templates=st.integers(0, 10**6),
    output=any_text,
)


@pytest.fixture(scope="module")
def long_store(tmp_path_factory):
    with SqliteStore.open(tmp_path_factory.mktemp("runs") / "gallery.db", create=True) as opened:
        yield opened


@settings(max_examples=60, deadline=None)
@given(chosen=run_settings, recorded=st.lists(images, max_size=3).map(tuple))
def test_every_run_comes_back_exactly(long_store, chosen, recorded):
    number = long_store.begin_run(chosen)
    for one in recorded:
        long_store.record(number, one)
    run = long_store.run(number)
    assert run.settings == chosen
    assert run.images == recorded
    assert long_store.runs()[0] == run.summary


def test_numpy_numbers_are_taken_as_numbers(store):
    number = store.begin_run(SETTINGS)
    odd = DecidedFace(
        Detection(Box(*(np.int64(n) for n in (1, 2, 3, 4))), np.float32(0.5)),
        Quality(np.int32(3), np.float64(1.5), np.bool_(True)),
        Decision(Verdict.KEEP, Rule.MATCH, "", Candidate("Ada", np.int64(1), np.float32(0.25), np.float32(0.5))),
    )
    store.record(number, image(odd))
    assert store.run(number).images == (image(odd),)


def test_a_deleted_run_takes_its_photos_along(path, store):
    number = store.begin_run(SETTINGS)
    store.record(number, image(kept()))
    with store._database.writing() as session:
        session.delete(session.get_one(RunRow, number))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT (SELECT count(*) FROM run_image) + count(*) FROM decision").fetchone() == (0,)
