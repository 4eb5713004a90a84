"""Connections to SQLite, with the settings every one of them needs."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gallery.adapters.store import drivers
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.same_file import require_same

PAGE_SIZE = 32768
"""Bytes. Measured: fastest to write and smallest, because three templates of 2622 values fit one page, where pages of
4096 bytes need a chain of three for each. Encrypted galleries keep to SQLCipher's own 4096, so that any program that
knows the key can open them."""

CIPHER_CACHE = 65_536
"""KiB of decrypted pages that are kept. Measured: templates are read in half the time of SQLCipher's own 8,000, with
which many a page is decrypted more than once."""


def connect(file: GalleryFile) -> sqlite3.Connection:
    """Opens a gallery for work.

    Write-ahead log, so that readers and one writer do not wait for each other; `synchronous=FULL`, so that what was
    reported as enrolled or recorded survives a power cut; `secure_delete`, so that a removed template is overwritten;
    `temp_store`, so that no copy of anything is sorted in a file elsewhere.

    Transactions are begun explicitly, never by the driver.

    Raises:
        GalleryReplaced: If the file is another than the one that was found.
    """
    require_same(file)
    settings = ["temp_store = MEMORY", "foreign_keys = ON"]
    if file.key is not None:
        settings.append(f"cache_size = {-CIPHER_CACHE}")
    if not file.writable:
        return _connect(file, *settings, "query_only = ON")
    connection = _connect(file, *settings, "synchronous = FULL", "secure_delete = ON")
    with _closed_on_failure(connection):
        _use_log(connection, file.timeout)
    return connection


def connect_to_migrate(file: GalleryFile) -> sqlite3.Connection:
    """Opens a gallery to make or change its tables.

    The page size is heeded only while the file is empty. Foreign keys are off: to change a table, SQLite's way is to
    copy it and drop the old one, which with foreign keys on would delete every row that refers to it
    (https://www.sqlite.org/lang_altertable.html#otheralter).
    """
    settings = ["synchronous = FULL", "secure_delete = ON", "foreign_keys = OFF"]
    return _connect(file, *settings, *([f"page_size = {PAGE_SIZE}"] if file.key is None else []))


def connect_bare(file: GalleryFile) -> sqlite3.Connection:
    """Opens a file that may not be a gallery: nothing is set but the busy timeout, nothing is written."""
    if file.key is None:
        return drivers.plain_connection(file.uri, file.timeout)
    return drivers.cipher_connection(file.uri, file.timeout, file.key)


def number(connection: sqlite3.Connection, query: str, values: Sequence[object] = ()) -> int:
    """The one number that a query gives."""
    return int(connection.execute(query, tuple(values)).fetchone()[0])


def _connect(file: GalleryFile, *pragmas: str) -> sqlite3.Connection:
    connection = connect_bare(file)
    with _closed_on_failure(connection):
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    return connection


def _use_log(connection: sqlite3.Connection, timeout: float) -> None:
    """Switches to the write-ahead log, which the file then remembers.

    When several processes switch a new file at once, SQLite refuses all but one without waiting; so the others wait.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except Exception as error:
            if not drivers.is_code(error, sqlite3.SQLITE_BUSY) or time.monotonic() >= deadline:
                raise
            time.sleep(0.01)
        else:
            return


@contextmanager
def _closed_on_failure(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
