"""The whitelist: all templates of the gallery's model, read in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from gallery.adapters.store import spaces
from gallery.adapters.store.bulk import AT_ONCE, in_pieces
from gallery.adapters.store.connection import number
from gallery.adapters.store.engine import driver
from gallery.adapters.store.tables import IdentityRow, ModelRow, ReferenceRow, TemplateRow
from gallery.adapters.store.vectors import STORED
from gallery.domain.cohorts import Cohort, Standing
from gallery.domain.errors import StoreUnusable
from gallery.domain.faces import Embeddings
from gallery.domain.matching import Whitelist
from gallery.domain.vectors import finite

STANDING = 3 * STORED.itemsize
"""Bytes of how a template stands to a cohort."""


def whitelist(session: Session, path: Path, today: date, cohort: Cohort | None) -> Whitelist:
    """All templates under the gallery's model; names sorted without regard to case.

    Args:
        session: A reading transaction, so that all queries see one state.
        path: The gallery file, for the message.
        today: The day on which consent must not have ended.
        cohort: What normalised scores are measured against. How a template stands to it is computed where the gallery
            does not say; see `complete`.

    Raises:
        StoreUnusable: If a template is damaged; the message names its reference.
    """
    model = spaces.current_row(session)
    if model is None:
        return Whitelist.empty(0)
    if cohort is not None and cohort.members.shape[1] != model.dimension:
        raise ValueError(f"a cohort {cohort.members.shape} does not fit templates of {model.dimension} values")
    names, index_of = _people(session, model)
    count = number(driver(session), "SELECT count(*) FROM template WHERE model_id = ?", (model.id,))
    owners, references = np.empty(count, np.intp), np.empty(count, np.int64)
    templates, standing = np.empty((count, model.dimension), np.float32), np.empty((count, 3), np.float32)
    filled, size = 0, model.dimension * STORED.itemsize
    for numbers, identities, vectors, known in _rows(session, model.id, cohort):
        some = slice(filled, filled + len(numbers))
        for reference, vector in zip(numbers, vectors, strict=True):
            if len(vector) != size or not isinstance(vector, bytes):
                raise _damaged(session, reference, path)
        owners[some], references[some] = [index_of[identity] for identity in identities], numbers
        templates[some] = np.frombuffer(b"".join(vectors), STORED).reshape(len(numbers), -1)
        if cohort is not None:
            standing[some] = _standing(cohort, templates[some], known)
        filled = some.stop
    owners, references, templates = owners[:filled], references[:filled], templates[:filled]
    if not finite(templates):
        bad = next(row for row, template in enumerate(templates) if not finite(template))
        raise _damaged(session, int(references[bad]), path)
    measured = None if cohort is None else standing[:filled]
    withheld = _withheld(session, set(names), today)
    return Whitelist(names, owners, references, templates, withheld, cohort=cohort, standing=measured)


def lacking(session: Session, cohort: Cohort) -> bool:
    """Whether the gallery does not say of a template how it stands to a cohort."""
    model = spaces.current_row(session)
    return model is not None and session.scalar(_unmeasured(model, cohort).limit(1)) is not None


def complete(session: Session, cohort: Cohort) -> int:
    """Computes how templates stand to a cohort where the gallery does not say, and keeps it.

    It is no change to the gallery's people, and cannot be undone like one.

    Args:
        session: A writing transaction.
        cohort: The cohort of the gallery's model.

    Returns:
        Of how many templates it was computed.
    """
    model = spaces.current_row(session)
    if model is None:
        return 0
    numbers = list(session.scalars(_unmeasured(model, cohort)))
    for some in in_pieces(numbers):
        mine = TemplateRow.model_id == model.id, TemplateRow.reference_id.in_(some)
        rows = session.execute(select(TemplateRow.reference_id, TemplateRow.vector).where(*mine)).all()
        whole = [(number, vector) for number, vector in rows if len(vector) == model.dimension * STORED.itemsize]
        if not whole:
            continue
        vectors = np.frombuffer(b"".join(vector for _, vector in whole), STORED).reshape(len(whole), -1)
        measured = zip(whole, cohort.standing(vectors.astype(np.float32)), strict=True)
        session.connection().exec_driver_sql(
            "UPDATE template SET cohort = ?, standing = ? WHERE model_id = ? AND reference_id = ?",
            [(cohort.entry.sha256, one.astype(STORED).tobytes(), model.id, number) for (number, _), one in measured],
        )
    return len(numbers)


def _unmeasured(model: ModelRow, cohort: Cohort) -> Select[Any]:
    return select(TemplateRow.reference_id).where(
        TemplateRow.model_id == model.id, TemplateRow.cohort.is_distinct_from(cohort.entry.sha256)
    )


def _standing(cohort: Cohort, templates: Embeddings, known: Sequence[bytes | None]) -> Standing:
    """How some templates stand to a cohort: what is known, and the rest computed."""
    missing = [row for row, standing in enumerate(known) if standing is None or len(standing) != STANDING]
    found = np.frombuffer(
        b"".join(bytes(STANDING) if standing is None or len(standing) != STANDING else standing for standing in known),
        STORED,
    ).reshape(len(known), 3)
    found = found.astype(np.float32)
    if missing:
        found[missing] = cohort.standing(templates[missing])
    return found


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


def _rows(session: Session, model: int, cohort: Cohort | None) -> Iterator[tuple[Any, Any, Any, Any]]:
    """References, whose they are, vectors, and how those stand to the cohort, where that is known.

    Some at a time, and past SQLAlchemy's ORM, which takes far longer.
    """
    found = session.connection().exec_driver_sql(
        "SELECT template.reference_id, reference.identity_id, template.vector, "
        "CASE WHEN template.cohort = ? THEN template.standing END "
        "FROM template JOIN reference ON reference.id = template.reference_id "
        "WHERE template.model_id = ? ORDER BY template.reference_id",
        (None if cohort is None else cohort.entry.sha256, model),
    )
    while rows := found.fetchmany(AT_ONCE):
        yield tuple(zip(*rows, strict=True))  # type: ignore[misc]


def _damaged(session: Session, reference: int, path: Path) -> StoreUnusable:
    row = session.get_one(ReferenceRow, reference)
    name = row.identity.name
    return StoreUnusable(
        f"The gallery {path} is damaged: the template of reference {reference} ({name} in {row.source}) is unreadable.",
        f"Restore the gallery from a copy, or remove {name} and enrol them again.",
    )
