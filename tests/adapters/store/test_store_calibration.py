"""Derived thresholds are kept with their origin, for one model, and go when what they belong to goes."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from gallery.adapters.store import SqliteStore
from gallery.adapters.store.tables import CalibrationRow, IdentityRow, ModelRow, PersonalThresholdRow
from gallery.domain.calibrated import Calibration
from gallery.domain.errors import ModelMismatch, StoreUnusable
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.testing import FakeStore


@pytest.fixture(params=["real", "fake"])
def filled(request, store, space, make_reference):
    """A store with three references of Ada and one of Grace."""
    filled = store if request.param == "real" else FakeStore()
    for n, name in enumerate(["Ada", "Ada", "Grace", "Ada"]):
        filled.add(name, make_reference(n), space)
    return filled


@pytest.fixture
def calibration(space) -> Calibration:
    return Calibration(
        space=space,
        thresholds=Thresholds(0.123456789012345, 1.1, "calibrated on a day, from lfw/\\udcff"),
        personal={"Ada": Thresholds(0.1, 0.9, "Ada's own"), "Grace": Thresholds(0.0, 0.0, "Grace's own")},
        fmr=1e-3,
        fusion="median-of-3",
        method="in some way",
        detector="yunet",
        genuine=3,
        impostors=3000,
        strangers=100,
        references=4,
        last_reference=4,
        made=datetime(2026, 2, 1, 12, 30, 0, 5, tzinfo=UTC),
    )


def test_there_is_none_at_first(filled, store):
    assert filled.calibration() is None
    assert filled.clear_calibration() is False


def test_it_comes_back_as_it_was_kept(filled, calibration):
    filled.set_calibration(calibration)

    assert filled.calibration() == calibration


def test_a_new_one_takes_the_place_of_the_former(filled, calibration):
    filled.set_calibration(calibration)
    second = replace(calibration, thresholds=Thresholds(0.2, 1.0, "again"), personal={}, fmr=1e-2)

    filled.set_calibration(second)

    assert filled.calibration() == second


def test_it_can_be_dropped(filled, calibration):
    filled.set_calibration(calibration)

    assert filled.clear_calibration() is True
    assert filled.calibration() is None


def test_a_moment_in_another_zone_is_the_same_moment(store, calibration, space, make_reference):
    store.add("Ada", make_reference(), space)
    there = calibration.made.astimezone(timezone(timedelta(hours=9)))

    store.set_calibration(replace(calibration, made=there, personal={}, references=1, last_reference=1))

    assert store.calibration().made == calibration.made
    assert store.calibration().made.utcoffset() == timedelta(0)


def test_what_became_of_the_references_since_is_counted(filled, calibration, space, make_reference):
    filled.set_calibration(calibration)

    filled.add("Edsger", make_reference(7), space)
    filled.add("Ada", make_reference(8), space)
    assert (filled.calibration().added, filled.calibration().removed) == (2, 0)
    filled.remove("Ada")
    assert (filled.calibration().added, filled.calibration().removed) == (1, 3)
    for name in ("Edsger", "Grace"):
        filled.remove(name)
    assert (filled.calibration().added, filled.calibration().removed) == (0, 4)


def test_a_removed_persons_thresholds_go_with_them(filled, calibration, space, make_reference):
    filled.set_calibration(calibration)

    filled.remove("Ada")
    filled.add("Ada", make_reference(9), space)

    assert set(filled.calibration().personal) == {"Grace"}, "another Ada has not the former one's"


def test_nobody_who_is_not_enrolled_gets_thresholds(filled, calibration):
    filled.set_calibration(replace(calibration, personal={"Edsger": Thresholds(0.1, 0.1)}))

    assert filled.calibration().personal == {}


def test_thresholds_of_another_model_are_refused(filled, calibration):
    filled.set_calibration(calibration)
    other = replace(calibration, space=replace(calibration.space, preparation="box"))

    with pytest.raises(ModelMismatch):
        filled.set_calibration(other)

    assert filled.calibration() == calibration


def test_an_empty_gallery_takes_none(store, calibration):
    with pytest.raises(ModelMismatch):
        store.set_calibration(calibration)


def test_they_go_with_the_model(store, calibration, space, make_reference):
    store.add("Ada", make_reference(), space)
    store.set_calibration(replace(calibration, personal={}))
    store.remove("Ada")

    store.add("Ada", make_reference(), EmbeddingSpace("other", "b" * 64, "box", 4))

    assert store.calibration() is None
    with store._database.reading() as session:
        for table in (CalibrationRow, PersonalThresholdRow):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        assert session.scalar(select(func.count()).select_from(ModelRow)) == 1


def test_the_reading_without_sqlalchemy_says_what_the_tables_say(store, calibration, space, make_reference):
    for n, name in enumerate(["Grace", "ada"]):
        store.add(name, make_reference(n), space)
    personal = {"ada": Thresholds(0.1, 0.9, "ada's own"), "Grace": Thresholds(0.2, 0.8, "Grace's own")}
    store.set_calibration(replace(calibration, personal=personal))

    with store._database.reading() as session:
        row = session.scalars(select(CalibrationRow)).one()
        names = {row.id: row.name for row in session.scalars(select(IdentityRow))}
        by_tables = Calibration(
            space=space,
            thresholds=Thresholds(row.cosine, row.euclidean, row.origin),
            personal={
                names[own.identity_id]: Thresholds(own.cosine, own.euclidean, own.origin) for own in row.personal
            },
            **{name: getattr(row, name) for name in ("fmr", "fusion", "method", "detector", "genuine", "impostors")},
            strangers=row.strangers,
            references=row.reference_count,
            last_reference=row.last_reference,
            made=row.made,
            added=0,
            removed=2,
        )
    assert store.calibration() == by_tables
    assert list(store.calibration().personal) == ["ada", "Grace"]


@pytest.mark.parametrize(
    "change", ["cosine = 2.1", "euclidean = -1", "fmr = 0", "fmr = 1", "fusion = 'worst'", "impostors = 0"]
)
def test_the_file_itself_refuses_what_makes_no_sense(filled_file, change):
    with closing(sqlite3.connect(filled_file)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"UPDATE calibration SET {change}")


@pytest.fixture
def filled_file(store, path, calibration, space, make_reference):
    store.add("Ada", make_reference(), space)
    store.set_calibration(replace(calibration, personal={}))
    return path


def test_what_cannot_be_kept_leaves_the_former_one(store, filled_file, calibration):
    before = store.calibration()

    with pytest.raises(IntegrityError):
        store.set_calibration(replace(calibration, impostors=0, personal={}))

    assert store.calibration() == before


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_read_only_gallery_tells_its_thresholds_and_keeps_none(
    open_folder, as_ordinary_user, calibration, space, make_reference
):
    path = open_folder / "gallery.db"
    with SqliteStore.open(path, create=True) as made:
        made.add("Ada", make_reference(), space)
        made.set_calibration(replace(calibration, personal={}))
    path.chmod(0o400)
    with as_ordinary_user(open_folder), SqliteStore.open(path, create=False) as opened:
        assert opened.calibration().fmr == calibration.fmr
        with pytest.raises(StoreUnusable, match="read-only"):
            opened.set_calibration(calibration)
        with pytest.raises(StoreUnusable, match="read-only"):
            opened.clear_calibration()
