"""Forgets a person in the gallery and in its backups, and proves that nothing of them is left in the files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from gallery.adapters.store import forgetting
from gallery.adapters.store.connection import connect
from gallery.adapters.store.engine import Database
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.forgetting import Erased, Person
from gallery.adapters.store.tables import BackupRow, CropRow, TemplateRow
from gallery.adapters.store.traces import SHORTEST_NAME, Needle, pieces, search
from gallery.domain.errors import StoreUnusable
from gallery.domain.forgetting import Forgotten

OpenCopy = Callable[[Path], GalleryFile]
"""Opens a backup to be written, brought to this program's schema."""


@dataclass(frozen=True, slots=True)
class _Cleaned:
    """What was done in one file.

    Attributes:
        erased: The rows.
        searched: The files in which no trace is left.
        needles: How many byte strings were looked for.
        rewritten: Whether the file was written anew.
    """

    erased: Erased
    searched: tuple[str, ...]
    needles: int
    rewritten: bool


def forget(file: GalleryFile, name: str, open_copy: OpenCopy) -> Forgotten:
    """Deletes a person from a gallery and its backups.

    The backups come first: where one of them fails, the gallery still knows whom to forget, and it can be tried again.

    Raises:
        UnknownName: If nobody of that name is in the gallery or its record.
        StoreUnusable: If another program is using the gallery, or traces are left.
    """
    file.require_writable()
    with closing(Database(file)) as database, database.reading() as session:
        person = forgetting.find(session, name)
        kept = forgetting.outputs(session, person)
        there, missing = _backups(session, file.path)
    _require_alone(file)
    copies = [_clean(open_copy(backup), person, is_copy=True) for backup in there]
    cleaned = _clean(file, person)
    return Forgotten(
        pseudonym=person.pseudonym,
        references=cleaned.erased.references,
        templates=cleaned.erased.templates,
        crops=cleaned.erased.crops,
        decisions=cleaned.erased.decisions,
        outputs=kept,
        backups=tuple(map(str, there)),
        missing_backups=missing,
        searched=tuple(path for one in (cleaned, *copies) for path in one.searched),
        traces=cleaned.needles,
        rewritten=cleaned.rewritten,
    )


def write_anew(file: GalleryFile) -> None:
    """Writes the whole file anew, so that nothing is left of what was deleted: neither in it nor in its log.

    Raises:
        StoreUnusable: If another program is using it.
    """
    with explained(file.path), closing(connect(file)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def empty_log(file: GalleryFile) -> None:
    """Moves the write-ahead log into the file and empties it, so that no old copy of a page stays in either."""
    with explained(file.path), closing(connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _backups(session: Session, path: Path) -> tuple[list[Path], tuple[str, ...]]:
    """The copies that the program made: those that are there, and the names of those that have gone."""
    recorded = {Path(row) for row in session.scalars(select(BackupRow.path))}
    beside = {one for one in path.parent.glob("*.backup") if one.name.startswith(f"{path.name}.")}
    there = sorted(one for one in recorded | beside if one.is_file())
    return there, tuple(sorted(str(one) for one in recorded if not one.is_file()))


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


def _clean(file: GalleryFile, person: Person, is_copy: bool = False) -> _Cleaned:
    with closing(Database(file)) as database:
        with database.writing() as session:
            erased = forgetting.erase(session, person, is_copy)
        with database.reading() as session:
            needles = _needles(session, person)
    empty_log(file)
    paths = [file.path, *(file.path.with_name(f"{file.path.name}{end}") for end in ("-wal", "-shm"))]
    rewritten = _cannot_be_searched(file, person) or bool(_found(paths, needles))
    if rewritten:
        write_anew(file)
    left = _found(paths, needles)
    if left:
        raise StoreUnusable(
            f"The person was deleted from {file.path}, but the file still holds bytes of {left[0]}.",
            "Close every program that uses the gallery, then run: gallery db compact",
        )
    return _Cleaned(erased, tuple(str(path) for path in paths if path.exists()), len(needles), rewritten)


def _found(paths: list[Path], needles: list[Needle]) -> list[str]:
    return [what for path in paths for what in search(path, needles)]


def _needles(session: Session, person: Person) -> list[Needle]:
    """What must not be in the file any more. What somebody else has, too, is none of it."""
    found: list[Needle] = []
    for what, table, blobs in (("a template", TemplateRow, person.vectors), ("a crop", CropRow, person.pictures)):
        for blob in blobs:
            if not forgetting.is_live(session, table, blob):
                found += pieces(what, blob)
    for name in sorted({*person.names, *person.keys}):
        content = name.encode()
        if len(content) >= SHORTEST_NAME:
            allowed = tuple(text.encode() for text in sorted(forgetting.live_texts(session, name)))
            found.append(Needle("the name", content, allowed))
    return found


def _cannot_be_searched(file: GalleryFile, person: Person) -> bool:
    """Whether a search of the bytes says nothing: in an encrypted file, or for a name that is too short."""
    with file.path.open("rb") as content:
        readable = content.read(6) == b"SQLite"
    return not readable or any(len(name.encode()) < SHORTEST_NAME for name in person.names)
