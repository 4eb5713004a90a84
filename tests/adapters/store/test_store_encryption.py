"""Galleries encrypted at rest."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from sqlcipher3 import dbapi2

from gallery.adapters.store import SqliteStore, converting, encryption, upgrade
from gallery.adapters.store.backup import make, recorded
from gallery.adapters.store.connection import connect, connect_bare
from gallery.adapters.store.converting import decrypt, encrypt
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.health import check
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.schema import REVISIONS, Schema, make_file, open_file
from gallery.adapters.store.status import status
from gallery.domain.errors import SchemaTooOld, StoreUnusable, UnknownName
from gallery.installed import adding
from gallery.resources import resource

KEY = "a 'key' with \"quotes\" and ü"
FROZEN = Path(__file__).resolve().parents[2] / "assets" / "upgrade"


@pytest.fixture(autouse=True)
def the_key(monkeypatch):
    monkeypatch.setenv("GALLERY_KEY", KEY)


@pytest.fixture(scope="module")
def new_encrypted(tmp_path_factory) -> Path:
    """An encrypted gallery as it is made, to be copied: its key takes a while to derive, but only once."""
    made = tmp_path_factory.mktemp("encrypted") / "gallery.db"
    before = os.environ.get("GALLERY_KEY")
    os.environ["GALLERY_KEY"] = KEY
    make_file(made, encrypted=True)
    if before is None:
        del os.environ["GALLERY_KEY"]
    return made


@pytest.fixture
def encrypted(path, new_encrypted) -> Path:
    shutil.copyfile(new_encrypted, path)
    path.chmod(0o600)
    return path


@pytest.fixture
def plain(path, new_gallery, space, make_reference) -> Path:
    shutil.copyfile(new_gallery, path)
    path.chmod(0o600)
    fill(path, space, make_reference)
    return path


def fill(path: Path, space, make_reference) -> None:
    with SqliteStore.open(path, create=True) as store:
        for n in range(30):
            store.add(f"Person {n % 3}", make_reference(n), space)
        store.remove("Person 2")


def held(path: Path) -> tuple[object, ...]:
    with SqliteStore.open(path, create=False) as store:
        whitelist = store.whitelist()
        people = [store.identity(person.name) for person in store.identities()]
        return people, whitelist.names, whitelist.owners.tolist(), whitelist.templates.tolist(), store.last_change()


def test_nothing_of_it_can_be_read(encrypted, space, make_reference):
    with SqliteStore.open(encrypted, create=True) as store:
        store.add("Ada Lovelace", make_reference(source="somewhere/photo.jpg"), space)
        for one in (encrypted, encrypted.with_name("gallery.db-wal")):
            content = one.read_bytes()
            assert len(content) > 4096
            for secret in (b"Ada", b"somewhere", b"SQLite", b"identity", np.array([1, 1, 2, 3], "<f4").tobytes()):
                assert secret not in content
    assert stat.S_IMODE(encrypted.stat().st_mode) == 0o600


def test_it_works_like_any_other(encrypted, space, make_reference):
    fill(encrypted, space, make_reference)
    with SqliteStore.open(encrypted, create=True) as store:
        assert [person.references for person in store.identities()] == [10, 10]
        assert store.undo().what == "remove Person 2"
        assert len(store.whitelist()) == 30
        assert store.calibration() is None
        assert store.runs() == []
        with pytest.raises(UnknownName):
            store.identity("Nobody")
        store.compact()
    assert len(held(encrypted)[3]) == 30
    assert {finding.what[:10] for finding in check(encrypted).findings} == {"has length"}  # nothing else is wrong


def test_every_connection_has_the_settings(encrypted):
    with closing(connect(open_file(encrypted, create=False))) as connection:

        def pragma(name: str) -> int | str:
            return connection.execute(f"PRAGMA {name}").fetchone()[0]

        assert pragma("journal_mode") == "wal"
        assert pragma("foreign_keys") == 1
        assert pragma("secure_delete") == 1
        assert pragma("temp_store") == 2
        assert pragma("busy_timeout") == 30_000
        assert pragma("synchronous") == 2
        assert pragma("cipher_version").startswith("4.")


def test_any_program_that_knows_sqlcipher_4_opens_it_with_the_key(encrypted):
    with closing(dbapi2.connect(str(encrypted))) as connection:
        connection.execute(f"PRAGMA key = '{KEY.replace(chr(39), 2 * chr(39))}'")
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (REVISIONS[-1],)


def test_a_wrong_key_is_one_sentence_and_changes_nothing(encrypted, monkeypatch, capfd):
    content = encrypted.read_bytes()
    monkeypatch.setenv("GALLERY_KEY", "amiss")
    for use in (SqliteStore.open, lambda p, **_: upgrade(p), lambda p, **_: status(p), lambda p, **_: decrypt(p)):
        with pytest.raises(StoreUnusable, match="The key does not open") as caught:
            use(encrypted, create=False)
        assert "amiss" not in str(caught.value)
    assert encrypted.read_bytes() == content
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("GALLERY_KEY", KEY)
    assert status(encrypted).encrypted


def test_no_key(encrypted, monkeypatch):
    monkeypatch.delenv("GALLERY_KEY")
    monkeypatch.setattr("gallery.adapters.store.keys._from_keyring", lambda _: None)
    with pytest.raises(StoreUnusable, match="is encrypted, and no key was given"):
        SqliteStore.open(encrypted, create=True)


def test_without_the_extra_one_sentence_says_how_to_install_it(encrypted, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    for use in (lambda: SqliteStore.open(encrypted, create=False), lambda: make_file(tmp_path / "new.db", True)):
        with pytest.raises(StoreUnusable) as caught:
            use()
        assert caught.value.hint == f"Run: {adding('encrypted')}"
    assert not (tmp_path / "new.db").exists()


def test_a_plain_gallery_needs_neither_key_nor_extra(plain, monkeypatch):
    monkeypatch.setenv("GALLERY_KEY", "")
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    assert len(held(plain)[3]) == 20


@pytest.mark.parametrize("size", [4096, 4 * 4096])
def test_a_file_of_the_right_size_that_is_text_is_not_taken_for_one(path, size):
    path.write_bytes(b"Dear diary, today I " * size)
    os.truncate(path, size)
    with pytest.raises(StoreUnusable, match="not a gallery, nor any other SQLite file"):
        SqliteStore.open(path, create=False)


def test_a_damaged_page_is_found(encrypted, space, make_reference, capfd):
    fill(encrypted, space, make_reference)
    with closing(connect_bare(open_file(encrypted, create=False))) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'identity'").fetchone()
    content = bytearray(encrypted.read_bytes())
    content[(page - 1) * 4096 + 100] ^= 1
    encrypted.write_bytes(content)
    with SqliteStore.open(encrypted, create=False) as store:
        with pytest.raises(StoreUnusable, match="is damaged"):
            store.identities()
        with pytest.raises(StoreUnusable, match="is damaged"):
            store.identity("Person 1")
    findings = check(encrypted).findings
    assert any(f"page {page}" in finding.what for finding in findings)
    assert capfd.readouterr() == ("", "")


def test_a_backup_is_encrypted_with_the_same_key(encrypted, space, make_reference):
    fill(encrypted, space, make_reference)
    before = held(encrypted)
    made = Path(make(encrypted, None).path)
    assert not encryption.is_plain_copy(made)
    assert held(made) == before
    assert status(encrypted).backups[0].path == str(made)


def test_who_is_forgotten_is_forgotten_in_encrypted_backups_too(encrypted, space, make_reference):
    fill(encrypted, space, make_reference)
    made = make(encrypted, None).path
    with SqliteStore.open(encrypted, create=True) as store:
        receipt = store.forget("Person 1")
    assert (receipt.references, receipt.backups) == (10, (made,))
    for one in (encrypted, Path(made)):
        with SqliteStore.open(one, create=False) as store:
            assert [person.name for person in store.identities()] == ["Person 0"]
            assert len(store.whitelist()) == 10


def test_an_older_schema_is_upgraded_after_an_encrypted_backup(path):
    shutil.copyfile(FROZEN / "0001.db", path)
    path.chmod(0o600)
    encrypt(path)
    with pytest.raises(SchemaTooOld):
        SqliteStore.open(path, create=False)
    backup = upgrade(path)
    assert not encryption.is_plain_copy(backup)
    assert open_file(backup, create=False, schema=Schema(("0001",), resource("migrations"))).key is not None
    with SqliteStore.open(path, create=False) as store:
        assert [person.name for person in store.identities()] == ["Ada Lovelace", "Grace Hopper"]
    with closing(connect(open_file(path, create=False))) as connection:
        assert list(recorded(connection)) == [backup]


def test_there_and_back(plain, space, make_reference):
    before = held(plain)
    schema = status(plain)
    done = encrypt(plain)
    assert (done.encrypted, done.copies) == (True, ())
    assert held(plain) == before
    assert status(plain).encrypted
    assert decrypt(plain).encrypted is False
    assert held(plain) == before
    now = status(plain)
    assert (now.page_size, now.written_by, now.revision) == (schema.page_size, schema.written_by, schema.revision)
    assert stat.S_IMODE(plain.stat().st_mode) == 0o600
    assert [one.name for one in plain.parent.iterdir()] == ["gallery.db"]
    with SqliteStore.open(plain, create=True) as store:  # numbers that were given are not given again
        assert store.add("Person 1", make_reference(99), space) == 31
        assert store.identity("Person 1").references[-1].id == 31
    assert check(plain).findings[0].what.startswith("has length")


def test_the_former_file_is_overwritten(plain):
    with plain.open("rb") as former:
        encrypt(plain)
        assert set(former.read()) == {0}


def test_a_link_stays_a_link(plain, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(plain)
    encrypt(link)
    assert link.is_symlink()
    assert status(plain).encrypted


def test_copies_that_are_left_as_they_were_are_named(plain):
    copy = make(plain, None).path
    elsewhere = make(plain, plain.with_name("elsewhere")).path
    assert encrypt(plain).copies == (copy, elsewhere)
    assert decrypt(plain).copies == ()


def test_the_wrong_way_round(plain, encrypted_too):
    with pytest.raises(StoreUnusable, match="is not encrypted"):
        decrypt(plain)
    with pytest.raises(StoreUnusable, match="encrypted already"):
        encrypt(encrypted_too)


@pytest.fixture
def encrypted_too(tmp_path, new_encrypted) -> Path:
    return Path(shutil.copy(new_encrypted, tmp_path / "encrypted.db"))


@pytest.mark.parametrize("convert", [encrypt, decrypt])
def test_what_cannot_be_converted(path, tmp_path, convert):
    with pytest.raises(StoreUnusable, match="no gallery at"):
        convert(path)
    path.write_text("not a database")
    with pytest.raises(StoreUnusable, match="not a gallery"):
        convert(path)
    assert path.read_text() == "not a database"
    with pytest.raises(StoreUnusable, match="that is a folder"):
        convert(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["gallery.db"]


def test_another_programs_database_is_not_converted(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE moz_places (url)")
    with pytest.raises(StoreUnusable, match="not a gallery"):
        encrypt(path)
    assert encryption.is_plain_copy(path)


def test_a_gallery_in_use_by_another_process_is_refused(plain, other_process):
    before = plain.read_bytes()
    with other_process(plain), pytest.raises(StoreUnusable, match="in use by another program"):
        encrypt(plain, timeout=0.2)
    assert plain.read_bytes() == before
    assert not list(plain.parent.glob("*.converting"))
    assert encrypt(plain).encrypted


@pytest.fixture
def other_process():
    """Another process that has a gallery open, and does nothing with it."""
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT count(*) FROM identity').fetchone();"
        " print('open', flush=True); sys.stdin.read()"
    )

    @contextmanager
    def start(path: Path):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout.readline() == "open\n"
            yield
        finally:
            process.communicate("")

    return start


def test_a_change_between_copying_and_replacing_is_not_lost(plain, monkeypatch, space, make_reference):
    copy = converting._copy

    def copy_and_be_late(connection, new):
        version = copy(connection, new)
        fill_one(plain)
        return version

    def fill_one(path: Path) -> None:
        with closing(dbapi2.connect(str(path))) as other:  # the same library: in one process, locks are the library's
            other.execute("UPDATE identity SET notes = 'changed'")
            other.commit()

    monkeypatch.setattr(converting, "_copy", copy_and_be_late)
    with pytest.raises(StoreUnusable, match="used by another program meanwhile"):
        encrypt(plain)
    assert encryption.is_plain_copy(plain)
    with SqliteStore.open(plain, create=False) as store:
        assert store.identity("Person 1").details.notes == "changed"
    assert not list(plain.parent.glob("*.converting"))


def test_a_copy_that_is_not_the_same_is_not_taken(plain, monkeypatch):
    copy = converting._copy

    def lose_a_row(connection, new):
        version = copy(connection, new)
        with closing(connect_bare(new)) as other:
            other.execute("DELETE FROM template WHERE rowid = 1")
        return version

    before = held(plain)
    monkeypatch.setattr(converting, "_copy", lose_a_row)
    with pytest.raises(StoreUnusable, match="did not come out like it"):
        encrypt(plain)
    assert held(plain) == before
    assert not list(plain.parent.glob("*.converting"))


def test_a_read_only_gallery_is_not_converted(open_folder, as_ordinary_user):
    path = open_folder / "gallery.db"
    SqliteStore.open(path, create=True).close()
    path.chmod(0o400)
    with as_ordinary_user(open_folder), pytest.raises(StoreUnusable, match="read-only"):
        encrypt(path)
    path.chmod(0o600)
    open_folder.chmod(0o500)
    with as_ordinary_user(open_folder), pytest.raises(StoreUnusable, match="read-only"):
        encrypt(path)
    assert list(open_folder.iterdir()) == [path]


def test_a_read_only_encrypted_gallery_can_be_read(open_folder, as_ordinary_user, space, make_reference):
    path = open_folder / "gallery.db"
    make_file(path, encrypted=True)
    fill(path, space, make_reference)
    path.chmod(0o400)
    open_folder.chmod(0o500)
    with as_ordinary_user(open_folder):
        assert len(held(path)[3]) == 20


def test_leftovers_of_a_killed_conversion_go_with_the_next(plain):
    left = plain.with_name("gallery.db.0123.converting")
    left.write_bytes(b"half a gallery")
    encrypt(plain)
    assert not left.exists()


def test_a_gallery_is_not_made_over_a_file(path, encrypted_too):
    for one in (encrypted_too, path):
        one.touch()
    path.write_text("mine")
    for one in (path, encrypted_too):
        content = one.read_bytes()
        with pytest.raises(StoreUnusable, match="already"):
            make_file(one, encrypted=True)
        assert one.read_bytes() == content


def test_one_process_opens_a_gallery_twice_without_losing_its_locks(encrypted, other_writer, space, make_reference):
    """To read a file's first bytes and close it again would give up the locks of the connection that is open."""
    with SqliteStore.open(encrypted, create=True) as store:
        store.add("Ada", make_reference(1), space)
        SqliteStore.open(encrypted, create=True).close()
        other_writer(encrypted)  # opens, closes, and would take the log away if it believed to be alone
        assert encrypted.with_name("gallery.db-wal").exists()
        store.add("Ada", make_reference(2), space)
    with SqliteStore.open(encrypted, create=False) as store:
        assert len(store.whitelist()) == 2


@pytest.fixture
def other_writer():
    code = (
        "import sys; from pathlib import Path; from gallery.adapters.store import SqliteStore\n"
        "with SqliteStore.open(Path(sys.argv[1]), create=True) as store: store.runs(); store.clear_calibration()"
    )

    def write(path: Path) -> None:
        root = Path(encryption.__file__).resolve().parents[3]
        subprocess.run([sys.executable, "-W", "error", "-c", code, str(path)], cwd=root, check=True, timeout=60)

    return write


def test_a_file_that_has_got_the_inode_of_another_is_looked_at_anew(encrypted, new_gallery):
    SqliteStore.open(encrypted, create=False).close()
    with encrypted.open("rb+") as file:  # the same inode, another gallery
        file.truncate()
        file.write(new_gallery.read_bytes())
    assert GalleryFile(encrypted).key is None
    assert open_file(encrypted, create=False, keys=Keys()).key is None


@pytest.mark.parametrize("another", [b"", None], ids=["empty", "a gallery"])
def test_an_ordinary_file_with_the_inode_of_an_encrypted_one_needs_no_key(encrypted, new_gallery, monkeypatch, another):
    SqliteStore.open(encrypted, create=False).close()
    content = new_gallery.read_bytes() if another is None else another
    with encrypted.open("rb+") as file:
        file.truncate()
        file.write(content)
    monkeypatch.delenv("GALLERY_KEY")
    SqliteStore.open(encrypted, create=True).close()
    assert not status(encrypted).encrypted
