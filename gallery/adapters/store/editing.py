"""Changes to people who are in the gallery already."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from gallery.adapters.store import spaces
from gallery.adapters.store.faces import face_of
from gallery.adapters.store.people import details, find
from gallery.adapters.store.tables import (
    LARGEST_NUMBER,
    AbsorbedRow,
    CropRow,
    FormerNameRow,
    IdentityRow,
    OwnThresholdRow,
    ReferenceRow,
    TagRow,
)
from gallery.domain.errors import AlreadyEnrolled, BadArgument, NameTaken, UnknownName
from gallery.domain.models import Thresholds
from gallery.domain.people import Details, clean_notes, clean_words, name_key, new_name


def remove(session: Session, name: str) -> int:
    """Removes a person with all references and templates; decisions in the record keep the name.

    Returns:
        How many references went with them.

    Raises:
        UnknownName: If there is nobody of that name.
    """
    number = find(session, name).id
    references = session.scalar(select(func.count(ReferenceRow.id)).where(ReferenceRow.identity_id == number))
    session.execute(delete(IdentityRow).where(IdentityRow.id == number))
    return references or 0


def remove_reference(session: Session, reference: int) -> str:
    """Removes one reference.

    Returns:
        The person's name.

    Raises:
        UnknownName: If there is no reference of that number.
    """
    row = find_reference(session, reference)
    owner = row.identity.name
    session.execute(delete(ReferenceRow).where(ReferenceRow.id == row.id))
    return owner


def rename(session: Session, name: str, new: str) -> str:
    """Gives a person another name.

    Returns:
        The former name.

    Raises:
        UnknownName: If there is nobody of that name.
        NameTaken: If somebody else has the new one.
    """
    row = find(session, name)
    former, key = row.name, name_key(new)
    other = session.scalar(select(IdentityRow).where(IdentityRow.name_key == key, IdentityRow.id != row.id))
    if other is not None:
        raise NameTaken(
            f"Somebody is named {other.name} already.",
            f"If both are one person: gallery merge {shlex.quote(former)} {shlex.quote(other.name)}",
        )
    row.name, row.name_key = new_name(new), key
    if name_key(former) != key:
        session.merge(FormerNameRow(identity_id=row.id, name=former))
    return former


def merge(session: Session, name: str, into: str) -> int:
    """Gives one person's references to another, and removes the first. Doubles of the same face go.

    Returns:
        How many references came.

    Raises:
        UnknownName: If there is nobody of one of the names.
        BadArgument: If both are the same person.
    """
    source, target = find(session, name), find(session, into)
    if source.id == target.id:
        raise BadArgument(f"{target.name} cannot be merged into the same person.", "Give the names of two people.")
    both = details(session, target).restricted(details(session, source))
    target.enabled, target.expires, target.keep_crops = both.enabled, both.expires, both.keep_crops
    faces = {face_of(reference) for reference in target.references}
    moved = [reference.id for reference in source.references if face_of(reference) not in faces]
    session.execute(update(ReferenceRow).where(ReferenceRow.id.in_(moved)).values(identity_id=target.id))
    absorbed = update(AbsorbedRow).where(AbsorbedRow.identity_id == source.id).values(identity_id=target.id)
    session.execute(absorbed)
    session.add(AbsorbedRow(number=source.id, identity_id=target.id))
    former = session.scalars(select(FormerNameRow.name).where(FormerNameRow.identity_id == source.id))
    for one in {source.name, *former}:
        session.merge(FormerNameRow(identity_id=target.id, name=one))
    session.flush()
    session.execute(delete(IdentityRow).where(IdentityRow.id == source.id))
    if not target.keep_crops:
        _drop_crops(session, target.id)
    return len(moved)


def move(session: Session, reference: int, to: str) -> str:
    """Gives one reference to another person.

    Returns:
        Whose it was.

    Raises:
        UnknownName: If there is no reference of that number, or nobody of that name.
        BadArgument: If it is that person's already.
        AlreadyEnrolled: If that person has the same face of the same photo.
    """
    row, target = find_reference(session, reference), find(session, to)
    former = row.identity
    if former.id == target.id:
        raise BadArgument(f"Reference {reference} is one of {target.name}'s already.", "Give another person's name.")
    if face_of(row) in {face_of(other) for other in target.references}:
        raise AlreadyEnrolled(
            f"{target.name} has the same face of {row.source} already.",
            f"Remove this one instead: gallery remove {shlex.quote(former.name)} --reference {reference}",
        )
    row.identity_id = target.id
    session.flush()
    if not target.keep_crops:
        _drop_crops(session, target.id)
    return former.name


def edit(session: Session, name: str, change: Callable[[Details], Details]) -> Details:
    """Changes what is settled about a person.

    Returns:
        The new details.

    Raises:
        UnknownName: If there is nobody of that name.
        BadArgument: If notes or a tag cannot be shown, or thresholds are set while the gallery has no model.
    """
    row = find(session, name)
    new = change(details(session, row))
    row.enabled, row.expires, row.keep_crops = new.enabled, new.expires, new.keep_crops
    row.notes = clean_notes(new.notes)
    wanted, present = clean_words(new.tags), {tag.tag: tag for tag in row.tags}
    for word, tag in present.items():
        if word not in wanted:
            row.tags.remove(tag)
    row.tags += [TagRow(tag=word) for word in wanted if word not in present]
    _set_thresholds(session, row, new.thresholds)
    session.flush()
    if not new.keep_crops:
        _drop_crops(session, row.id)
    return details(session, row)


def find_reference(session: Session, number: int) -> ReferenceRow:
    """The row of a reference.

    Raises:
        UnknownName: If there is none of that number.
    """
    row = session.get(ReferenceRow, int(number)) if abs(number) <= LARGEST_NUMBER else None
    if row is None:
        raise UnknownName(
            f"There is no reference {number} in the gallery.", "'gallery show NAME' lists a person's references."
        )
    return row


def _drop_crops(session: Session, identity: int) -> None:
    own = select(ReferenceRow.id).where(ReferenceRow.identity_id == identity)
    session.execute(delete(CropRow).where(CropRow.reference_id.in_(own)))


def _set_thresholds(session: Session, row: IdentityRow, thresholds: Thresholds | None) -> None:
    model = spaces.current_row(session)
    if model is None:
        if thresholds is not None:
            raise BadArgument(
                "The gallery has no model yet, and thresholds belong to one.", "Enrol somebody first, then set them."
            )
        return
    own = session.get(OwnThresholdRow, (model.id, row.id))
    if thresholds is None:
        if own is not None:
            session.delete(own)
        return
    if own is None:
        own = OwnThresholdRow(model_id=model.id, identity_id=row.id)
        session.add(own)
    own.cosine, own.euclidean = float(thresholds.cosine), float(thresholds.euclidean)
    own.origin = thresholds.origin
