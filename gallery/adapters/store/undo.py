"""The last change to the gallery's people, kept so that it can be taken back.

While a change is made, triggers write down for every row what takes its change back, cascades included, after SQLite's
own recipe (https://www.sqlite.org/undoredo.html). They are temporary: they live in the connection, follow the tables
as they are, and record only while a change is open.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast

from sqlalchemy import Table, delete, func, select
from sqlalchemy.orm import Session

from gallery.adapters.store.tables import Base, ChangeRow, UndoStepRow
from gallery.domain.errors import NothingToUndo
from gallery.domain.people import Change

RECORDED = (
    "identity",
    "tag",
    "absorbed",
    "reference",
    "crop",
    "model",
    "template",
    "calibration",
    "personal_threshold",
    "own_threshold",
)
"""The tables that hold the gallery's people. The audit trail is not among them: what happened is never undone."""

_SWITCH = "undo_recording"
"""A temporary table that holds a row while a change is recorded."""


def begin(session: Session, what: str, now: datetime, going_on: int | None) -> int:
    """Begins to record a change, or goes on with one that is still the last.

    Args:
        session: A writing transaction.
        what: The change in words.
        now: The moment.
        going_on: The number of a change that this is a part of.

    Returns:
        The change's number.
    """
    last = session.scalar(select(func.max(ChangeRow.id)))
    number = last if last is not None and last == going_on else _start(session, what, now)
    _install(session)
    _run(session, f"INSERT INTO temp.{_SWITCH} VALUES (1)")
    return number


def stop(session: Session) -> None:
    """Stops to record; what is still to be written is written first."""
    session.flush()
    _run(session, f"DELETE FROM temp.{_SWITCH}")


@contextmanager
def recorded(session: Session, what: str, now: datetime, going_on: int | None) -> Iterator[int]:
    """Records what is done inside; yields the change's number."""
    number = begin(session, what, now, going_on)
    yield number
    stop(session)


def last(session: Session) -> Change | None:
    """The change that can be taken back."""
    row = session.scalar(select(ChangeRow).order_by(ChangeRow.id.desc()).limit(1))
    return None if row is None else Change(row.what, row.made)


def undo(session: Session) -> Change:
    """Takes the last change back.

    Raises:
        NothingToUndo: If there was none, or it was taken back already.
    """
    change = last(session)
    if change is None:
        raise NothingToUndo("There is no change to undo.", "Only the last change can be undone, and only once.")
    statements = session.scalars(select(UndoStepRow.statement).order_by(UndoStepRow.id.desc())).all()
    _run(session, "PRAGMA defer_foreign_keys = ON")  # rows come back in any order; it ends with the transaction
    with _only_rows_of_people(session):
        for statement in statements:
            _run(session, statement)
    session.expire_all()
    clear(session)
    return change


def clear(session: Session) -> None:
    """Leaves nothing to undo."""
    session.execute(delete(UndoStepRow))
    session.execute(delete(ChangeRow))


def _start(session: Session, what: str, now: datetime) -> int:
    clear(session)
    row = ChangeRow(what=what, made=now)
    session.add(row)
    session.flush()
    return row.id


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
    backwards = {
        "INSERT": f"'DELETE FROM {_name(table.name)} WHERE ' || {_where(keys)}",
        "DELETE": f"'INSERT INTO {_name(table.name)} ({', '.join(map(_name, columns))}) VALUES (' || {values} || ')'",
        "UPDATE": f"'UPDATE {_name(table.name)} SET ' || {settings} || ' WHERE ' || {_where(keys)}",
    }
    for event, statement in backwards.items():
        yield (
            f"CREATE TEMP TRIGGER undo_{table.name}_{event.lower()} AFTER {event} ON main.{_name(table.name)} "
            f"WHEN EXISTS (SELECT 1 FROM temp.{_SWITCH}) "
            f"BEGIN INSERT INTO undo_step (statement) VALUES ({statement}); END"  # noqa: S608 - names of our own tables
        )


def _where(keys: list[str]) -> str:
    """The key of the row as it is now; keys are never changed."""
    return " || ' AND ' || ".join(f"'{_name(key)}=' || quote(NEW.{_name(key)})" for key in keys)


def _name(name: str) -> str:
    return f'"{name}"'


@contextmanager
def _only_rows_of_people(session: Session) -> Iterator[None]:
    """Refuses whatever is not a change to rows of those tables: a gallery from elsewhere may hold any statement."""
    connection = cast("sqlite3.Connection", session.connection().connection.driver_connection)

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
