"""What SQLite's errors mean to the user."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.adapters.store import drivers, files
from gallery.adapters.store.files import GalleryFile
from gallery.domain.errors import BadArgument, GalleryError, StoreUnusable

_RESTORE = "See what is wrong with 'gallery db check', or restore a backup; 'gallery db status' lists them."


@contextmanager
def explained(file: GalleryFile | Path) -> Iterator[None]:
    """Turns the drivers' errors, as they are or passed on by SQLAlchemy, into ones a user can act on.

    An error of another kind may come from a value in the file that no gallery holds, or from a mistake in the program.
    Given the file, it is searched for such a value: where there is one, the error is about that.

    Args:
        file: The gallery; or its path, where nothing is read that could be damaged.

    Raises:
        StoreUnusable: If the file is not a gallery, damaged, locked, read-only, or the disk is full.
    """
    try:
        yield
    except Exception as error:
        path = file if isinstance(file, Path) else file.path
        if drivers.is_drivers(getattr(error, "orig", error)):
            cause = drivers.first_of(error) or error
            if drivers.is_misuse(cause):
                raise
            raise explain(cause, path) from error
        damage = None if isinstance(file, Path) else _damage(file, error)
        if damage is None:
            raise
        raise damaged(path, damage) from error


def explain(error: BaseException, path: Path) -> StoreUnusable:
    """The user's error for one of SQLite's (result codes: https://www.sqlite.org/rescode.html)."""
    code = drivers.code_of(error)
    if code is None and str(error).startswith("Could not decode"):  # and goes on with what it could not decode
        return damaged(path, "it holds text that cannot be read")
    known = _MEANINGS.get(code or 0) or _MEANINGS.get((code or sqlite3.SQLITE_ERROR) & 0xFF)
    if known is not None:
        what, remedy = known
        return StoreUnusable(f"The gallery {path} {what}.", remedy)
    if code is not None and code & 0xFF == sqlite3.SQLITE_READONLY:
        return files.read_only(path)
    if code is not None and code & 0xFF == sqlite3.SQLITE_NOTADB:
        return files.not_a_database(path)
    return StoreUnusable(f"The gallery {path} cannot be used: {error}.", _RESTORE)


def damaged(path: Path, how: str) -> StoreUnusable:
    """The error for a gallery that holds what no gallery holds."""
    return StoreUnusable(f"The gallery {path} is damaged: {how}.", _RESTORE)


def _damage(file: GalleryFile, error: Exception) -> str | None:
    """The first unreadable value of a gallery file, in words; None where there is none, or it cannot be searched."""
    from gallery.adapters.store import health

    if isinstance(error, GalleryError) and not isinstance(error, BadArgument):
        return None
    tables = health.WITH_THRESHOLDS if isinstance(error, BadArgument) else None
    try:
        finding = next(health.unreadable(file, tables), None)
    except Exception:  # the error that led here says more
        return None
    return None if finding is None else f"{finding.where}: {finding.what}"


_LOCKED = ("is in use by another program", "Try again when that has finished.")
_NO_ROOM = (
    "cannot be written: the disk is full, or files may not grow any further",
    "Make room, then try again; nothing was lost.",
)

_MEANINGS = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_CORRUPT: ("is damaged", _RESTORE),
    sqlite3.SQLITE_FULL: _NO_ROOM,
    sqlite3.SQLITE_IOERR_WRITE: _NO_ROOM,
    sqlite3.SQLITE_IOERR_SHMSIZE: _NO_ROOM,
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened: the file or its folder may not be read",
        "Allow reading both, or choose another gallery with --db PATH.",
    ),
    sqlite3.SQLITE_IOERR: (
        "cannot be read or written: the disk is full, or reports an error",
        "Make room, or check the disk; nothing was lost.",
    ),
}
