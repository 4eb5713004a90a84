"""Tells whether the gallery's people have been changed since they were read."""

from __future__ import annotations

from collections.abc import Hashable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gallery.adapters.store.tables import ChangeRow, IdentityRow, ReferenceRow
from gallery.domain.errors import GalleryChanged


def of(session: Session) -> Hashable:
    """What is another after every change to the people.

    A change has a number of its own, and undoing takes it away; forgetting, which leaves no change, takes rows away;
    what is added to a change that is still the last adds rows.
    """
    counted = (func.count(), func.max(IdentityRow.id))
    people = session.execute(select(*counted).select_from(IdentityRow)).one()
    references = session.execute(select(func.count(), func.max(ReferenceRow.id)).select_from(ReferenceRow)).one()
    return session.scalar(select(func.max(ChangeRow.id))), tuple(people), tuple(references)


def require(session: Session, expected: Hashable) -> None:
    """Checks that nothing was changed since.

    Args:
        session: A writing transaction.
        expected: What `of` gave then; None for no check.

    Raises:
        GalleryChanged: If something was.
    """
    if expected is not None and of(session) != expected:
        raise GalleryChanged("The gallery's people were changed meanwhile.", "Run it again.")
