"""The whitelist: all templates of the gallery's model, read in one go."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy import Executable, func, or_, select
from sqlalchemy.orm import Session

from gallery.adapters.store import spaces
from gallery.adapters.store.tables import IdentityRow, ModelRow, ReferenceRow, TemplateRow
from gallery.adapters.store.vectors import read_into
from gallery.domain.errors import StoreUnusable
from gallery.domain.matching import Whitelist


def whitelist(session: Session, path: Path, today: date) -> Whitelist:
    """All templates under the gallery's model; names sorted without regard to case.

    Args:
        session: A reading transaction, so that all queries see one state.
        path: The gallery file, for the message.
        today: The day on which consent must not have ended.

    Raises:
        StoreUnusable: If a template is damaged; the message names its reference.
    """
    model = spaces.current_row(session)
    if model is None:
        return Whitelist.empty(0)
    count = session.scalar(select(func.count()).where(TemplateRow.model_id == model.id)) or 0
    names, index_of = _people(session, model)
    owners = np.empty(count, np.intp)
    references = np.empty(count, np.int64)
    templates = np.empty((count, model.dimension), np.float32)
    for index, (reference, identity, vector) in enumerate(session.execute(_vectors(model))):
        owners[index], references[index] = index_of[identity], reference
        if not read_into(templates[index], vector):
            raise _damaged(session, reference, path)
    finite = np.isfinite(templates).all(axis=1)
    if not finite.all():
        raise _damaged(session, int(references[np.argmin(finite)]), path)
    return Whitelist(names, owners, references, templates, _withheld(session, set(names), today))


def _withheld(session: Session, names: set[str], today: date) -> dict[str, date | None]:
    """Those who are not to be kept: the last day of their consent, or None for who is disabled."""
    rows = session.execute(
        select(IdentityRow.name, IdentityRow.enabled, IdentityRow.expires).where(
            or_(IdentityRow.enabled.is_(False), IdentityRow.expires < today)
        )
    )
    return {row.name: row.expires if row.enabled else None for row in rows if row.name in names}


def _people(session: Session, model: ModelRow) -> tuple[tuple[str, ...], dict[int, int]]:
    """The names of those with a template, and for each identity's number its place among them."""
    with_template = (
        select(ReferenceRow.identity_id).join(TemplateRow.reference).where(TemplateRow.model_id == model.id).distinct()
    )
    rows = session.execute(
        select(IdentityRow.id, IdentityRow.name).where(IdentityRow.id.in_(with_template)).order_by(IdentityRow.name_key)
    ).all()
    return tuple(row.name for row in rows), {row.id: place for place, row in enumerate(rows)}


def _vectors(model: ModelRow) -> Executable:
    return (
        select(TemplateRow.reference_id, ReferenceRow.identity_id, TemplateRow.vector)
        .join(TemplateRow.reference)
        .where(TemplateRow.model_id == model.id)
        .order_by(TemplateRow.reference_id)
        .execution_options(yield_per=1000)
    )


def _damaged(session: Session, reference: int, path: Path) -> StoreUnusable:
    row = session.get_one(ReferenceRow, reference)
    name = row.identity.name
    return StoreUnusable(
        f"The gallery {path} is damaged: the template of reference {reference} ({name} in {row.source}) is unreadable.",
        f"Restore the gallery from a copy, or remove {name} and enrol them again.",
    )
