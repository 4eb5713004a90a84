"""The gallery's model: where its templates live."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gallery.adapters.store.tables import ModelRow, TemplateRow
from gallery.domain.errors import ModelMismatch
from gallery.domain.models import EmbeddingSpace


def current_row(session: Session) -> ModelRow | None:
    """The gallery's own model, if it has one."""
    return session.scalar(select(ModelRow).where(ModelRow.current))


def space_of(row: ModelRow) -> EmbeddingSpace:
    """A model's row as the domain knows it."""
    return EmbeddingSpace(row.name, row.sha256, row.preparation, row.dimension)


def choose(session: Session, space: EmbeddingSpace) -> None:
    """Makes a space the gallery's own. A gallery that holds templates keeps its model's name, and its thresholds.

    Raises:
        ModelMismatch: If the gallery holds templates that cannot be compared with that space's.
    """
    row = use(session, space)
    if session.scalar(select(TemplateRow.reference_id).limit(1)) is None:
        row.name = space.model


def use(session: Session, space: EmbeddingSpace) -> ModelRow:
    """The row of a space; it becomes the gallery's own where the gallery holds no template yet.

    Raises:
        ModelMismatch: If the gallery holds templates that cannot be compared with that space's.
    """
    current = current_row(session)
    if current is not None and space_of(current).comparable(space):
        return current
    if current is not None:
        _give_up(session, current, space)
    row = ModelRow(
        name=space.model,
        sha256=space.sha256,
        preparation=space.preparation,
        dimension=space.dimension,
        current=True,
    )
    session.add(row)
    session.flush()
    return row


def _give_up(session: Session, current: ModelRow, wanted: EmbeddingSpace) -> None:
    if session.scalar(select(TemplateRow.reference_id).limit(1)) is not None:
        raise mismatch(space_of(current), wanted)
    session.execute(delete(ModelRow))


def mismatch(own: EmbeddingSpace, wanted: EmbeddingSpace) -> ModelMismatch:
    """The error for templates of one model and faces of another; tells them apart by what differs."""
    if own.model != wanted.model:
        mine, other = own.model, wanted.model
        remedy = f"Use the gallery's own model with --model {own.model}, or another gallery with --db PATH."
    elif own.sha256 != wanted.sha256:
        mine, other = (f"{space.model} with weights {space.sha256[:12]}" for space in (own, wanted))
        remedy = "Install the weights the gallery was made with, or use another gallery with --db PATH."
    else:
        mine, other = (f"{space.model} ({space.preparation})" for space in (own, wanted))
        remedy = "Prepare faces the way the gallery's were, or use another gallery with --db PATH."
    return ModelMismatch(
        f"The gallery's faces were described by {mine}; they cannot be compared with those of {other}.", remedy
    )
