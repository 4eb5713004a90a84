"""Identities and their references."""

from __future__ import annotations

import difflib
import shlex
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload, selectinload, undefer

from gallery.adapters.store import spaces
from gallery.adapters.store.bulk import in_pieces, insert_rows, next_number
from gallery.adapters.store.faces import crop_of, crop_values, detection_of, reference_of, reference_values
from gallery.adapters.store.tables import (
    LARGEST_NUMBER,
    CropRow,
    IdentityRow,
    LastMatchRow,
    ModelRow,
    OwnThresholdRow,
    ReferenceRow,
    TemplateRow,
)
from gallery.adapters.store.vectors import to_bytes
from gallery.domain.errors import AlreadyEnrolled, UnknownName
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds, labelled
from gallery.domain.people import (
    SAME_FACE,
    Details,
    FaceCrop,
    Identity,
    NewReference,
    SharedPhoto,
    StoredReference,
    clean_name,
    name_key,
    new_name,
)


def identity(session: Session, name: str) -> Identity:
    """One person with their references, the oldest first.

    Raises:
        UnknownName: If there is nobody of that name.
    """
    row = find(session, name)
    references = session.scalars(
        select(ReferenceRow)
        .where(ReferenceRow.identity_id == row.id)
        .options(selectinload(ReferenceRow.templates).joinedload(TemplateRow.model))
        .order_by(ReferenceRow.id)
    ).all()
    pictured = set(session.scalars(select(CropRow.reference_id).join(ReferenceRow).where(_owned_by(row.id))))
    last = session.get(LastMatchRow, row.id)
    return Identity(
        id=row.id,
        name=row.name,
        added=row.added,
        references=tuple(_stored(reference, reference.id in pictured) for reference in references),
        details=details(session, row),
        last_matched=None if last is None else last.at,
    )


def details(session: Session, row: IdentityRow) -> Details:
    """What is settled about a person."""
    model = spaces.current_row(session)
    own = None if model is None else session.get(OwnThresholdRow, (model.id, row.id))
    return Details(
        enabled=row.enabled,
        expires=row.expires,
        notes=row.notes,
        tags=tuple(sorted((tag.tag for tag in row.tags), key=name_key)),
        keep_crops=row.keep_crops,
        thresholds=None if own is None else Thresholds(own.cosine, own.euclidean, own.origin),
    )


def crops(session: Session, name: str) -> dict[int, FaceCrop]:
    """The pictures kept of a person's references, by the references' numbers.

    Raises:
        UnknownName: If there is nobody of that name.
    """
    rows = session.scalars(
        select(CropRow).join(ReferenceRow).where(_owned_by(find(session, name).id)).options(undefer(CropRow.picture))
    )
    return {row.reference_id: crop_of(row) for row in rows}


def crop(session: Session, reference: int) -> FaceCrop | None:
    """The picture kept of a reference."""
    row = session.get(CropRow, int(reference)) if abs(reference) <= LARGEST_NUMBER else None
    return None if row is None else crop_of(row)


def by_hand(session: Session) -> dict[str, Thresholds]:
    """The thresholds that somebody set for single people under the gallery's model, by name."""
    rows = session.execute(
        select(IdentityRow.name, OwnThresholdRow.cosine, OwnThresholdRow.euclidean, OwnThresholdRow.origin)
        .join(OwnThresholdRow, OwnThresholdRow.identity_id == IdentityRow.id)
        .join(ModelRow, ModelRow.id == OwnThresholdRow.model_id)
        .where(ModelRow.current)
    )
    return {name: Thresholds(cosine, euclidean, origin) for name, cosine, euclidean, origin in rows}


def shared_photos(session: Session) -> list[SharedPhoto]:
    """Faces that are enrolled under more than one name."""
    twice = select(ReferenceRow.sha256).group_by(ReferenceRow.sha256).having(_several_owners)
    rows = session.scalars(
        select(ReferenceRow)
        .where(ReferenceRow.sha256.in_(twice))
        .options(joinedload(ReferenceRow.identity))
        .order_by(ReferenceRow.sha256, ReferenceRow.id)
    )
    photos: dict[str, list[ReferenceRow]] = defaultdict(list)
    for row in rows:
        photos[row.sha256].append(row)
    return [shared for same in photos.values() for shared in _shared_faces(same)]


_several_owners = func.count(ReferenceRow.identity_id.distinct()) > 1


def _shared_faces(rows: list[ReferenceRow]) -> list[SharedPhoto]:
    """Groups the references of one photo by face, and keeps the groups of several people."""
    groups: list[list[ReferenceRow]] = []
    for row in rows:
        box = detection_of(row).box
        same = next((g for g in groups if detection_of(g[0]).box.overlap(box) >= SAME_FACE), None)
        if same is None:
            groups.append([row])
        else:
            same.append(row)
    return [
        SharedPhoto(group[0].source, tuple((row.identity.name, row.id) for row in group))
        for group in groups
        if len({row.identity_id for row in group}) > 1
    ]


def _owned_by(identity: int) -> ColumnElement[bool]:
    return ReferenceRow.identity_id == identity


def enrolled(session: Session, sha256: str) -> list[tuple[str, Box]]:
    """Who is enrolled from the photo with this hash, and from which face of it."""
    rows = session.scalars(
        select(ReferenceRow)
        .where(ReferenceRow.sha256 == sha256)
        .options(joinedload(ReferenceRow.identity))
        .order_by(ReferenceRow.id)
    )
    return [(row.identity.name, detection_of(row).box) for row in rows]


def add(session: Session, new: Sequence[tuple[str, NewReference]], space: EmbeddingSpace, now: datetime) -> list[int]:
    """Adds references with their templates, and identities that are new.

    Returns:
        The references' ids.

    Raises:
        AlreadyEnrolled: If the same face of the same photo is among the person's references, or comes twice.
        ModelMismatch: If `space` is not the gallery's.
        ValueError: If an embedding does not fit the space.
    """
    model = spaces.use(session, space).id
    owners = _owners(session, [name for name, _ in new], now)
    mine = [(owners[name_key(name)], one) for name, one in new]
    _require_new(session, mine)
    numbers = list(range(first := next_number(session, ReferenceRow), first + len(new)))
    references, templates, crops = [], [], []
    for number, (owner, one) in zip(numbers, mine, strict=True):
        references.append({"id": number, "identity_id": owner.id, **reference_values(one.reference, now)})
        vector = to_bytes(one.embedding, space.dimension)
        templates.append({"model_id": model, "reference_id": number, "vector": vector})
        if one.crop is not None and owner.keep_crops:
            crops.append({"reference_id": number, **crop_values(one.crop)})
    for table, rows in ((ReferenceRow, references), (TemplateRow, templates), (CropRow, crops)):
        insert_rows(session, table, rows)
    return numbers


def find(session: Session, name: str) -> IdentityRow:
    """The row of a person.

    Raises:
        UnknownName: If there is nobody of that name.
    """
    row = named(session, name)
    if row is None:
        raise unknown(session, name)
    return row


def named(session: Session, name: str) -> IdentityRow | None:
    """The row of a person; None if there is nobody of that name."""
    return session.scalar(select(IdentityRow).where(IdentityRow.name_key == name_key(name)))


def unknown(session: Session, name: str) -> UnknownName:
    """The error for a name that is not in the gallery; its hint names up to three that resemble it."""
    known = {row.name_key: row.name for row in session.execute(select(IdentityRow.name_key, IdentityRow.name))}
    wanted = name_key(name)
    near = difflib.get_close_matches(wanted, known) or [key for key in sorted(known) if wanted in key.split()][:3]
    everybody = "'gallery list' shows everybody." if known else "Nobody is enrolled yet."
    hint = f"Did you mean {' or '.join(known[key] for key in near)}? {everybody}" if near else everybody
    return UnknownName(f"There is nobody named {clean_name(name)} in the gallery.", hint)


class _Owner(NamedTuple):
    id: int
    name: str
    keep_crops: bool


def _owners(session: Session, names: Sequence[str], now: datetime) -> dict[str, _Owner]:
    """Those people by their names' keys; who is not there is made, spelled as they are named first."""
    spelled: dict[str, str] = {}
    for name in names:
        spelled.setdefault(name_key(name), clean_name(name))
    found: dict[str, _Owner] = {}
    query = select(IdentityRow.name_key, IdentityRow.id, IdentityRow.name, IdentityRow.keep_crops)
    for some in in_pieces(list(spelled)):
        for row in session.execute(query.where(IdentityRow.name_key.in_(some))):
            found[row.name_key] = _Owner(row.id, row.name, row.keep_crops)
    missing = [key for key in spelled if key not in found]
    rows: list[dict[str, Any]] = []
    for number, key in enumerate(missing, next_number(session, IdentityRow)):
        rows.append({"id": number, "name": new_name(spelled[key]), "name_key": key, "added": now})
        found[key] = _Owner(number, spelled[key], keep_crops=True)
    insert_rows(session, IdentityRow, rows)
    return found


def _require_new(session: Session, coming: Sequence[tuple[_Owner, NewReference]]) -> None:
    """Checks that nobody has the same face of the same photo already, or gets it twice."""
    boxes = (ReferenceRow.box_x, ReferenceRow.box_y, ReferenceRow.box_width, ReferenceRow.box_height)
    query = select(ReferenceRow.identity_id, ReferenceRow.sha256, *boxes)
    known: set[tuple[Any, ...]] = set()
    for some in in_pieces(sorted({one.reference.sha256 for _, one in coming})):
        known.update(map(tuple, session.execute(query.where(ReferenceRow.sha256.in_(some)))))
    for owner, new in coming:
        box = new.reference.detection.box
        face = (owner.id, new.reference.sha256, int(box.x), int(box.y), int(box.width), int(box.height))
        if face in known:
            raise AlreadyEnrolled(
                f"This face of {new.reference.source} is enrolled for {owner.name} already.",
                f"See their photos with: gallery show {shlex.quote(owner.name)}",
            )
        known.add(face)


def _stored(row: ReferenceRow, has_crop: bool) -> StoredReference:
    models = tuple(labelled(template.model.name, template.model.preparation) for template in row.templates)
    return StoredReference(row.id, row.added, models, reference_of(row), has_crop)
