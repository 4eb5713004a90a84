"""Copies of a gallery file, made while it may be in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gallery.adapters.store import encryption, files
from gallery.adapters.store.connection import connect, connect_bare
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import BACKUP, BUSY_TIMEOUT, Access, GalleryFile
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.schema import read_revision
from gallery.domain.errors import BadArgument, StoreUnusable
from gallery.domain.gallery_file import BackedUp

_TIME = "%Y-%m-%d %H:%M:%S.%f"
"""How the tables keep a moment (see `gallery.adapters.store.columns.UtcTime`)."""


def beside(path: Path, revision: str) -> Path:
    """Where a backup goes by default: beside the gallery, such as `gallery.db.0001-20260131T120000.000000Z.backup`."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    return path.with_name(f"{path.name}.{revision}-{stamp}{BACKUP}")


def make(path: Path, target: Path | None, keys: Keys | None = None, timeout: float = BUSY_TIMEOUT) -> BackedUp:
    """Copies a gallery of any schema, while it may be in use.

    Args:
        path: The gallery.
        target: Where to; beside the gallery if None. Nothing is overwritten.
        keys: Where its key is found. The copy is encrypted with the same.
        timeout: Seconds to wait for another process that holds it.

    Raises:
        StoreUnusable: If it is missing, not a gallery, cannot be used, or there can be no such copy.
        BadArgument: If something is in the copy's place.
    """
    with explained(path):
        file = encryption.unlocked(files.find(path, timeout), keys or Keys())
        files.warn(path)
        with closing(connect_bare(file)) as connection:
            revision = read_revision(connection, path)
        if revision is None:
            raise files.no_gallery_yet(path)
        return back_up_and_record(file, target or beside(path, revision))


def back_up(file: GalleryFile, target: Path) -> Path:
    """Copies a gallery through SQLite's backup API, for its owner's eyes only; encrypted with the same key if it is.

    Args:
        file: The gallery.
        target: Where to; nothing may be there.

    Returns:
        The copy.

    Raises:
        StoreUnusable: If there can be no such file.
        BadArgument: If there is something already.
    """
    try:
        files.make_private(target)
    except FileExistsError:
        raise BadArgument(
            f"There is a file at {target} already; it was left as it is.", "Choose another name."
        ) from None
    except OSError as error:
        raise StoreUnusable(
            f"The backup {target} cannot be made: {error.strerror or error}.", "Allow writing to its folder."
        ) from error
    try:
        copy_to = replace(file, path=target, access=Access.WRITE, found=None)
        with closing(connect_bare(file)) as source, closing(connect_bare(copy_to)) as copy:
            source.backup(copy)
            _without_review_crops(copy)
        files.sync_folder(target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target


def _without_review_crops(copy: sqlite3.Connection) -> None:
    """Removes the pictures kept for a review, and every byte of them: nobody would remove them here when it is done."""
    if not _has_table(copy, "review_crop") or not copy.execute("SELECT 1 FROM review_crop LIMIT 1").fetchone():
        return
    copy.execute("DELETE FROM review_crop")
    copy.execute("VACUUM")
    copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def back_up_and_record(file: GalleryFile, target: Path) -> BackedUp:
    """Copies a gallery, which then knows of the copy, so that who is forgotten is forgotten there, too.

    The gallery knows before there is a copy: nothing of one that was cut off stays unknown.

    Raises:
        StoreUnusable: If there can be no such file, or the gallery cannot be used; there is no copy.
        BadArgument: If there is something already.
    """
    target = target.absolute()
    with explained(file.path):
        known = file.writable and not target.exists()
        if known:
            _write(file, record, target)
        try:
            back_up(file, target)
        except BaseException:
            if known:
                _write(file, _strike_out, target)
            raise
    return BackedUp(str(target), target.stat().st_size, known)


def record(connection: sqlite3.Connection, target: Path) -> None:
    """Notes a backup in the table of backups, where the gallery's schema has one."""
    if _has_table(connection, "backup"):
        made = datetime.now(UTC).strftime(_TIME)
        connection.execute(
            "INSERT OR REPLACE INTO backup (path, made) VALUES (?, ?)", (_stored(target.absolute()), made)
        )


def recorded(connection: sqlite3.Connection) -> dict[Path, datetime]:
    """The backups that a gallery knows of, with when they were made, in UTC."""
    if not _has_table(connection, "backup"):
        return {}
    return {
        Path(path.decode(errors="surrogatepass") if isinstance(path, bytes) else path): datetime.strptime(
            made, _TIME
        ).replace(tzinfo=UTC)
        for path, made in connection.execute("SELECT path, made FROM backup ORDER BY made")
    }


def _write(file: GalleryFile, change: Callable[[sqlite3.Connection, Path], None], target: Path) -> None:
    with closing(connect(file)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        change(connection, target)
        connection.execute("COMMIT")


def _strike_out(connection: sqlite3.Connection, target: Path) -> None:
    connection.execute("DELETE FROM backup WHERE path = ?", (_stored(target),))


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table'", (name,))
    return found.fetchone() is not None


def _stored(path: Path) -> str | bytes:
    """A path as the table keeps it (see `gallery.adapters.store.columns.AnyText`)."""
    text = str(path)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")
    return text
