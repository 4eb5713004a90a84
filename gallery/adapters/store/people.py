"""Identities and their references."""

from __future__ import annotations

import difflib
import shlex
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from gallery.adapters.store import spaces
from gallery.adapters.store.faces import detection_of, face_values, quality_of
from gallery.adapters.store.tables import IdentityRow, ReferenceRow, TemplateRow
from gallery.adapters.store.vectors import to_bytes
from gallery.domain.errors import AlreadyEnrolled, UnknownName
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import Identity, NewReference, Reference, StoredReference, clean_name, name_key


def identity(session: Session, name: str) -> Identity:
    """One person with their references, the oldest first.

    Raises:
        UnknownName: If there is nobody of that name.
    """
    models = selectinload(IdentityRow.references).selectinload(ReferenceRow.templates).joinedload(TemplateRow.model)
    row = session.scalar(select(IdentityRow).where(IdentityRow.name_key == name_key(name)).options(models))
    if row is None:
        raise unknown(session, name)
    return Identity(row.id, row.name, row.added, tuple(_stored(reference) for reference in row.references))


def enrolled(session: Session, sha256: str) -> list[tuple[str, Box]]:
    """Who is enrolled from the photo with this hash, and from which face of it."""
    rows = session.scalars(
        select(ReferenceRow)
        .where(ReferenceRow.sha256 == sha256)
        .options(joinedload(ReferenceRow.identity))
        .order_by(ReferenceRow.id)
    )
    return [(row.identity.name, detection_of(row).box) for row in rows]


def add(session: Session, name: str, new: NewReference, space: EmbeddingSpace, now: datetime) -> int:
    """Adds a reference with its template, and the identity if it is new.

    Returns:
        The reference's id.

    Raises:
        AlreadyEnrolled: If this face of this photo is among the person's references.
        ModelMismatch: If `space` is not the gallery's.
        ValueError: If the embedding does not fit the space.
    """
    model = spaces.use(session, space)
    owner = _find_or_make(session, name, now)
    _require_new(session, owner, new.reference)
    row = ReferenceRow(
        identity=owner,
        source=new.reference.source,
        sha256=new.reference.sha256,
        detector=new.reference.detector,
        added=now,
        **face_values(new.reference.detection, new.reference.quality),
    )
    row.templates.append(TemplateRow(model=model, vector=to_bytes(new.embedding, space.dimension)))
    session.add(row)
    session.flush()
    return row.id


def remove(session: Session, name: str) -> int:
    """Removes a person with all references and templates; decisions in the record keep the name.

    Returns:
        How many references went with them.

    Raises:
        UnknownName: If there is nobody of that name.
    """
    number = session.scalar(select(IdentityRow.id).where(IdentityRow.name_key == name_key(name)))
    if number is None:
        raise unknown(session, name)
    references = session.scalar(select(func.count(ReferenceRow.id)).where(ReferenceRow.identity_id == number))
    session.execute(delete(IdentityRow).where(IdentityRow.id == number))
    return references or 0


def unknown(session: Session, name: str) -> UnknownName:
    """The error for a name that is not in the gallery; its hint names up to three that resemble it."""
    known = {row.name_key: row.name for row in session.execute(select(IdentityRow.name_key, IdentityRow.name))}
    wanted = name_key(name)
    near = difflib.get_close_matches(wanted, known) or [key for key in sorted(known) if wanted in key.split()][:3]
    everybody = "'gallery list' shows everybody." if known else "Nobody is enrolled yet."
    hint = f"Did you mean {' or '.join(known[key] for key in near)}? {everybody}" if near else everybody
    return UnknownName(f"There is nobody named {clean_name(name)} in the gallery.", hint)


def _find_or_make(session: Session, name: str, now: datetime) -> IdentityRow:
    row = session.scalar(select(IdentityRow).where(IdentityRow.name_key == name_key(name)))
    if row is None:
        row = IdentityRow(name=clean_name(name), name_key=name_key(name), added=now)
        session.add(row)
        session.flush()
    return row


def _require_new(session: Session, owner: IdentityRow, reference: Reference) -> None:
    box = reference.detection.box
    same = select(ReferenceRow.id).where(
        ReferenceRow.identity_id == owner.id,
        ReferenceRow.sha256 == reference.sha256,
        ReferenceRow.box_x == int(box.x),
        ReferenceRow.box_y == int(box.y),
        ReferenceRow.box_width == int(box.width),
        ReferenceRow.box_height == int(box.height),
    )
    if session.scalar(same) is not None:
        raise AlreadyEnrolled(
            f"This face of {reference.source} is enrolled for {owner.name} already.",
            f"See their photos with: gallery show {shlex.quote(owner.name)}",
        )


def _stored(row: ReferenceRow) -> StoredReference:
    reference = Reference(row.source, row.sha256, detection_of(row), quality_of(row), row.detector)
    return StoredReference(row.id, row.added, tuple(template.model.name for template in row.templates), reference)
