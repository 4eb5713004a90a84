"""The whitelist: all templates of the gallery's model, read in one go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gallery.adapters.store import spaces
from gallery.adapters.store.bulk import AT_ONCE
from gallery.adapters.store.connection import number
from gallery.adapters.store.engine import driver
from gallery.adapters.store.tables import IdentityRow, ModelRow, ReferenceRow, TemplateRow
from gallery.adapters.store.vectors import STORED
from gallery.domain.errors import StoreUnusable
from gallery.domain.matching import Whitelist
from gallery.domain.vectors import finite


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
    names, index_of = _people(session, model)
    count = number(driver(session), "SELECT count(*) FROM template WHERE model_id = ?", (model.id,))
    owners, references = np.empty(count, np.intp), np.empty(count, np.int64)
    templates = np.empty((count, model.dimension), np.float32)
    filled, size = 0, model.dimension * STORED.itemsize
    for numbers, identities, vectors in _rows(session, model.id):
        some = slice(filled, filled + len(numbers))
        for reference, vector in zip(numbers, vectors, strict=True):
            if len(vector) != size or not isinstance(vector, bytes):
                raise _damaged(session, reference, path)
        owners[some], references[some] = [index_of[identity] for identity in identities], numbers
        templates[some] = np.frombuffer(b"".join(vectors), STORED).reshape(len(numbers), -1)
        filled = some.stop
    owners, references, templates = owners[:filled], references[:filled], templates[:filled]
    if not finite(templates):
        bad = next(row for row, template in enumerate(templates) if not finite(template))
        raise _damaged(session, int(references[bad]), path)
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


def _rows(session: Session, model: int) -> Iterator[tuple[Any, Any, Any]]:
    """References, whose they are, and vectors; some at a time, and past SQLAlchemy's ORM, which takes far longer."""
    found = session.connection().exec_driver_sql(
        "SELECT template.reference_id, reference.identity_id, template.vector "
        "FROM template JOIN reference ON reference.id = template.reference_id "
        "WHERE template.model_id = ? ORDER BY template.reference_id",
        (model,),
    )
    while rows := found.fetchmany(AT_ONCE):
        numbers, identities, vectors = zip(*rows, strict=True)
        yield numbers, identities, vectors


def _damaged(session: Session, reference: int, path: Path) -> StoreUnusable:
    row = session.get_one(ReferenceRow, reference)
    name = row.identity.name
    return StoreUnusable(
        f"The gallery {path} is damaged: the template of reference {reference} ({name} in {row.source}) is unreadable.",
        f"Restore the gallery from a copy, or remove {name} and enrol them again.",
    )
