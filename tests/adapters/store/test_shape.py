"""A gallery whose tables are not as the program makes them is refused, and `check` says what is wrong with it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gallery.adapters.store import SqliteStore, upgrade
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import REVISIONS, this_schema
from gallery.adapters.store.shape import SHAPE, digest_of, shape_of
from gallery.domain.errors import StoreUnusable

FROZEN = Path(__file__).resolve().parents[2] / "assets" / "upgrade"

SWALLOW = "CREATE TRIGGER keep BEFORE DELETE ON identity BEGIN SELECT RAISE(IGNORE); END"
SWALLOW_TEMPLATES = "CREATE TRIGGER keep BEFORE DELETE ON template BEGIN SELECT RAISE(IGNORE); END"
CHANGES = {
    "a trigger": ([SWALLOW], "trigger keep was not made by this program"),
    "a view": (["CREATE VIEW everybody AS SELECT * FROM identity"], "view everybody was not made by this program"),
    "a table more": (["CREATE TABLE copies (vector BLOB)"], "table copies was not made by this program"),
    "an index less": (["DROP INDEX ix_trail_run"], "index ix_trail_run is missing"),
    "a view in a table's place": (
        ["ALTER TABLE override RENAME TO other", "CREATE VIEW override AS SELECT * FROM other WHERE 0"],
        "was not made by this program",
    ),
    "a constraint less": (
        [
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, 'ON DELETE CASCADE', '') WHERE name = 'template'",
        ],
        "table template is not as this program makes it: it lacks CONSTRAINT",
    ),
    "a check less": (
        [
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_master SET sql = replace(sql, 'length(digest) = 64', '1') WHERE name = 'trail'",
        ],
        "table trail is not as this program makes it: it lacks CONSTRAINT",
    ),
}


def changed(path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(("statements", "said"), CHANGES.values(), ids=CHANGES)
def test_changed_tables_are_refused_and_named(store, path, statements, said):
    store.close()
    changed(path, *statements)
    with pytest.raises(StoreUnusable, match="is damaged") as refused:
        SqliteStore.open(path, create=True)
    assert said in refused.value.message
    assert any(said in f"{one.where} {one.what}" for one in check(path).findings)


def test_what_sqlite_adds_for_itself_is_no_change(store, path):
    store.close()
    changed(path, "ANALYZE")
    SqliteStore.open(path, create=True).close()
    assert check(path).findings == ()


@pytest.mark.parametrize("revision", REVISIONS[:5])
def test_a_gallery_of_any_age_comes_to_the_same_tables(tmp_path, revision):
    copy = tmp_path / "gallery.db"
    shutil.copy(FROZEN / f"{revision}.db", copy)
    copy.chmod(0o600)
    upgrade(copy)
    with closing(sqlite3.connect(copy)) as connection:
        assert digest_of(shape_of(connection)) == SHAPE


def test_the_digest_on_record_is_that_of_a_new_gallery(store, path):
    """After a migration: put what is found here into `gallery.adapters.store.shape.SHAPE`."""
    with closing(sqlite3.connect(path)) as connection:
        assert digest_of(shape_of(connection)) == SHAPE, this_schema().head


def test_a_trigger_in_an_older_gallery_stops_its_upgrade(tmp_path):
    copy = tmp_path / "gallery.db"
    shutil.copy(FROZEN / "0003.db", copy)
    copy.chmod(0o600)
    changed(copy, SWALLOW_TEMPLATES)
    with pytest.raises(StoreUnusable, match="trigger keep was not made by this program"):
        upgrade(copy)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0003",)


@pytest.mark.parametrize("trigger", [SWALLOW, SWALLOW_TEMPLATES])
def test_who_is_not_deleted_is_not_said_to_be_forgotten(store, path, make_reference, space, trigger):
    store.add("Ada", make_reference(1), space)
    store.close()
    changed(path, trigger)  # after the gallery was opened and found to be as it is made
    with pytest.raises(StoreUnusable):
        store.forget("Ada")
    changed(path, "DROP TRIGGER keep")
    assert [one.name for one in store.identities()] == ["Ada"]
    assert len(store.identity("Ada").references) == 1
    store.forget("Ada")
    assert store.identities() == []
