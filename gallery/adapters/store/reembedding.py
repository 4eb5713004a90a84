"""Templates under another model, for references that are there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from gallery.adapters.store import spaces
from gallery.adapters.store.bulk import in_pieces
from gallery.adapters.store.editing import find_reference
from gallery.adapters.store.faces import reference_of
from gallery.adapters.store.people import crop
from gallery.adapters.store.tables import LARGEST_NUMBER, ReferenceRow, TemplateRow
from gallery.adapters.store.vectors import to_bytes
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import LackingTemplate


def lacking(session: Session, space: EmbeddingSpace) -> list[int]:
    """The numbers of the references without a template there, by person."""
    query = select(ReferenceRow.id).join(ReferenceRow.identity).order_by(ReferenceRow.identity_id, ReferenceRow.id)
    model = spaces.find(session, space)
    if model is not None:
        having = select(TemplateRow.reference_id).where(TemplateRow.model_id == model.id)
        query = query.where(ReferenceRow.id.not_in(having))
    return list(session.scalars(query))


def with_crop(session: Session, reference: int) -> LackingTemplate | None:
    """A reference and what its template can be made from; None where it has gone since."""
    row = session.get(ReferenceRow, reference)
    if row is None:
        return None
    return LackingTemplate(row.id, row.identity.name, reference_of(row), crop(session, reference))


def add_templates(session: Session, templates: Mapping[int, NDArray[np.float32]], space: EmbeddingSpace) -> None:
    """Gives references templates in some space, in place of the former ones there.

    Args:
        session: A writing transaction.
        templates: By the references' numbers.
        space: Where they live.

    Raises:
        UnknownName: If there is no reference of a number.
        ValueError: If an embedding does not fit the space.
    """
    _require_references(session, list(templates))
    model = spaces.add(session, space).id
    rows = [
        {"model_id": model, "reference_id": int(number), "vector": to_bytes(embedding, space.dimension)}
        for number, embedding in templates.items()
    ]
    if rows:
        new = insert(TemplateRow)
        in_place = new.on_conflict_do_update(
            index_elements=["model_id", "reference_id"],
            set_={"vector": new.excluded.vector, "cohort": None, "standing": None},
        )
        session.connection().execute(in_place, rows)


def _require_references(session: Session, numbers: list[int]) -> None:
    there: set[int] = set()
    for some in in_pieces([number for number in numbers if abs(number) <= LARGEST_NUMBER]):
        there.update(session.scalars(select(ReferenceRow.id).where(ReferenceRow.id.in_(some))))
    for number in numbers:
        if number not in there:
            find_reference(session, number)  # says that it is not there
