"""Tells encrypted galleries from others, and opens them.

An encrypted file begins with 16 random bytes and goes on with what looks like more of them, so nothing in it says what
it is (https://www.zetetic.net/sqlcipher/design/).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from gallery.adapters.store import drivers, files
from gallery.adapters.store.connection import connect_bare
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.keys import SALT, Key, Keys, derive
from gallery.domain.errors import StoreUnusable

PAGE = 4096
"""Bytes of a page of SQLCipher 4."""
_LEAST_VARIETY = 240
"""Different bytes in a page: about 256 of encrypted text, whose bytes are all equally frequent, and never fewer than
this (the chance is below 1e-30); far fewer of text and of most other files."""
_MAGIC = b"SQLite format 3\0"

_salts: dict[tuple[int, int], bytes] = {}
"""The first bytes of the encrypted files that this process has opened, by device and inode. They are not read twice:
to close a file is to give up all locks that this process holds on it, those of other connections included."""


def unlocked(file: GalleryFile, keys: Keys) -> GalleryFile:
    """A gallery file with its key, where it is encrypted; otherwise the same file.

    Raises:
        StoreUnusable: If it is encrypted and there is no key, a wrong one, or nothing to decrypt it with; or if it is
            neither encrypted nor any other SQLite file.
        BadArgument: If the key is empty.
    """
    salt = _salt(file)
    if salt is None:
        return file
    drivers.cipher()
    opened = replace(file, key=derive(keys.existing(file.path), salt))
    if not _opens(opened):
        if _salts.pop(_inode(file.path), None) is None:
            raise wrong_key(file.path)
        return unlocked(file, keys)  # another file has got the inode of one that was known
    _salts[_inode(file.path)] = salt
    return opened


def is_plain_copy(path: Path) -> bool:
    """Whether a file that nobody is using is an ordinary SQLite file."""
    with path.open("rb") as content:
        return content.read(len(_MAGIC)) == _MAGIC


def drop(path: Path) -> None:
    """Forgets a file that is going to be deleted."""
    _salts.pop(_inode(path), None)


def is_encrypted(file: GalleryFile) -> bool:
    """Whether a gallery file is encrypted.

    Raises:
        StoreUnusable: If it is neither encrypted nor any other SQLite file.
    """
    return _salt(file) is not None


def new_key(path: Path, keys: Keys) -> Key:
    """A key, with a salt of its own, for a file that is going to be encrypted.

    Raises:
        StoreUnusable: If there is no key, or nothing to encrypt with.
        BadArgument: If the key is empty.
    """
    drivers.cipher()
    return derive(keys.new(path), os.urandom(SALT))


def wrong_key(path: Path) -> StoreUnusable:
    """The error for a key that does not open a gallery."""
    return StoreUnusable(
        f"The key does not open {path}, or that is no gallery.",
        "Check the key: it is taken from GALLERY_KEY, else from the system's keyring, else asked for.",
    )


def _salt(file: GalleryFile) -> bytes | None:
    """The first bytes of an encrypted file; None for an SQLite file or an empty one.

    Raises:
        StoreUnusable: If it is none of these.
    """
    known = _remembered(file)
    if known is not None or _opens(file):
        return known
    with file.path.open("rb") as content:
        page = content.read(PAGE)
    if page.startswith(_MAGIC) or file.path.stat().st_size % PAGE or len(set(page)) < _LEAST_VARIETY:
        raise files.not_a_database(file.path)
    return page[:SALT]


def _remembered(file: GalleryFile) -> bytes | None:
    """What is known of an encrypted file, unless an ordinary one has got the inode of one that was deleted.

    Asked through the driver for encrypted files, since only that may have such a file open.
    """
    known = _salts.get(_inode(file.path))
    if known is None:
        return None
    with closing(drivers.cipher_connection(file.uri, file.timeout, key=None)) as connection:
        if not _answers(connection):
            return known
    _salts.pop(_inode(file.path), None)
    return None


def _opens(file: GalleryFile) -> bool:
    """Whether a file is one of SQLite's, or one of SQLCipher's with the right key."""
    with closing(connect_bare(file)) as connection:
        return _answers(connection)


def _answers(connection: sqlite3.Connection) -> bool:
    """Whether SQLite can read the file that a connection is to."""
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except Exception as error:
        if drivers.is_code(error, sqlite3.SQLITE_NOTADB):
            return False
        raise
    return True


def _inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
