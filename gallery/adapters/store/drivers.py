"""The two drivers: `sqlite3` of the standard library, and `sqlcipher3` for encrypted galleries.

No file is ever opened through both in one process while it is in use: each would cancel the other's locks when it
closes the file (https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import sqlite3
import sys
from types import ModuleType
from typing import Any, cast

from gallery.adapters.store.keys import Key
from gallery.domain.errors import StoreUnusable
from gallery.installed import adding


def cipher() -> ModuleType:
    """The driver for encrypted files.

    Raises:
        StoreUnusable: If it is not installed.
    """
    try:
        from sqlcipher3 import dbapi2
    except ImportError as error:
        raise StoreUnusable(
            "Encrypted galleries need an addition that is not installed.", f"Run: {adding('encrypted')}"
        ) from error
    return cast("ModuleType", dbapi2)


def plain_connection(uri: str, timeout: float) -> sqlite3.Connection:
    """Opens a file with `sqlite3`. Transactions are begun explicitly, never by the driver."""
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)


def cipher_connection(uri: str, timeout: float, key: Key | None) -> sqlite3.Connection:
    """Opens a file with `sqlcipher3`, whose connections are like those of `sqlite3`.

    Args:
        uri: The file.
        timeout: Seconds to wait for another process.
        key: Its key; None for a file that is not encrypted.
    """
    driver: Any = cipher()
    connection = driver.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to standard error
    if key is not None:
        connection.execute(f'PRAGMA key = "{key.blob}"')
    return cast("sqlite3.Connection", connection)


def is_drivers(error: BaseException) -> bool:
    """Whether an exception is one of a driver's."""
    return isinstance(error, _bases("Error"))


def is_misuse(error: BaseException) -> bool:
    """Whether an exception says that the program, not the file, is wrong."""
    return isinstance(error, _bases("IntegrityError", "ProgrammingError", "InterfaceError"))


def code_of(error: BaseException) -> int | None:
    """SQLite's result code, extended if the driver knows it (https://www.sqlite.org/rescode.html).

    The drivers give none where they copy a file; then it is told from SQLite's sentence. None where there is neither.
    """
    return getattr(error, "sqlite_errorcode", None) or _SENTENCES.get(str(error))


_SENTENCES = {
    "database is locked": sqlite3.SQLITE_BUSY,
    "database table is locked": sqlite3.SQLITE_LOCKED,
    "attempt to write a readonly database": sqlite3.SQLITE_READONLY,
    "disk I/O error": sqlite3.SQLITE_IOERR,
    "database disk image is malformed": sqlite3.SQLITE_CORRUPT,
    "database or disk is full": sqlite3.SQLITE_FULL,
    "unable to open database file": sqlite3.SQLITE_CANTOPEN,
    "file is not a database": sqlite3.SQLITE_NOTADB,
}


def first_of(error: BaseException) -> BaseException | None:
    """The driver's error that an exception began with; None where there is none.

    What fails while an error is dealt with says less than the error.
    """
    found = None
    step: BaseException | None = error
    while step is not None:
        found = step if is_drivers(step) else found
        step = step.__cause__ or step.__context__
    return found


def is_code(error: BaseException, primary: int) -> bool:
    """Whether a driver's error has a result code, whatever its extension."""
    code = code_of(error)
    return is_drivers(error) and code is not None and code & 0xFF == primary


def _bases(*names: str) -> tuple[type[BaseException], ...]:
    loaded = [sqlite3, sys.modules.get("sqlcipher3.dbapi2")]
    return tuple(getattr(driver, name) for driver in loaded if driver is not None for name in names)
