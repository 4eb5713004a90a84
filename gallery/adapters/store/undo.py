"""The last change to the gallery's people, kept so that it can be taken back.

While a change is made, triggers write down for every row what takes its change back, cascades included, after SQLite's
own recipe (https://www.sqlite.org/undoredo.html). They are temporary: they live in the connection, follow the tables
as they are, and record only while a change is open.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Table, delete, func, select
from sqlalchemy.orm import Session

from gallery.adapters.store import drivers
from gallery.adapters.store.engine import driver
from gallery.adapters.store.tables import Base, ChangeRow, UndoStepRow
from gallery.domain.errors import GalleryChanged, NothingToUndo, StoreUnusable
from gallery.domain.people import Change

RECORDED = (
    "identity",
    "tag",
    "absorbed",
    "former_name",
    "reference",
    "crop",
    "model",
    "template",
    "calibration",
    "personal_threshold",
    "own_threshold",
)
"""The tables that hold the gallery's people. The audit trail is not among them: what happened is never undone."""

_TROUBLE_WITH_FILES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
"""Result codes that say nothing about the statement (https://www.sqlite.org/rescode.html)."""

_SWITCH = "undo_recording"
"""A temporary table that holds a row while a change is recorded."""


@contextmanager
def recorded(session: Session, what: str, now: datetime, going_on: int | None) -> Iterator[int]:
    """Records what is done inside, as a change or as a part of one that is still the last.

    What changes nothing is no change: the one before can still be undone.

    Args:
        session: A writing transaction.
        what: The change in words.
        now: The moment.
        going_on: The number of a change that this is a part of.

    Yields:
        The change's number. It holds once the transaction is committed.
    """
    last = session.scalar(select(func.max(ChangeRow.id)))
    number = last if last is not None and last == going_on else _start(session, what, now)
    former = session.scalar(select(func.max(UndoStepRow.id))) or 0
    _install(session)
    _run(session, f"INSERT INTO temp.{_SWITCH} VALUES (1)")  # noqa: S608 - our own table
    yield number
    session.flush()
    _run(session, f"DELETE FROM temp.{_SWITCH}")  # noqa: S608 - our own table
    if number != going_on:
        _replace_former(session, number, former)


def _start(session: Session, what: str, now: datetime) -> int:
    printable = what.encode(errors="backslashreplace").decode()  # it may name whom no name can be given
    row = ChangeRow(what=printable, made=now)
    session.add(row)
    session.flush()
    return row.id


def _replace_former(session: Session, number: int, former: int) -> None:
    """Drops the change before the one that was recorded, or the latter where nothing was done.

    Args:
        session: A writing transaction.
        number: Of the change that was recorded.
        former: The last step of the change before.
    """
    if session.scalar(select(UndoStepRow.id).where(UndoStepRow.id > former).limit(1)) is None:
        session.execute(delete(ChangeRow).where(ChangeRow.id == number))
        return
    session.execute(delete(UndoStepRow).where(UndoStepRow.id <= former))
    session.execute(delete(ChangeRow).where(ChangeRow.id < number))


def last(session: Session) -> Change | None:
    """The change that can be taken back."""
    row = session.scalar(select(ChangeRow).order_by(ChangeRow.id.desc()).limit(1))
    return None if row is None else Change(row.what, row.made, row.id, row.id == _highest(session))


def pass_by(session: Session) -> None:
    """Notes that a command was here that is not to be taken back: the last change is no longer the last command's.

    A number is given and not used, as by a change that changes nothing.
    """
    session.execute(delete(ChangeRow).where(ChangeRow.id == _start(session, "", datetime.now(UTC))))


def _highest(session: Session) -> int:
    """The highest number that a change was ever given (https://www.sqlite.org/autoinc.html)."""
    known = "SELECT seq FROM sqlite_sequence WHERE name = ?"
    return session.connection().exec_driver_sql(known, (ChangeRow.__tablename__,)).scalar() or 0


def undo(session: Session, path: Path, number: int | None = None) -> Change:
    """Takes the last change back.

    Args:
        session: A writing transaction.
        path: The gallery file, for the message.
        number: Of the change that is meant; None for whichever is the last.

    Raises:
        NothingToUndo: If there was none, or it was taken back already.
        GalleryChanged: If another one is the last by now.
        StoreUnusable: If what the file says of the change is no change to the gallery's people.
    """
    change = last(session)
    if change is None:
        raise NothingToUndo("There is no change to undo.", "Only the last change can be undone, and only once.")
    if number not in (None, change.number):
        raise GalleryChanged(
            f"Another change was made meanwhile ({change.what}); nothing was taken back.", "Look at the gallery first."
        )
    statements = session.scalars(select(UndoStepRow.statement).order_by(UndoStepRow.id.desc())).all()
    _run(session, "PRAGMA defer_foreign_keys = ON")  # rows come back in any order; it ends with the transaction
    with _only_rows_of_people(session):
        for statement in statements:
            _take_back(session, statement, path)
    session.expire_all()
    clear(session)
    return change


def unusable(path: Path) -> StoreUnusable:
    """The error for a change whose record in the file is not this program's."""
    return StoreUnusable(
        f"The last change to {path} cannot be undone: what the file says of it was damaged or tampered with.",
        "The gallery was left as it is; the next change replaces that record.",
    )


def clear(session: Session) -> None:
    """Leaves nothing to undo."""
    session.execute(delete(UndoStepRow))
    session.execute(delete(ChangeRow))


def _install(session: Session) -> None:
    known = "SELECT count(*) FROM temp.sqlite_master WHERE name = ?"
    if session.connection().exec_driver_sql(known, (_SWITCH,)).scalar():
        return
    _run(session, f"CREATE TEMP TABLE {_SWITCH} (recording INTEGER)")
    for name in RECORDED:
        for trigger in _triggers(Base.metadata.tables[name]):
            _run(session, trigger)


def _triggers(table: Table) -> Iterator[str]:
    """What writes down, for each row that is inserted, deleted or updated, the statement that takes it back."""
    columns = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key]
    values = " || ',' || ".join(f"quote(OLD.{_name(column)})" for column in columns)
    settings = " || ',' || ".join(f"'{_name(column)}=' || quote(OLD.{_name(column)})" for column in columns)
    own = _name(table.name)
    names = ", ".join(map(_name, columns))
    backwards = {
        "INSERT": f"'DELETE FROM {own} WHERE ' || {_where(keys)}",  # noqa: S608 - names of our own tables
        "DELETE": f"'INSERT INTO {own} ({names}) VALUES (' || {values} || ')'",  # noqa: S608
        "UPDATE": f"'UPDATE {own} SET ' || {settings} || ' WHERE ' || {_where(keys)}",  # noqa: S608
    }
    differs = " OR ".join(f"OLD.{_name(column)} IS NOT NEW.{_name(column)}" for column in columns)
    for event, statement in backwards.items():
        name = f"undo_{table.name}_{event.lower()}"
        only = f"EXISTS (SELECT 1 FROM temp.{_SWITCH})" + (f" AND ({differs})" if event == "UPDATE" else "")  # noqa: S608
        step = f"INSERT INTO undo_step (statement) VALUES ({statement})"  # noqa: S608
        yield f"CREATE TEMP TRIGGER {name} AFTER {event} ON main.{own} WHEN {only} BEGIN {step}; END"


def _where(keys: list[str]) -> str:
    """The key of the row as it is now; keys are never changed."""
    return " || ' AND ' || ".join(f"'{_name(key)}=' || quote(NEW.{_name(key)})" for key in keys)


def _name(name: str) -> str:
    return f'"{name}"'


@contextmanager
def _only_rows_of_people(session: Session) -> Iterator[None]:
    """Refuses whatever is not a change to rows of those tables: a gallery from elsewhere may hold any statement."""
    connection = driver(session)

    def allowed(action: int, first: str | None, _second: str | None, _db: str | None, trigger: str | None) -> int:
        if action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE):
            ours = first in RECORDED or (first == UndoStepRow.__tablename__ and trigger is not None)
        else:
            ours = action in (sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION)
        return sqlite3.SQLITE_OK if ours else sqlite3.SQLITE_DENY

    connection.set_authorizer(allowed)
    try:
        yield
    finally:
        connection.set_authorizer(None)


def _run(session: Session, statement: str) -> None:
    session.connection().exec_driver_sql(statement)


def _take_back(session: Session, statement: str, path: Path) -> None:
    try:
        _run(session, statement)
    except Exception as error:  # the drivers also warn, with something that is no error of theirs
        code = drivers.code_of(getattr(error, "orig", error))
        if code is not None and code & 0xFF in _TROUBLE_WITH_FILES:
            raise
        raise unusable(path) from error
