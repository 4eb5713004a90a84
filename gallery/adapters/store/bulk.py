"""Many rows at once, past SQLAlchemy's ORM, which takes several times as long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import insert
from sqlalchemy.orm import Session

from gallery.adapters.store.tables import IdentityRow, ReferenceRow

AT_ONCE = 200
"""Rows fetched at once."""

_Item = TypeVar("_Item")


def in_pieces(items: Sequence[_Item], size: int = AT_ONCE) -> Iterator[Sequence[_Item]]:
    """Some of the items at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def insert_rows(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    """Inserts rows; the session's objects learn nothing of them."""
    if rows:
        session.connection().execute(insert(table.__table__), rows)


def next_number(session: Session, table: type[IdentityRow | ReferenceRow]) -> int:
    """The number of the next row. None is ever given twice, and nobody else adds any in a writing transaction."""
    query = "SELECT seq FROM sqlite_sequence WHERE name = ?"
    return int(session.connection().exec_driver_sql(query, (table.__tablename__,)).scalar() or 0) + 1
