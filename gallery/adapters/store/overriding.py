"""What people decided by hand on single faces."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gallery.adapters.store.tables import LARGEST_NUMBER, OverrideRow
from gallery.domain.by_hand import SAME_PLACE, Override
from gallery.domain.errors import UnknownName
from gallery.domain.geometry import Box


def add(session: Session, override: Override) -> Override:
    """Keeps a person's word in place of all earlier ones on the same face; returns it with its number."""
    for row in session.scalars(select(OverrideRow).where(OverrideRow.sha256 == override.sha256)).all():
        if _box(row).overlap(override.box) >= SAME_PLACE:
            session.delete(row)
    box = override.box
    row = OverrideRow(
        sha256=override.sha256,
        box_x=int(box.x),
        box_y=int(box.y),
        box_width=int(box.width),
        box_height=int(box.height),
        verdict=override.verdict,
        source=override.source,
        by=override.by,
        made=override.made,
        note=override.note,
    )
    session.add(row)
    session.flush()
    return override_of(row)


def every(session: Session) -> list[Override]:
    """All of them, in the order they were decided."""
    return [override_of(row) for row in session.scalars(select(OverrideRow).order_by(OverrideRow.id))]


def remove(session: Session, number: int) -> Override:
    """Takes one back.

    Raises:
        UnknownName: If there is none of that number.
    """
    row = session.get(OverrideRow, number) if abs(number) <= LARGEST_NUMBER else None
    if row is None:
        raise UnknownName(f"There is no override {number}.", "'gallery override list' lists all of them.")
    session.delete(row)
    return override_of(row)


def override_of(row: OverrideRow) -> Override:
    """A row's content."""
    return Override(row.id, row.sha256, _box(row), row.verdict, row.source, row.by, row.made, row.note)


def _box(row: OverrideRow) -> Box:
    return Box(row.box_x, row.box_y, row.box_width, row.box_height)
