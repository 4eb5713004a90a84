"""Templates under another model, for references that are there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from gallery.adapters.store import spaces
from gallery.adapters.store.editing import find_reference
from gallery.adapters.store.faces import reference_of
from gallery.adapters.store.people import crop
from gallery.adapters.store.tables import ReferenceRow, TemplateRow
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


def add_template(session: Session, reference: int, embedding: NDArray[np.float32], space: EmbeddingSpace) -> None:
    """Gives a reference a template in some space, in place of the former one there.

    Raises:
        UnknownName: If there is no reference of that number.
        ValueError: If the embedding does not fit the space.
    """
    number = find_reference(session, reference).id
    model = spaces.add(session, space)
    vector = to_bytes(embedding, space.dimension)
    row = session.get(TemplateRow, (model.id, number))
    if row is None:
        session.add(TemplateRow(model_id=model.id, reference_id=number, vector=vector))
    else:
        row.vector = vector
