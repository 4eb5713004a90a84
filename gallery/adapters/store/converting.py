"""Encrypts and decrypts a gallery: makes a copy beside it, checks it, and puts it in the gallery's place."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from gallery.adapters.store import backup, drivers, encryption, files
from gallery.adapters.store.connection import PAGE_SIZE, connect_bare, number
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import BUSY_TIMEOUT, GalleryFile
from gallery.adapters.store.keys import Key, Keys
from gallery.adapters.store.schema import read_revision
from gallery.domain.errors import StoreUnusable
from gallery.domain.gallery_file import Converted

_CHUNK = 1 << 20


def encrypt(path: Path, keys: Keys | None = None, timeout: float = BUSY_TIMEOUT) -> Converted:
    """Encrypts a gallery with SQLCipher. The former file is overwritten before it is deleted.

    No store of this process may have it open. Backups stay as they are; the result names them.

    Args:
        path: The gallery.
        keys: Where the new key is found.
        timeout: Seconds to wait for other processes that have it open.

    Raises:
        StoreUnusable: If it cannot be used or written, is in use, or is encrypted already; it is as it was.
        BadArgument: If the key is empty.
    """
    with explained(path):
        file = _writable(path, timeout)
        if encryption.is_encrypted(file):
            raise StoreUnusable(f"The gallery {path} is encrypted already.", "'gallery db decrypt' undoes that.")
        _require_gallery(file)
        return _convert(file, encryption.new_key(path, keys or Keys()))


def decrypt(path: Path, keys: Keys | None = None, timeout: float = BUSY_TIMEOUT) -> Converted:
    """Makes an ordinary SQLite file of an encrypted gallery; otherwise like `encrypt`.

    Raises:
        StoreUnusable: If it cannot be used or written, is in use, or is not encrypted, or the key is wrong or missing;
            it is as it was.
        BadArgument: If the key is empty.
    """
    with explained(path):
        file = encryption.unlocked(_writable(path, timeout), keys or Keys())
        if file.key is None:
            raise StoreUnusable(f"The gallery {path} is not encrypted.", "'gallery db encrypt' encrypts it.")
        _require_gallery(file)
        return _convert(file, None)


def _writable(path: Path, timeout: float) -> GalleryFile:
    file = files.find(path, timeout)
    file.require_writable()
    return file


def _require_gallery(file: GalleryFile) -> None:
    with closing(connect_bare(file)) as connection:
        if read_revision(connection, file.path) is None:
            raise files.no_gallery_yet(file.path)


def _convert(file: GalleryFile, key: Key | None) -> Converted:
    """Writes a gallery anew with another key, or none, under a lock that lasts until it is in its place.

    SQLite finds a file's log by the file's name. So the log is merged and removed first, and a process that waits for
    the lock on the former file must not go on with that under a name which is another's by then: it finds zeros, and
    gives up.
    """
    real = replace(file, path=file.path.resolve())
    new = replace(real, path=files.conversion(real.path), key=key, found=None)
    try:
        with closing(drivers.cipher_connection(real.uri, file.timeout, file.key)) as connection:
            _leave_log(connection, file.timeout)
            _make_like(new.path, real.path)
            known = list(backup.recorded(connection))
            version = _copy(connection, new)
            with _locked(connection):
                _require_unchanged(connection, version, file.path)
                _require_same(connection, new, file.path)
                _replace(real.path, new.path)
    except OSError as error:
        raise StoreUnusable(
            f"The gallery {file.path} cannot be converted: {error.strerror or error}; it is as it was.",
            "Make room and allow writing to its folder, then try again.",
        ) from error
    finally:
        new.path.unlink(missing_ok=True)
    return Converted(str(file.path), key is not None, _other_copies(file.path, known, key is not None))


def _other_copies(path: Path, known: list[Path], encrypted: bool) -> tuple[str, ...]:
    """The backups that are not as the gallery is now."""
    beside = [one.absolute() for one in files.backups_beside(path)]
    there = (one for one in dict.fromkeys([*known, *beside]) if one.is_file())
    return tuple(str(one) for one in there if encryption.is_plain_copy(one) == encrypted)


def _leave_log(connection: sqlite3.Connection, timeout: float) -> None:
    """Merges the write-ahead log into the file and removes it, which SQLite refuses while another process is there."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        except Exception as error:
            if not drivers.is_code(error, sqlite3.SQLITE_BUSY) or time.monotonic() >= deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _make_like(path: Path, other: Path) -> None:
    """Makes an empty private file that belongs to whom another does, where that may be given away."""
    files.make_private(path)
    owner = other.stat()
    with contextlib.suppress(PermissionError):
        os.chown(path, owner.st_uid, owner.st_gid)


def _copy(connection: sqlite3.Connection, new: GalleryFile) -> int:
    """Copies everything into the new file; returns what tells whether the old one was changed afterwards."""
    connection.execute("ATTACH ? AS new KEY ?", (new.uri, "" if new.key is None else new.key.blob))
    if new.key is None:
        connection.execute(f"PRAGMA new.page_size = {PAGE_SIZE}")
    connection.execute("PRAGMA new.journal_mode = MEMORY")  # the file is deleted if anything goes wrong
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("SELECT sqlcipher_export('new')")
    for pragma in ("application_id", "user_version"):
        connection.execute(f"PRAGMA new.{pragma} = {number(connection, f'PRAGMA main.{pragma}')}")
    version = number(connection, "PRAGMA main.data_version")
    connection.execute("COMMIT")
    connection.execute("DETACH new")
    return version


@contextmanager
def _locked(connection: sqlite3.Connection) -> Iterator[None]:
    """Keeps everybody else out, readers included."""
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _require_unchanged(connection: sqlite3.Connection, version: int, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if number(connection, "PRAGMA data_version") != version or mode != "delete":
        raise StoreUnusable(f"The gallery {path} was used by another program meanwhile; it is as it was.", "Try again.")


def _require_same(connection: sqlite3.Connection, new: GalleryFile, path: Path) -> None:
    """Opens the new file as it will be opened, and compares it with the old one."""
    with closing(connect_bare(new)) as copy:
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        if not sound or _contents(copy) != _contents(connection):
            raise StoreUnusable(
                f"The copy of the gallery {path} did not come out like it; the gallery is as it was.",
                "See with 'gallery db check' whether something is wrong with it.",
            )


def _contents(connection: sqlite3.Connection) -> tuple[object, ...]:
    """The tables, how many rows each has, and the numbers given so far."""
    schema = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()
    tables = [name for kind, name, _ in schema if kind == "table"]
    counts = [number(connection, f'SELECT count(*) FROM "{name}"') for name in tables]  # noqa: S608 - read above
    given = connection.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
    header = [number(connection, f"PRAGMA {pragma}") for pragma in ("application_id", "user_version")]
    return schema, counts, given, header


def _replace(old: Path, new: Path) -> None:
    """Puts the new file in the old one's place, and overwrites the old one.

    Nobody else can be at it, so what conversions that were killed have left goes, too.
    """
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    handle = os.open(old, os.O_RDWR)  # and not closed while the lock is needed: closing would give it up
    try:
        encryption.drop(old)
        new.replace(old)
        _overwrite(handle)
        files.sync_folder(old)
        for left in files.conversions_beside(old):
            left.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _overwrite(handle: int) -> None:
    """Fills a file with zeros, as far as the disk lets it; a file system that copies on writing keeps the old bytes."""
    size = os.fstat(handle).st_size
    with contextlib.suppress(OSError):
        for start in range(0, size, _CHUNK):
            os.pwrite(handle, bytes(min(_CHUNK, size - start)), start)
        os.fsync(handle)
