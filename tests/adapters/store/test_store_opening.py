"""Making, finding and refusing gallery files."""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import gallery
from gallery.adapters.store import SqliteStore
from gallery.adapters.store.connection import connect
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import GalleryFile, make_private
from gallery.adapters.store.schema import APPLICATION_ID, REVISIONS, Schema, this_schema
from gallery.domain.errors import SchemaTooNew, SchemaTooOld, StoreUnusable

ROOT = Path(gallery.__file__).resolve().parent.parent


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def any_umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_only_the_owner_can_read_a_new_gallery_whatever_the_umask(path, any_umask):
    SqliteStore.open(path, create=True).close()
    assert mode(path) == 0o600


def test_a_file_is_private_before_its_mode_is_set(path, monkeypatch):
    monkeypatch.setattr(os, "fchmod", lambda *_: None)  # the second step, which makes up for the umask
    before = os.umask(0)
    try:
        make_private(path)
    finally:
        os.umask(before)
    assert mode(path) == 0o600


def test_a_file_is_private_whatever_the_umask(path, any_umask):
    make_private(path)
    assert mode(path) == 0o600


def test_the_log_beside_a_gallery_is_as_private(path, space, make_reference):
    before = os.umask(0)
    try:
        with SqliteStore.open(path, create=True) as store:
            store.add("Ada", make_reference(), space)
            beside = {name: mode(path.with_name(name)) for name in (f"{path.name}-wal", f"{path.name}-shm")}
    finally:
        os.umask(before)
    assert beside == {"gallery.db-wal": 0o600, "gallery.db-shm": 0o600}


def test_the_log_is_gone_when_the_gallery_is_closed(path, space, make_reference):
    with SqliteStore.open(path, create=True) as store:
        store.add("Ada", make_reference(), space)
    assert [p.name for p in path.parent.iterdir()] == ["gallery.db"]


def test_missing_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "gallery.db"
    SqliteStore.open(path, create=True).close()
    assert path.exists()


@pytest.mark.parametrize("name", ["with space.db", "50%20?mode=memory#x&y.db", "Käse ☃.db", b"\xff\xfe.db"])
def test_any_file_name_will_do(tmp_path, name, space, make_reference):
    path = tmp_path / os.fsdecode(name)
    with SqliteStore.open(path, create=True) as store:
        store.add("Ada", make_reference(), space)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    with SqliteStore.open(path, create=False) as store:
        assert [person.name for person in store.identities()] == ["Ada"]


def test_a_relative_path_will_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SqliteStore.open(Path("gallery.db"), create=True).close()
    with SqliteStore.open(Path("gallery.db"), create=False) as store:
        assert store.identities() == []


def test_every_connection_has_the_settings(path):
    SqliteStore.open(path, create=True).close()
    with closing(connect(GalleryFile(path))) as connection:

        def pragma(name: str) -> object:
            return connection.execute(f"PRAGMA {name}").fetchone()[0]

        assert pragma("journal_mode") == "wal"
        assert pragma("foreign_keys") == 1
        assert pragma("secure_delete") == 1
        assert pragma("temp_store") == 2
        assert pragma("busy_timeout") == 30_000
        assert pragma("synchronous") == 2
        assert pragma("page_size") == 32_768
        assert pragma("application_id") == APPLICATION_ID


def test_a_gallery_that_is_not_there_is_not_made(path):
    with pytest.raises(StoreUnusable, match=r"no gallery at .*gallery\.db yet") as caught:
        SqliteStore.open(path, create=False)
    assert "gallery enroll NAME PHOTO" in caught.value.hint
    assert not path.exists()


def test_an_empty_file_becomes_a_gallery_only_when_somebody_is_enrolled(path):
    path.touch(0o644)
    with pytest.raises(StoreUnusable, match="no gallery at"):
        SqliteStore.open(path, create=False)
    assert path.stat().st_size == 0
    with SqliteStore.open(path, create=True) as store:
        assert store.identities() == []
    assert mode(path) == 0o600


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("content", [b"not a database\n" * 1000, b"x", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_left_as_it_is(path, content, create):
    path.write_bytes(content)
    path.chmod(0o640)
    with pytest.raises(StoreUnusable, match=r"gallery\.db") as caught:
        SqliteStore.open(path, create=create)
    assert caught.value.hint
    assert path.read_bytes() == content
    assert mode(path) == 0o640
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("table", ["moz_places (url)", "alembic_version (version_num)"])
def test_another_programs_database_is_left_as_it_is(path, table, create):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE {table}")
        connection.commit()
    content = path.read_bytes()
    with pytest.raises(StoreUnusable, match="not a gallery"):
        SqliteStore.open(path, create=create)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("create", [True, False])
def test_a_folder_or_a_device_is_no_gallery(tmp_path, create):
    with pytest.raises(StoreUnusable, match="that is a folder"):
        SqliteStore.open(tmp_path, create=create)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StoreUnusable, match="that is not a file"):
        SqliteStore.open(tmp_path / "pipe", create=create)


def test_a_file_where_a_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "gallery.db", tmp_path / "file" / "deeper" / "gallery.db"):
        with pytest.raises(StoreUnusable, match="cannot be made"):
            SqliteStore.open(path, create=True)
        with pytest.raises(StoreUnusable, match="no gallery at"):
            SqliteStore.open(path, create=False)


def test_a_link_to_nowhere_is_an_error(path):
    path.symlink_to(path.parent / "nowhere")
    with pytest.raises(StoreUnusable, match="something else is in the way"):
        SqliteStore.open(path, create=True)


def test_a_name_too_long_for_the_disk_is_an_error(tmp_path):
    for create in (True, False):
        with pytest.raises(StoreUnusable, match=r"cannot be (made|opened): File name too long"):
            SqliteStore.open(tmp_path / ("x" * 300), create=create)


def test_an_older_gallery_is_refused_with_the_command_that_upgrades_it(tmp_path):
    path = tmp_path / "my gallery.db"
    SqliteStore.open(path, create=True).close()
    later = Schema((*REVISIONS, "9999"), this_schema().migrations)
    for create in (True, False):
        with pytest.raises(SchemaTooOld, match="earlier version") as caught:
            SqliteStore.open(path, create=create, schema=later)
        assert caught.value.hint == f"Run: gallery db upgrade --db {shlex.quote(str(path))}"


def test_a_newer_gallery_is_refused(path):
    SqliteStore.open(path, create=True).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for create in (True, False):
        with pytest.raises(SchemaTooNew, match="later version") as caught:
            SqliteStore.open(path, create=create)
        assert "Update the program" in caught.value.hint


def test_a_gallery_that_does_not_say_its_schema_is_refused(path):
    SqliteStore.open(path, create=True).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM alembic_version")
        connection.commit()
        with pytest.raises(StoreUnusable, match="does not say its schema"):
            SqliteStore.open(path, create=False)
        connection.execute("DROP TABLE alembic_version")
        connection.commit()
        with pytest.raises(StoreUnusable, match="cannot be used: no such table"):
            SqliteStore.open(path, create=True)


@pytest.mark.parametrize("read_only", ["file", "folder", "both"])
def test_a_read_only_gallery_can_be_read(open_folder, as_ordinary_user, space, make_reference, read_only):
    path = open_folder / "gallery.db"
    with SqliteStore.open(path, create=True) as store:
        store.add("Ada", make_reference(), space)
        store.whitelist()
    if read_only != "folder":
        path.chmod(0o400)
    if read_only != "file":
        open_folder.chmod(0o500)
    with as_ordinary_user(open_folder):
        with SqliteStore.open(path, create=False) as store:
            assert [person.name for person in store.identities()] == ["Ada"]
            assert store.identity("ada").references[0].reference == make_reference().reference
            assert store.space() == space
            assert len(store.whitelist()) == 1
            assert store.runs() == []
            with pytest.raises(StoreUnusable, match="read-only"):
                store.remove("Ada")
        with pytest.raises(StoreUnusable, match="read-only"):
            SqliteStore.open(path, create=True)
        assert list(open_folder.iterdir()) == [path]


def test_a_read_only_gallery_that_somebody_else_is_writing_is_read_with_its_log(
    open_folder, as_ordinary_user, space, make_reference
):
    path = open_folder / "gallery.db"
    with SqliteStore.open(path, create=True) as writer:
        writer.add("Ada", make_reference(), space)
        assert path.with_name("gallery.db-wal").stat().st_size > 0
        path.chmod(0o400)
        open_folder.chmod(0o500)
        with as_ordinary_user(open_folder), SqliteStore.open(path, create=False) as store:
            assert [person.name for person in store.identities()] == ["Ada"]
            assert len(store.whitelist()) == 1


def test_a_folder_that_may_not_be_written_or_entered_is_an_error(open_folder, as_ordinary_user):
    open_folder.chmod(0o500)
    with as_ordinary_user(open_folder), pytest.raises(StoreUnusable, match="cannot be made: Permission denied"):
        SqliteStore.open(open_folder / "gallery.db", create=True)
    open_folder.chmod(0o000)
    with as_ordinary_user(open_folder):
        for create in (True, False):
            with pytest.raises(StoreUnusable, match="cannot be opened: Permission denied"):
                SqliteStore.open(open_folder / "gallery.db", create=create)


def test_a_gallery_that_may_not_be_read_is_an_error(open_folder, as_ordinary_user):
    path = open_folder / "gallery.db"
    SqliteStore.open(path, create=True).close()
    path.chmod(0o000)
    with as_ordinary_user(open_folder), pytest.raises(StoreUnusable, match="may not be read"):
        SqliteStore.open(path, create=False)


def test_a_gallery_that_another_program_writes_can_be_read_but_not_written(path, space, make_reference):
    with SqliteStore.open(path, create=True) as store:
        store.add("Ada", make_reference(1), space)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with SqliteStore.open(path, create=True, timeout=0.05) as store:
            assert len(store.whitelist()) == 1
            with pytest.raises(StoreUnusable, match="in use by another program"):
                store.add("Ada", make_reference(2), space)
            other.execute("ROLLBACK")
            store.add("Ada", make_reference(2), space)
            assert len(store.whitelist()) == 2


@pytest.mark.parametrize("create", [True, False])
def test_a_gallery_that_another_program_keeps_for_itself_cannot_be_opened(path, create):
    SqliteStore.open(path, create=True).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnusable, match="in use by another program"):
            SqliteStore.open(path, create=create, timeout=0.05)


def test_a_full_disk_and_a_damaged_file_are_explained(path):
    SqliteStore.open(path, create=True).close()
    with closing(connect(GalleryFile(path))) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreUnusable, match="the disk is full"), explained(path):
            connection.execute("CREATE TABLE more AS SELECT randomblob(1000000)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'identity'").fetchone()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 32_768 : page * 32_768] = b"\x55" * 32_768
    path.write_bytes(content)
    with SqliteStore.open(path, create=False) as store, pytest.raises(StoreUnusable, match="is damaged"):
        store.identities()


def test_mistakes_of_the_program_are_not_explained_away(path):
    SqliteStore.open(path, create=True).close()
    with closing(connect(GalleryFile(path))) as connection, pytest.raises(sqlite3.IntegrityError), explained(path):
        connection.execute("INSERT INTO template (model_id, reference_id, vector) VALUES (1, 1, 'abcd')")


def test_a_closed_store_opens_again_when_it_is_used(store, space, make_reference):
    store.add("Ada", make_reference(1), space)
    store.close()
    store.close()
    assert len(store.whitelist()) == 1


PROBE = """
import json, sys
from pathlib import Path
from gallery.adapters.store import SqliteStore
with SqliteStore.open(Path(sys.argv[1]), create={create}) as store:
    {then}
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""


def loaded(path: Path, create: bool, then: str) -> set[str]:
    code = PROBE.format(create=create, then=then)
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_the_listing_loads_neither_sqlalchemy_nor_alembic(path):
    SqliteStore.open(path, create=True).close()
    assert not loaded(path, False, "store.identities()") & {"sqlalchemy", "alembic", "cv2", "tensorflow"}


def test_alembic_is_loaded_only_to_make_or_upgrade(path):
    assert "alembic" in loaded(path, True, "pass")
    modules = loaded(path, True, "store.whitelist()")
    assert "sqlalchemy" in modules
    assert "alembic" not in modules
