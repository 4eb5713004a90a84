"""Nobody but its owner reads a gallery, from the first byte; and a warning where somebody else may."""

from __future__ import annotations

import logging
import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gallery.adapters.store import SqliteStore, upgrade
from gallery.adapters.store.backup import make
from gallery.adapters.store.connection import connect_bare
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.schema import make_file, open_file


@pytest.fixture
def no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def file(request, path, no_umask, monkeypatch) -> GalleryFile:
    monkeypatch.setenv("GALLERY_KEY", "secret")
    make_file(path, encrypted=request.param)
    return open_file(path, create=False)


def modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


def test_log_and_index_have_the_mode_of_the_gallery(file, space, make_reference):
    with SqliteStore.open(file.path, create=True) as store:
        store.add("Ada", make_reference(), space)
        assert modes(file.path.parent) == {"gallery.db": 0o600, "gallery.db-wal": 0o600, "gallery.db-shm": 0o600}


def test_so_has_the_journal_of_a_change_to_the_schema(file):
    with closing(connect_bare(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE more (value)")
        assert modes(file.path.parent) == {"gallery.db": 0o600, "gallery.db-journal": 0o600}


def test_so_has_a_backup(file):
    made = make(file.path, None)
    assert stat.S_IMODE(Path(made.path).stat().st_mode) == 0o600


def test_a_backup_is_private_while_it_is_written(file, monkeypatch):
    seen: list[dict[str, int]] = []

    def look(opened: GalleryFile) -> object:
        seen.append(modes(file.path.parent))
        return connect_bare(opened)

    monkeypatch.setattr("gallery.adapters.store.backup.connect_bare", look)
    make(file.path, file.path.with_name("copy.backup"))
    assert [found["copy.backup"] for found in seen if "copy.backup" in found] == [0o600] * 2


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_one_warning_names_whatever_others_may_read_or_write(path, caplog, mode):
    SqliteStore.open(path, create=True).close()
    copy = Path(make(path, None).path)
    caplog.clear()
    path.chmod(mode)
    copy.chmod(0o644)
    SqliteStore.open(path, create=False).close()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{path} (mode {mode:04o}), {copy} (mode 0644)" in record.getMessage()
    assert record.getMessage().endswith(f"chmod 600 {shlex.quote(str(path))} {shlex.quote(str(copy))}")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_log_that_others_may_read_is_named(path, caplog, space, make_reference):
    with SqliteStore.open(path, create=True) as store:
        store.add("Ada", make_reference(), space)
        log = path.with_name("gallery.db-wal")
        log.chmod(0o644)
        SqliteStore.open(path, create=False).close()
    assert [str(log) in record.getMessage() for record in caplog.records] == [True]


def test_no_warning_where_only_the_owner_may(path, caplog):
    SqliteStore.open(path, create=True).close()
    make(path, None)
    SqliteStore.open(path, create=False).close()
    upgrade(path)
    assert caplog.records == []


def test_what_a_conversion_has_left_is_named(path, caplog):
    SqliteStore.open(path, create=True).close()
    left = path.with_name("gallery.db.0123.converting")
    left.touch(0o600)
    SqliteStore.open(path, create=False, keys=Keys()).close()
    (record,) = caplog.records
    assert str(left) in record.getMessage()
    assert "delete it" in record.getMessage()
