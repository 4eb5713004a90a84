"""Forgets a person in the gallery and in its backups, and proves that nothing of them is left in the files."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gallery.adapters.store import forgetting
from gallery.adapters.store.connection import connect
from gallery.adapters.store.engine import Database
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import GalleryFile, backups_beside, conversions_beside, files_of
from gallery.adapters.store.forgetting import Erased, Person
from gallery.adapters.store.tables import BackupRow, CropRow, IdentityRow, TemplateRow
from gallery.adapters.store.traces import SHORTEST_NAME, Needle, pieces, search, surroundings
from gallery.domain.errors import StoreUnusable
from gallery.domain.forgetting import Forgotten
from gallery.domain.paths import real

OpenCopy = Callable[[Path], GalleryFile]
"""Opens a backup to be written, brought to this program's schema."""


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """What was done in one file.

    Attributes:
        erased: The rows.
        searched: The files in which no trace is left.
        traces: How many byte strings were looked for.
    """

    erased: Erased
    searched: tuple[str, ...]
    traces: int


def forget(file: GalleryFile, name: str, open_copy: OpenCopy, now: datetime) -> Forgotten:
    """Deletes a person from a gallery and its backups.

    The backups come first: where one of them fails, the gallery still knows whom to forget, and it can be tried again.

    Every file is written anew: that `secure_delete` overwrites what is deleted is not enough, because SQLite also moves
    rows about within a page, and leaves what was there.

    Raises:
        UnknownName: If nobody of that name is in the gallery or its record.
        StoreUnusable: If another program is using the gallery, or traces are left.
    """
    file.require_writable()
    with closing(Database(file)) as database, database.writing() as session:
        person = forgetting.find(session, name, file.path)
        kept = forgetting.outputs(session, person)
        there, missing = _backups(session, file.path)
    _require_whole(file)
    _require_alone(file)
    there = [backup for backup in there if backup.stat().st_size]  # a backup that was killed at once holds nobody
    copies = [_clean(open_copy(backup), person, now, is_copy=True) for backup in there]
    cleaned = _clean(file, person, now)
    return Forgotten(
        pseudonym=person.pseudonym,
        references=cleaned.erased.deleted.references,
        templates=cleaned.erased.deleted.templates,
        crops=cleaned.erased.deleted.crops,
        decisions=cleaned.erased.decisions,
        outputs=kept,
        backups=tuple(map(str, there)),
        missing_backups=missing,
        searched=tuple(path for one in (cleaned, *copies) for path in one.searched),
        traces=cleaned.traces,
        overrides=cleaned.erased.overrides,
    )


def write_anew(file: GalleryFile) -> None:
    """Writes the whole file anew, so that nothing is left of what was deleted: neither in it nor in its log.

    Raises:
        StoreUnusable: If another program is using it, or there is no room for a second copy.
    """
    with explained(file.path), closing(connect(file)) as connection:
        connection.execute("VACUUM")
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreUnusable(
            f"The gallery {file.path} is in use by another program.", "Try again when that has finished."
        )


def _backups(session: Session, path: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The copies that the program made: those that are there, and the names of those that have gone."""
    recorded = [Path(row) for row in session.scalars(select(BackupRow.path).order_by(BackupRow.path))]
    there = {real(one): one for one in (*recorded, *backups_beside(path)) if one.is_file() and real(one) != real(path)}
    return list(there.values()), tuple(str(one) for one in recorded if not one.is_file())


def _require_whole(file: GalleryFile) -> None:
    """Checks that no conversion was cut off: what it left holds everybody.

    Raises:
        StoreUnusable: If one was.
    """
    left = conversions_beside(file.path)
    if left:
        raise StoreUnusable(
            f"A conversion was cut off and left {left[0]}, which still holds everybody.",
            "Delete that file, then try again.",
        )


def _require_alone(file: GalleryFile) -> None:
    """Checks that no other process has the gallery open: it might still read, and keep, what is to go.

    Raises:
        StoreUnusable: If one has.
    """
    with explained(file.path), closing(connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")


def _clean(file: GalleryFile, person: Person, now: datetime, is_copy: bool = False) -> _Cleaned:
    with closing(Database(file)) as database:
        with database.writing() as session:
            astray = _astray(session)
            try:
                erased = forgetting.erase(session, person, now, is_copy)
            except IntegrityError as error:  # what refers to the person was not deleted with them
                raise _still_there(file.path) from error
            _require_gone(session, erased.person, astray, file.path)
        with database.reading() as session:
            needles = _needles(session, erased.person)
    try:
        write_anew(file)
    except StoreUnusable as error:
        raise _left(
            file.path, f"it could not be written anew, and may still hold old bytes: {error.message}"
        ) from error
    paths = files_of(file.path)
    left = [what for path in paths for what in search(path, needles)]
    if left:
        raise _left(file.path, f"the file still holds bytes of {left[0]}.")
    return _Cleaned(erased, tuple(str(path) for path in paths if path.exists()), len(needles))


def _astray(session: Session) -> set[object]:
    """Rows that refer to one that is not there."""
    session.flush()
    return set(session.connection().exec_driver_sql("PRAGMA foreign_key_check"))


def _require_gone(session: Session, person: Person, astray: set[object], path: Path) -> None:
    """Checks that no row of the person is left, whatever the deletion said.

    Args:
        session: The transaction that deleted the person.
        person: Who.
        astray: What `_astray` gave before.
        path: The file, for messages.

    Raises:
        StoreUnusable: If there is one; then nothing is changed.
    """
    left = len(_astray(session) - astray)
    left += session.scalar(select(func.count()).where(IdentityRow.name_key.in_(person.keys))) or 0
    if left:
        raise _still_there(path)


def _still_there(path: Path) -> StoreUnusable:
    return StoreUnusable(
        f"The person could not be deleted from {path}: rows of theirs would still be there; nothing was changed in it.",
        f"See what is wrong with it: gallery db check --db {shlex.quote(str(path))}",
    )


def _left(path: Path, what: str) -> StoreUnusable:
    return StoreUnusable(
        f"The person was deleted from {path}, but {what}",
        f"Close every program that uses it, then run: gallery db compact --db {shlex.quote(str(path))}",
    )


def _needles(session: Session, person: Person) -> list[Needle]:
    """What must not be in the file any more. What somebody else has, too, is none of it."""
    found: list[Needle] = []
    for what, table, blobs in (("a template", TemplateRow, person.vectors), ("a crop", CropRow, person.pictures)):
        for blob in blobs:
            if not forgetting.is_live(session, table, blob):
                found += pieces(what, blob)
    names = {*person.names, *person.keys}
    for name in sorted(names | {unicodedata.normalize("NFD", one) for one in names}):
        content = name.encode()
        if len(content) >= SHORTEST_NAME:
            allowed = tuple(text.encode() for text in sorted(forgetting.live_texts(session, name)))
            found.append(Needle("the name", content, surroundings(content, allowed)))
    return found
