"""What SQLite's errors mean to the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.adapters.store import files
from gallery.domain.errors import StoreUnusable


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns SQLite's errors, raised by `sqlite3` or passed on by SQLAlchemy, into ones a user can act on.

    Raises:
        StoreUnusable: If the file is not a gallery, damaged, locked, read-only, or the disk is full.
    """
    try:
        yield
    except Exception as error:
        cause = getattr(error, "orig", error)
        if not isinstance(cause, sqlite3.Error) or _is_our_mistake(cause):
            raise
        raise explain(cause, path) from error


def explain(error: sqlite3.Error, path: Path) -> StoreUnusable:
    """The user's error for one of SQLite's (result codes: https://www.sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte of an extended code
    if code == sqlite3.SQLITE_READONLY:
        return files.read_only(path)
    if code == sqlite3.SQLITE_NOTADB:
        return files.not_a_database(path)
    known = _MEANINGS.get(code)
    if known is None:
        return StoreUnusable(f"The gallery {path} cannot be used: {error}.", "Restore it from a copy.")
    what, remedy = known
    return StoreUnusable(f"The gallery {path} {what}.", remedy)


def _is_our_mistake(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError)


_LOCKED = ("is in use by another program", "Try again when that has finished.")

_MEANINGS = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CORRUPT: ("is damaged", "Restore it from a copy."),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Make room, then try again; nothing was lost."),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened: the file or its folder may not be read",
        "Allow reading both, or choose another gallery with --db PATH.",
    ),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk reports an error", "Check the disk."),
}
