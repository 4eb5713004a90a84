"""How a gallery file stands, whatever its schema; nothing of it is changed."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from gallery.adapters.store import backup, encryption, files
from gallery.adapters.store.connection import connect_bare, number
from gallery.adapters.store.failures import damaged, explained
from gallery.adapters.store.files import BUSY_TIMEOUT, GalleryFile
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.schema import read_revision, this_schema, written_by
from gallery.domain.gallery_file import BackupCopy, FileStatus, ModelTemplates
from gallery.domain.models import labelled
from gallery.domain.people import Change

_MODELS = """
    SELECT model.name, model.preparation, model.current, model.dimension, count(template.reference_id)
    FROM model LEFT JOIN template ON template.model_id = model.id
    GROUP BY model.id
    ORDER BY model.current DESC, model.name
"""


def status(path: Path, keys: Keys | None = None, timeout: float = BUSY_TIMEOUT) -> FileStatus:
    """How a gallery file stands.

    Args:
        path: The gallery.
        keys: Where its key is found.
        timeout: Seconds to wait for another process that holds it.

    Raises:
        StoreUnusable: If it is missing, not a gallery, or cannot be opened.
    """
    with explained(path):
        file = encryption.unlocked(files.find(path, timeout), keys or Keys())
        files.warn(path)
        with closing(connect_bare(file)) as connection:
            connection.execute("BEGIN")  # all queries see one state
            try:
                return _status(file, connection)
            except (ValueError, TypeError) as error:  # a moment that is none
                raise damaged(path, "it holds a date that cannot be read") from error


def _status(file: GalleryFile, connection: sqlite3.Connection) -> FileStatus:
    revision = read_revision(connection, file.path)
    if revision is None:
        raise files.no_gallery_yet(file.path)
    seen = file.path.stat()
    return FileStatus(
        path=str(file.path),
        revision=revision,
        program_revision=this_schema().head,
        written_by=written_by(connection),
        encrypted=file.key is not None,
        mode=stat.S_IMODE(seen.st_mode),
        size=seen.st_size,
        log_size=_size(files.log_of(file.path)) or 0,
        pages=number(connection, "PRAGMA page_count"),
        page_size=number(connection, "PRAGMA page_size"),
        people=number(connection, "SELECT count(*) FROM identity"),
        references=number(connection, "SELECT count(*) FROM reference"),
        models=tuple(
            ModelTemplates(labelled(name, prepared), bool(now), size, n)
            for name, prepared, now, size, n in connection.execute(_MODELS)
        ),
        runs=number(connection, "SELECT count(*) FROM run"),
        last_change=_last_change(connection),
        backups=_backups(file.path, connection),
    )


def _last_change(connection: sqlite3.Connection) -> Change | None:
    if not number(connection, "SELECT count(*) FROM sqlite_master WHERE name = 'change' AND type = 'table'"):
        return None
    row = connection.execute("SELECT what, made FROM change ORDER BY id DESC LIMIT 1").fetchone()
    return None if row is None else Change(row[0], datetime.fromisoformat(row[1]).replace(tzinfo=UTC))


def _backups(path: Path, connection: sqlite3.Connection) -> tuple[BackupCopy, ...]:
    made = backup.recorded(connection)
    beside = [one.absolute() for one in files.backups_beside(path)]
    return tuple(BackupCopy(str(one), made.get(one), _size(one)) for one in dict.fromkeys([*made, *beside]))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
