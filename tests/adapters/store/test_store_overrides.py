"""What was decided by hand is remembered by photo and place, listed, and removed; it is no change to the people."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.adapters.store import SqliteStore
from gallery.domain.by_hand import SAME_PLACE, Override
from gallery.domain.deciding import Verdict
from gallery.domain.errors import GalleryChanged, UnknownName
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings
from gallery.testing import FakeStore

MADE = datetime(2026, 3, 4, 12, 0, 0, 5, tzinfo=UTC)
WORD = Override(0, "a" * 64, Box(10, 20, 30, 40), Verdict.KEEP, "in/party.jpg", "anna", MADE, "Asked her.")
ELSEWHERE = Box(200, 20, 30, 40)


@pytest.fixture(params=["file", "fake"])
def either(request, store):
    """The fake does as the file does."""
    return store if request.param == "file" else FakeStore()


def test_a_word_comes_back_as_it_was_said(either):
    said = either.add_override(WORD)

    assert said == replace(WORD, number=1)
    assert either.overrides() == [said]
    assert either.remove_override(1) == said
    assert either.overrides() == []


def test_words_are_listed_in_the_order_they_were_said(either):
    earlier = replace(WORD, made=MADE - timedelta(days=1), box=ELSEWHERE)
    either.add_override(WORD)
    either.add_override(earlier)
    assert [one.number for one in either.overrides()] == [1, 2]


def test_a_word_replaces_what_was_said_of_the_same_face(either):
    either.add_override(WORD)
    either.add_override(replace(WORD, sha256="b" * 64))
    either.add_override(replace(WORD, box=ELSEWHERE))

    moved = either.add_override(replace(WORD, box=WORD.box.shift(3, 3), verdict=Verdict.BLUR))

    assert moved.number == 4
    assert [(one.number, one.verdict) for one in either.overrides()] == [
        (2, Verdict.KEEP),
        (3, Verdict.KEEP),
        (4, Verdict.BLUR),
    ]


def test_a_word_on_a_face_between_two_replaces_both(either):
    one, other, between = Box(0, 0, 40, 60), Box(0, 25, 40, 60), Box(0, 12, 40, 60)
    assert one.overlap(other) < SAME_PLACE
    for box in (one, other):
        either.add_override(replace(WORD, box=box))
    assert len(either.overrides()) == 2
    either.add_override(replace(WORD, box=between))
    assert [word.box for word in either.overrides()] == [between]


def test_numbers_are_never_given_twice(either):
    for _ in range(3):
        either.remove_override(either.add_override(WORD).number)
    assert either.add_override(WORD).number == 4


@pytest.mark.parametrize("number", [1, 0, -1, 2**63, 10**30])
def test_what_there_is_not_cannot_be_removed(either, number):
    with pytest.raises(UnknownName, match=f"no override {number}"):
        either.remove_override(number)


def test_the_error_says_where_to_look(store):
    with pytest.raises(UnknownName) as caught:
        store.remove_override(1)
    assert "gallery override list" in caught.value.hint


def test_every_change_is_another_generation(either):
    seen = [either.generation()]
    either.add_override(WORD)
    seen.append(either.generation())
    either.add_override(replace(WORD, verdict=Verdict.BLUR))
    seen.append(either.generation())
    either.remove_override(2)
    assert len(set(seen)) == 3
    assert either.generation() == either.generation()


def test_a_photo_that_was_decided_before_a_word_is_not_recorded(either):
    run, decided_by = either.begin_run(SETTINGS), either.generation()
    either.add_override(WORD)
    with pytest.raises(GalleryChanged):
        either.record(run, ImageRecord("a.jpg", ImageStatus.FAILED, error="why"), decided_by)
    assert either.run(run).images == ()


def test_a_word_is_no_change_to_the_people(store, space, make_reference):
    store.add("Ada", make_reference(), space)
    said = store.add_override(WORD)
    assert store.undo().what == "enrol Ada"
    assert store.overrides() == [said]
    assert store.last_change() is None


def test_times_and_numbers_of_other_kinds(store):
    there = MADE.astimezone(timezone(timedelta(hours=9)))
    box = Box(*(np.int64(n) for n in WORD.box.as_list()))
    assert store.add_override(replace(WORD, made=there, box=box)) == replace(WORD, number=1)
    assert store.overrides()[0].made.tzinfo is UTC


@pytest.mark.parametrize("change", ["verdict = 'maybe'", "sha256 = 'a'", "box_width = 0", "box_height = -1"])
def test_the_table_refuses_a_word_that_makes_no_sense(path, store, change):
    store.add_override(WORD)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(f"UPDATE override SET {change}")


SETTINGS = RunSettings(
    "0",
    EmbeddingSpace("tiny", "a" * 64, "l2", 4),
    "yunet",
    "d" * 64,
    Thresholds(0.5, 1.0),
    {},
    {},
    0,
    0,
    "out",
)

texts = st.text(st.characters(), max_size=10)  # with lone surrogates, as in paths that are not Unicode
small = st.integers(0, 40)
words = st.builds(
    Override,
    number=st.just(0),
    sha256=st.sampled_from(["a" * 64, "b" * 64]),
    box=st.builds(Box, small, small, st.integers(1, 40), st.integers(1, 40)),
    verdict=st.sampled_from(Verdict),
    source=texts,
    by=texts,
    made=st.datetimes(timezones=st.just(UTC)),
    note=texts,
)
steps = st.lists(words | st.integers(1, 6), max_size=8)


@pytest.fixture(scope="module")
def long_store(tmp_path_factory):
    with SqliteStore.open(tmp_path_factory.mktemp("overrides") / "gallery.db", create=True) as opened:
        yield opened


def emptied(store: SqliteStore) -> SqliteStore:
    store.close()
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("DELETE FROM override")
        connection.execute("DELETE FROM sqlite_sequence")
    return store


@settings(max_examples=40, deadline=None)
@given(steps)
def test_whatever_is_said_and_taken_back(long_store, steps):
    real, fake = emptied(long_store), FakeStore()
    for step in steps:
        if isinstance(step, Override):
            assert real.add_override(step) == fake.add_override(step)
        elif step in {word.number for word in fake.overrides()}:
            assert real.remove_override(step) == fake.remove_override(step)
    assert real.overrides() == fake.overrides()
