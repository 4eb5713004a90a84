"""The gallery's models: where its templates live. One of them is current: faces are compared under it."""

from __future__ import annotations

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from gallery.adapters.store.tables import IdentityRow, ModelRow, ReferenceRow, TemplateRow
from gallery.domain.errors import ModelMismatch
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import SpaceUse


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
    if _is_empty(session):
        row.name = space.model


def use(session: Session, space: EmbeddingSpace) -> ModelRow:
    """The row of the gallery's own space; it becomes that where the gallery holds no template yet.

    Raises:
        ModelMismatch: If the gallery holds templates that cannot be compared with that space's.
    """
    current = current_row(session)
    if current is not None and space_of(current).comparable(space):
        return current
    if not _is_empty(session):
        raise mismatch(space if current is None else space_of(current), space)
    session.execute(delete(ModelRow))
    row = _new(space, current=True)
    session.add(row)
    session.flush()
    return row


def find(session: Session, space: EmbeddingSpace) -> ModelRow | None:
    """The row of a space, the gallery's own or another."""
    return session.scalar(
        select(ModelRow).where(
            ModelRow.sha256 == space.sha256,
            ModelRow.preparation == space.preparation,
            ModelRow.dimension == space.dimension,
        )
    )


def add(session: Session, space: EmbeddingSpace) -> ModelRow:
    """The row of a space, made where there is none; the gallery's own stays what it is."""
    row = find(session, space)
    if row is None:
        row = _new(space, current=current_row(session) is None)
        session.add(row)
        session.flush()
    return row


def switch(session: Session, space: EmbeddingSpace) -> None:
    """Makes a space the gallery's own that it holds templates of.

    Raises:
        ModelMismatch: If it holds none.
    """
    row = find(session, space)
    if (
        row is None
        or session.scalar(select(TemplateRow.model_id).where(TemplateRow.model_id == row.id).limit(1)) is None
    ):
        raise ModelMismatch(
            f"The gallery holds no template of {space.model} as it is installed here.",
            f"Make them from the stored crops: gallery reembed --model {space.model}",
        )
    make_current(session, row, space.model)


def make_current(session: Session, row: ModelRow, name: str) -> None:
    """Makes a model the gallery's own, under a name."""
    current = current_row(session)
    if current is not None and current.id != row.id:
        current.current = False
        session.flush()  # at most one is the gallery's own, at any time
    row.current, row.name = True, name


def overview(session: Session) -> list[SpaceUse]:
    """All models that the gallery holds templates of, the current one first."""
    counts = select(TemplateRow.model_id, func.count().label("templates")).group_by(TemplateRow.model_id).subquery()
    rows = session.execute(
        select(ModelRow, func.coalesce(counts.c.templates, 0))
        .outerjoin(counts, counts.c.model_id == ModelRow.id)
        .where(or_(ModelRow.current, counts.c.templates > 0))
        .order_by(ModelRow.current.desc(), ModelRow.name, ModelRow.id)
    ).all()
    return [SpaceUse(space_of(row), row.current, templates, _lacking(session, row)) for row, templates in rows]


def _lacking(session: Session, model: ModelRow) -> tuple[str, ...]:
    having = (
        select(ReferenceRow.identity_id).join(TemplateRow.reference).where(TemplateRow.model_id == model.id).distinct()
    )
    referred = select(ReferenceRow.identity_id).distinct()
    names = (
        select(IdentityRow.name)
        .where(IdentityRow.id.in_(referred), IdentityRow.id.not_in(having))
        .order_by(IdentityRow.name_key)
    )
    return tuple(session.scalars(names))


def _is_empty(session: Session) -> bool:
    return session.scalar(select(TemplateRow.reference_id).limit(1)) is None


def _new(space: EmbeddingSpace, current: bool) -> ModelRow:
    return ModelRow(
        name=space.model,
        sha256=space.sha256,
        preparation=space.preparation,
        dimension=space.dimension,
        current=current,
    )


def mismatch(own: EmbeddingSpace, wanted: EmbeddingSpace) -> ModelMismatch:
    """The error for templates of one model and faces of another; tells them apart by what differs."""
    if own.model != wanted.model:
        mine, other = own.model, wanted.model
        remedy = (
            f"Use the gallery's own model with --model {own.model}, or move the gallery to the other one: "
            f"gallery reembed --model {wanted.model}"
        )
    elif own.sha256 != wanted.sha256:
        mine, other = (f"{space.model} with weights {space.sha256[:12]}" for space in (own, wanted))
        remedy = (
            "Install the weights the gallery was made with, or make new templates from the stored crops: "
            f"gallery reembed --model {wanted.model}"
        )
    else:
        mine, other = (f"{space.model} ({space.preparation})" for space in (own, wanted))
        remedy = (
            "Prepare faces the way the gallery's were, or make new templates from the stored crops: "
            f"gallery reembed --model {wanted.model}"
        )
    return ModelMismatch(
        f"The gallery's faces were described by {mine}; they cannot be compared with those of {other}.", remedy
    )
