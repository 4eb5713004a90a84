"""Forgets a person in the gallery and in its backups, and proves that nothing of them is left in the files."""

from __future__ import annotations

import os
import shlex
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from gallery.adapters.photos.atomic import leftovers
from gallery.adapters.store import forgetting, trail_check
from gallery.adapters.store.connection import connect
from gallery.adapters.store.engine import Database
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import GalleryFile, backups_beside, conversions_beside, files_of
from gallery.adapters.store.forgetting import Erased, Person
from gallery.adapters.store.tables import ArchiveRow, BackupRow, CropRow, IdentityRow, TemplateRow
from gallery.adapters.store.traces import SEPARATOR, SHORTEST_NAME, Needle, is_in, pieces, search, surroundings
from gallery.domain.errors import StoreUnusable, UnknownName
from gallery.domain.forgetting import Forgotten, KeptOutput
from gallery.domain.paths import joined, real

OpenCopy = Callable[[Path], GalleryFile]
"""Opens a backup to be written, brought to this program's schema."""


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """What was done in one file.

    Attributes:
        erased: The rows.
        searched: The files in which no trace is left.
        traces: How many byte strings were looked for.
        encrypted: Whether they were looked for in what the rows hold, because the files' bytes say nothing.
    """

    erased: Erased
    searched: tuple[str, ...]
    traces: int
    encrypted: bool = False


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
        there, missing = _backups(session, file.path)
        archives = [Path(one) for one in session.scalars(select(ArchiveRow.path).order_by(ArchiveRow.path))]
    there = [backup for backup in there if backup.stat().st_size]  # a backup that was killed at once holds nobody
    person, only_in_copy = _find(file, name, there, open_copy)
    kept = _showing(file, person)
    _require_whole(file)
    _require_alone(file)
    copies = [_clean(open_copy(backup), person, now, is_copy=True) for backup in there]
    cleaned = _clean(file, _by_name(person) if only_in_copy else person, now)
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
        encrypted=tuple(path for one in (cleaned, *copies) if one.encrypted for path in one.searched),
        only_in_backups=only_in_copy,
        marked=cleaned.erased.marked,
        archives=tuple(str(one) for one in archives if os.path.lexists(one)),
        swept=_swept({one.parent for one in (file.path, *archives)}),
    )


def showing(file: GalleryFile, name: str) -> tuple[KeptOutput, ...]:
    """The outputs in which a person is visible and which no later run replaced; nothing is changed.

    Raises:
        UnknownName: If nobody of that name is in the gallery or its record.
    """
    return _showing(file, _found_in(file, name))


def _showing(file: GalleryFile, person: Person) -> tuple[KeptOutput, ...]:
    with closing(Database(file)) as database, database.reading() as session:
        kept = forgetting.outputs(session, person)
    with explained(file.path), closing(connect(file)) as connection:
        now = {(joined(one.path, one.base), one.sha256) for one in trail_check.outputs(connection)}
    return tuple(replace(one, there=os.path.lexists(one.path)) for one in kept if (one.path, one.sha256) in now)


def _find(file: GalleryFile, name: str, backups: Sequence[Path], open_copy: OpenCopy) -> tuple[Person, bool]:
    """Who is meant, and whether only a backup knows them.

    Raises:
        UnknownName: If nobody of that name is in the gallery, its record or a backup.
    """
    try:
        return _found_in(file, name), False
    except UnknownName as error:
        unknown = error
    for backup in backups:
        with suppress(UnknownName):
            return _found_in(open_copy(backup), name), True
    raise unknown


def _found_in(file: GalleryFile, name: str) -> Person:
    with closing(Database(file)) as database, database.writing() as session:
        return forgetting.find(session, name, file.path)


def _by_name(person: Person) -> Person:
    """Somebody whom only a backup knows, as they are to be looked for in the gallery.

    There, a number or a face of theirs may be another person's by now.
    """
    return replace(person, numbers=frozenset(), made=frozenset(), faces=frozenset(), shared=frozenset())


def _swept(folders: Iterable[Path]) -> tuple[str, ...]:
    """Removes the hidden files that killed processes left in folders: an archive's holds templates."""
    found = []
    for folder in sorted(folders):
        with suppress(OSError):
            for left in leftovers(folder):
                left.unlink()
                found.append(str(left))
    return tuple(found)


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
    encrypted = file.key is not None
    left = _left_in_rows(file, needles) if encrypted else [what for path in paths for what in search(path, needles)]
    if left:
        raise _left(file.path, f"the file still holds bytes of {left[0]}.")
    return _Cleaned(erased, tuple(str(path) for path in paths if path.exists()), len(needles), encrypted)


def _left_in_rows(file: GalleryFile, needles: Sequence[Needle]) -> list[str]:
    """What of the needles an encrypted file still holds: in its rows, which are all it has once it was written anew."""
    with explained(file.path), closing(connect(file)) as connection:
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
        found = ["pages that are no longer used"] if free else []
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a table that is there
                values = (one.encode() if isinstance(one, str) else one for one in row)
                content = SEPARATOR.join(one for one in values if isinstance(one, bytes))
                found += [needle.what for needle in needles if is_in(content, needle)]
    return found


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
