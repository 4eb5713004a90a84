"""What people decided by hand on single faces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from gallery.adapters.store import people
from gallery.adapters.store.tables import (
    LARGEST_NUMBER,
    AbsorbedRow,
    DecisionRow,
    IdentityRow,
    OverrideRow,
    RunImageRow,
)
from gallery.domain.by_hand import SAME_PLACE, Override
from gallery.domain.errors import UnknownName
from gallery.domain.geometry import Box
from gallery.domain.people import why_withheld


def add(session: Session, override: Override, today: date) -> Override:
    """Keeps a person's word in place of all earlier ones on the same face; returns it with its number.

    Args:
        session: A writing transaction.
        override: The word.
        today: The day on which consent must not have ended.

    Raises:
        UnknownName: If nobody is named like the person whom it is to keep.
    """
    who = None if override.keeps is None else people.find(session, override.keeps).id
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
        identity_id=who,
    )
    session.add(row)
    session.flush()
    return _read(session, today, OverrideRow.id == row.id)[0]


def every(session: Session, today: date) -> list[Override]:
    """All of them, in the order they were decided."""
    return _read(session, today)


def remove(session: Session, number: int, today: date) -> Override:
    """Takes one back.

    Raises:
        UnknownName: If there is none of that number.
    """
    found = _read(session, today, OverrideRow.id == number) if abs(number) <= LARGEST_NUMBER else []
    if not found:
        raise UnknownName(f"There is no override {number}.", "'gallery override list' lists all of them.")
    session.execute(delete(OverrideRow).where(OverrideRow.id == number))
    return found[0]


def closest_on_record(session: Session, sha256: str, box: Box, run: int | None = None) -> str | None:
    """The present name of the person whom a face was closest to when it was compared last.

    Args:
        session: A transaction.
        sha256: Of the photo.
        box: The face.
        run: The run whose record counts; None for the last that has the face.

    Returns:
        None where the face is on no record, or that person is not in the gallery any more.
    """
    place = (DecisionRow.box_x, DecisionRow.box_y, DecisionRow.box_width, DecisionRow.box_height)
    faces = session.execute(
        select(IdentityRow.name, *place)
        .select_from(DecisionRow)
        .join(RunImageRow, DecisionRow.run_image_id == RunImageRow.id)
        .outerjoin(IdentityRow, IdentityRow.id == _present(DecisionRow.identity_id))
        .where(RunImageRow.sha256 == sha256, *([] if run is None else [RunImageRow.run_id == run]))
        .order_by(RunImageRow.id.desc(), DecisionRow.position)
    )
    return next((name for name, *box_of in faces if Box(*box_of).overlap(box) >= SAME_PLACE), None)


def word_of(row: OverrideRow) -> Override:
    """A row's content, whoever it keeps."""
    return Override(row.id, row.sha256, _box(row), row.verdict, row.source, row.by, row.made, row.note)


def _read(session: Session, today: date, *where: ColumnElement[bool]) -> list[Override]:
    """Overrides with whom they keep, by their present name."""
    rows = session.execute(
        select(OverrideRow, IdentityRow.name, IdentityRow.enabled, IdentityRow.expires)
        .outerjoin(IdentityRow, IdentityRow.id == _present(OverrideRow.identity_id))
        .where(*where)
        .order_by(OverrideRow.id)
    )
    return [
        word_of(row) if name is None else replace(word_of(row), keeps=name, ended=why_withheld(enabled, expires, today))
        for row, name, enabled, expires in rows
    ]


def _present(number: InstrumentedAttribute[int | None]) -> ColumnElement[int | None]:
    """The number of whom somebody was merged into; their own where they were not."""
    merged = select(AbsorbedRow.identity_id).where(AbsorbedRow.number == number)
    return func.coalesce(merged.scalar_subquery(), number)


def _box(row: OverrideRow) -> Box:
    return Box(row.box_x, row.box_y, row.box_width, row.box_height)
