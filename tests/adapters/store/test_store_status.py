"""How a gallery file stands, its backups, and which version of the program made it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gallery import __version__
from gallery.adapters.store import SqliteStore, schema, upgrade
from gallery.adapters.store.backup import beside, make, recorded
from gallery.adapters.store.connection import connect_bare
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import REVISIONS, make_file
from gallery.adapters.store.status import status
from gallery.domain.errors import BadArgument, SchemaTooNew, StoreUnusable
from gallery.installed import updating

FROZEN = Path(__file__).resolve().parents[2] / "assets" / "upgrade"


def test_everything_is_counted(store, space, make_reference):
    for n in range(5):
        store.add(f"Person {n % 2}", make_reference(n), space)
    found = status(store.path)
    assert (found.people, found.references, found.runs) == (2, 5, 0)
    assert [(one.model, one.current, one.dimension, one.templates) for one in found.models] == [("tiny", True, 4, 5)]
    assert found.last_change is not None
    assert found.last_change.what == "enrol Person 0"
    assert (found.path, found.encrypted) == (str(store.path), False)
    assert found.revision == found.program_revision == REVISIONS[-1]
    assert found.written_by == __version__
    assert found.log_size == store.path.with_name("gallery.db-wal").stat().st_size > 0
    store.close()
    found = status(store.path)
    assert (found.size, found.log_size) == (store.path.stat().st_size, 0)
    assert found.pages * found.page_size == found.size


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_an_older_schema_can_be_looked_at_and_stays_as_it_is(path, revision):
    shutil.copyfile(FROZEN / f"{revision}.db", path)
    content = path.read_bytes()
    found = status(path)
    runs = 3 if revision >= "0005" else 2  # of which one was pruned
    assert (found.revision, found.people, found.references, found.runs) == (revision, 2, 5, runs)
    noted = revision >= "0003"  # which began to keep backups and the last change on record
    assert [one.path for one in found.backups] == (["/backups/gallery.db.backup"] if noted else [])
    assert (found.last_change and found.last_change.what) == ("remove Charles Babbage" if noted else None)
    assert path.read_bytes() == content
    assert [one.name for one in path.parent.iterdir()] == ["gallery.db"]


def test_what_has_no_status(path):
    with pytest.raises(StoreUnusable, match="no gallery at"):
        status(path)
    path.touch()
    with pytest.raises(StoreUnusable, match="no gallery at"):
        status(path)
    path.write_text("something else")
    with pytest.raises(StoreUnusable, match="not a gallery"):
        status(path)


def test_backups_are_listed_with_what_became_of_them(store):
    recorded_one = Path(make(store.path, None).path)
    gone = Path(make(store.path, store.path.with_name("gone")).path)
    gone.unlink()
    found_beside = store.path.with_name("gallery.db.0001-old.backup")
    found_beside.write_bytes(b"12345")
    copies = {one.path: (one.made is not None, one.size) for one in status(store.path).backups}
    assert copies == {
        str(recorded_one): (True, recorded_one.stat().st_size),
        str(gone): (True, None),
        str(found_beside): (False, 5),
    }


def test_a_backup_holds_everything_even_while_somebody_writes(store, space, make_reference):
    store.add("Ada", make_reference(1), space)
    with closing(connect_bare(GalleryFile(store.path))) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM identity").fetchone()
        made = make(store.path, store.path.with_name("copy.db"))
    assert made.size == Path(made.path).stat().st_size
    with SqliteStore.open(Path(made.path), create=False) as copy:
        assert copy.identity("Ada") == store.identity("Ada")
        assert len(copy.whitelist()) == 1
    assert check(Path(made.path)).rows == check(store.path).rows


def test_the_gallery_and_the_backup_itself_know_of_a_backup(store):
    made = Path(make(store.path, None).path)
    for one in (store.path, made):
        with closing(connect_bare(GalleryFile(one))) as connection:
            assert list(recorded(connection)) == [made]
            (when,) = recorded(connection).values()
    assert timedelta(0) <= datetime.now(UTC) - when < timedelta(minutes=5)


def test_a_backup_with_a_name_that_is_no_unicode_is_known(store):
    target = store.path.with_name(os.fsdecode(b"\xff.backup"))
    make(store.path, target)
    assert [one.path for one in status(store.path).backups] == [str(target)]


@pytest.mark.parametrize("target", ["gallery.db", "other"])
def test_a_backup_overwrites_nothing(store, target):
    place = store.path.with_name(target)
    if target == "other":
        place.write_text("mine")
    before = place.read_bytes()
    with pytest.raises(BadArgument, match="already"):
        make(store.path, place)
    assert place.read_bytes() == before
    assert status(store.path).backups == ()


def test_a_backup_that_cannot_be_made_leaves_nothing(store, tmp_path):
    with pytest.raises(StoreUnusable, match="cannot be made"):
        make(store.path, tmp_path / "no such folder" / "copy")
    assert status(store.path).backups == ()


def test_a_read_only_gallery_can_be_backed_up_elsewhere(open_folder, as_ordinary_user):
    path = open_folder / "kept" / "gallery.db"
    make_file(path, encrypted=False)
    path.chmod(0o400)
    path.parent.chmod(0o500)
    with as_ordinary_user(open_folder):
        made = make(path, open_folder / "copy")
        assert made.recorded is False
        with pytest.raises(StoreUnusable, match="cannot be made"):
            make(path, None)
    path.parent.chmod(0o700)


def test_an_upgrade_records_its_backup_and_the_programs_version(path):
    shutil.copyfile(FROZEN / "0001.db", path)
    assert status(path).written_by == ""
    backup = upgrade(path)
    found = status(path)
    assert [one.path for one in found.backups] == [str(backup)]
    assert found.backups[0].made is not None
    assert found.written_by == __version__


def test_backups_made_at_once_have_names_of_their_own(path):
    assert len({beside(path, "0001") for _ in range(5)}) > 1


@pytest.mark.parametrize(
    ("version", "number"),
    [("0.1.0", 100), ("0.5.2", 502), ("1.0.0", 10_000), ("12.34.56", 123_456), ("2.0.0rc1", 20_000), ("3.1", 30_100)],
)
def test_a_file_carries_the_version_of_the_program(path, monkeypatch, version, number):
    monkeypatch.setattr(schema, "__version__", version)
    make_file(path, encrypted=False)
    with closing(connect_bare(GalleryFile(path))) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (number,)


@pytest.mark.parametrize(
    ("number", "message", "hint"),
    [
        (502, "a later version of this program, gallery 0.5.2.", updating("0.5.2")),
        (0, "a later version of this program.", updating()),
        (99, "a later version of this program.", updating()),
    ],
)
def test_a_newer_schema_names_the_version_to_install_where_it_is_known(store, number, message, hint):
    store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for use in (lambda: SqliteStore.open(store.path, create=True), lambda: upgrade(store.path)):
        with pytest.raises(SchemaTooNew) as caught:
            use()
        assert caught.value.message.endswith(message)
        assert caught.value.hint.endswith(hint)
    assert status(store.path).revision == "9999"
