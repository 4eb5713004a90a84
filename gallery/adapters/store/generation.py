"""Tells whether the gallery's people, or what was decided by hand, have been changed since they were read."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gallery.adapters.store.tables import ChangeRow, IdentityRow, OverrideRow, ReferenceRow
from gallery.domain.errors import GalleryChanged


def of(session: Session, today: date, outside: int) -> Hashable:
    """What is another after every change to the people, or to what was decided by hand, and on another day.

    A change has a number of its own, and undoing takes it away; forgetting, which leaves no change, takes rows away;
    what is added to a change that is still the last adds rows. An override is never changed, only replaced.
    With a day, consent can end. A file that somebody else has written may hold anything.

    Args:
        session: A transaction.
        today: The day, here.
        outside: How often somebody else has written the file.
    """
    rows = (_rows(session, table) for table in (IdentityRow, ReferenceRow, OverrideRow))
    return today, outside, session.scalar(select(func.max(ChangeRow.id))), *rows


def _rows(session: Session, table: type[IdentityRow | ReferenceRow | OverrideRow]) -> Hashable:
    return tuple(session.execute(select(func.count(), func.max(table.id)).select_from(table)).one())


def require(session: Session, expected: Hashable, today: date, outside: int) -> None:
    """Checks that nothing was changed since.

    Args:
        session: A writing transaction.
        expected: What `of` gave then; None for no check.
        today: The day, here.
        outside: How often somebody else has written the file.

    Raises:
        GalleryChanged: If something was.
    """
    if expected is not None and of(session, today, outside) != expected:
        raise GalleryChanged("The gallery's people were changed meanwhile.", "Run it again.")
