"""Deletes a person's rows, and puts a pseudonym where the record names them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from gallery.adapters.store import undo
from gallery.adapters.store.people import unknown
from gallery.adapters.store.tables import (
    AbsorbedRow,
    Base,
    CalibrationRow,
    CropRow,
    DecisionRow,
    IdentityRow,
    LastMatchRow,
    OwnThresholdRow,
    PersonalThresholdRow,
    ReferenceRow,
    RunImageRow,
    RunRow,
    TemplateRow,
)
from gallery.domain.deciding import Verdict
from gallery.domain.forgetting import KeptOutput, name_pattern, pseudonym
from gallery.domain.people import name_key

_Face = tuple[str, int, int, int, int]

_MENTIONS: tuple[InstrumentedAttribute[Any], ...] = (
    IdentityRow.notes,
    ReferenceRow.source,
    CalibrationRow.origin,
    CalibrationRow.method,
    PersonalThresholdRow.origin,
    OwnThresholdRow.origin,
    RunRow.threshold_origin,
    RunRow.output,
    RunImageRow.source,
    RunImageRow.output,
    RunImageRow.error,
)
"""Columns of other people and of the record that may name somebody. What a decision says is rewritten with it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be forgotten, in the gallery and in copies of it.

    Attributes:
        pseudonym: What is to stand for their name.
        numbers: Of their identities, those merged into them included; they mean nothing in copies of other galleries.
        names: Every name they have in the gallery and its record.
        faces: Of their references: hash of the photo, and box.
        shared: Faces among these that other people have in the gallery, with the keys of their names.
        vectors: Their templates.
        pictures: Their crops.
    """

    pseudonym: str
    numbers: frozenset[int]
    names: frozenset[str]
    faces: frozenset[_Face] = frozenset()
    shared: frozenset[tuple[str, _Face]] = frozenset()
    vectors: tuple[bytes, ...] = field(default=(), repr=False)
    pictures: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches their names in sentences and paths."""
        return name_pattern(self.names)  # `re` keeps what it has compiled

    @property
    def keys(self) -> frozenset[str]:
        """The names without regard to case and Unicode form."""
        return frozenset(name_key(name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows were deleted or rewritten."""

    references: int
    templates: int
    crops: int
    decisions: int


def find(session: Session, name: str) -> Person:
    """Gathers what the gallery and its record hold of a person.

    Raises:
        UnknownName: If nobody of that name is in either.
    """
    key = name_key(name)
    row = session.scalar(select(IdentityRow).where(IdentityRow.name_key == key))
    numbers = set() if row is None else {row.id, *_absorbed(session, row.id)}
    recorded = {(number, n) for number, n in _recorded(session) if number in numbers or name_key(n) == key}
    if row is None and not recorded:
        raise unknown(session, name)
    names = {n for _, n in recorded} | ({row.name} if row else {name})
    others = set(session.scalars(select(IdentityRow.name_key).where(IdentityRow.id.not_in(numbers))))
    numbers |= {number for number, n in recorded if row is None and number is not None}
    references = [] if row is None else _references(session, row.id)
    faces = frozenset(map(_face, references))
    return Person(
        pseudonym=pseudonym(row.id if row else min(numbers, default=0)),
        numbers=frozenset(numbers),
        names=frozenset(n for n in names if name_key(n) not in others),
        faces=faces,
        shared=_shared(session, numbers, faces),
        vectors=tuple(template.vector for reference in references for template in reference.templates),
        pictures=tuple(reference.crop.picture for reference in references if reference.crop),
    )


def outputs(session: Session, person: Person) -> tuple[KeptOutput, ...]:
    """The recorded outputs in which the person was kept."""
    rows = session.execute(
        select(RunImageRow.run_id, RunImageRow.output, RunImageRow.output_sha256)
        .join(RunImageRow.decisions)
        .where(
            DecisionRow.verdict == Verdict.KEEP,
            or_(DecisionRow.identity_id.in_(person.numbers), DecisionRow.identity.in_(person.names)),
            RunImageRow.output.is_not(None),
        )
        .order_by(RunImageRow.id)
        .distinct()
    )
    return tuple(KeptOutput(run, output or "", sha256 or "") for run, output, sha256 in rows)


def erase(session: Session, person: Person, is_copy: bool = False) -> Erased:
    """Deletes the person's rows and rewrites what names them; leaves nothing to undo.

    Args:
        session: A writing transaction.
        person: Who.
        is_copy: Whether this is an earlier copy of the gallery. There, references that have come to the person since
            are deleted wherever they are, and so are identities that are left with none.
    """
    numbers = set(session.scalars(select(IdentityRow.id).where(IdentityRow.name_key.in_(person.keys))))
    if is_copy:
        numbers |= _delete_strays(session, person, numbers)
    counts = _counts(session, numbers)
    decisions = _rewrite_decisions(session, person)
    session.execute(delete(LastMatchRow).where(LastMatchRow.identity_id.in_(numbers | person.numbers)))
    session.execute(delete(IdentityRow).where(IdentityRow.id.in_(numbers)))
    session.flush()
    for column in _MENTIONS:
        _rewrite(session, column, person)
    _rewrite_policies(session, person)
    undo.clear(session)
    return Erased(*counts, decisions)


def live_texts(session: Session, needle: str) -> set[str]:
    """Every text in the gallery that holds a string, to tell it from what a deleted row may have left behind."""
    connection = session.connection()
    found = set(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE instr(sql, ?)", (needle,)).scalars())
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            query = f'SELECT DISTINCT "{column.name}" FROM "{table.name}" WHERE instr("{column.name}", ?)'  # noqa: S608
            found |= set(connection.exec_driver_sql(query, (needle,)).scalars())
    return {value for value in found if isinstance(value, str)}


def is_live(session: Session, table: type[TemplateRow] | type[CropRow], blob: bytes) -> bool:
    """Whether somebody else has the same template or crop, because the same face is enrolled under two names."""
    column = TemplateRow.vector if table is TemplateRow else CropRow.picture
    return session.scalar(select(func.count()).select_from(table).where(column == blob)) != 0


def _absorbed(session: Session, number: int) -> list[int]:
    return list(session.scalars(select(AbsorbedRow.number).where(AbsorbedRow.identity_id == number)))


def _recorded(session: Session) -> set[tuple[int | None, str]]:
    """Everybody whom a decision names, with the number they had."""
    pairs = (
        (DecisionRow.identity_id, DecisionRow.identity),
        (DecisionRow.runner_up_id, DecisionRow.runner_up),
    )
    return {
        (number, name)
        for numbers, names in pairs
        for number, name in session.execute(select(numbers, names).where(names.is_not(None)).distinct())
        if name is not None
    }


def _references(session: Session, identity: int) -> list[ReferenceRow]:
    return list(
        session.scalars(
            select(ReferenceRow)
            .where(ReferenceRow.identity_id == identity)
            .options(
                selectinload(ReferenceRow.templates).undefer(TemplateRow.vector),
                joinedload(ReferenceRow.crop).undefer(CropRow.picture),
            )
        )
    )


def _face(row: ReferenceRow) -> _Face:
    return row.sha256, row.box_x, row.box_y, row.box_width, row.box_height


def _shared(session: Session, numbers: set[int], faces: frozenset[_Face]) -> frozenset[tuple[str, _Face]]:
    """Which of the faces other people have, too."""
    rows = session.scalars(
        select(ReferenceRow)
        .where(ReferenceRow.sha256.in_({face[0] for face in faces}), ReferenceRow.identity_id.not_in(numbers))
        .options(joinedload(ReferenceRow.identity))
    )
    return frozenset((row.identity.name_key, _face(row)) for row in rows if _face(row) in faces)


def _delete_strays(session: Session, person: Person, numbers: set[int]) -> set[int]:
    """Deletes the person's faces among other people's, and returns the identities that are left with none."""
    rows = session.scalars(
        select(ReferenceRow)
        .where(
            ReferenceRow.sha256.in_({face[0] for face in person.faces}), ReferenceRow.identity_id.not_in(numbers)
        )
        .options(joinedload(ReferenceRow.identity))
    ).all()
    strays = [row for row in rows if _face(row) in person.faces]
    strays = [row for row in strays if (row.identity.name_key, _face(row)) not in person.shared]
    owners = {row.identity_id for row in strays}
    session.execute(delete(ReferenceRow).where(ReferenceRow.id.in_([row.id for row in strays])))
    return owners - set(session.scalars(select(ReferenceRow.identity_id).where(ReferenceRow.identity_id.in_(owners))))


def _counts(session: Session, numbers: set[int]) -> tuple[int, int, int]:
    own = select(ReferenceRow.id).where(ReferenceRow.identity_id.in_(numbers))
    queries = (
        select(func.count()).select_from(ReferenceRow).where(ReferenceRow.identity_id.in_(numbers)),
        select(func.count()).select_from(TemplateRow).where(TemplateRow.reference_id.in_(own)),
        select(func.count()).select_from(CropRow).where(CropRow.reference_id.in_(own)),
    )
    references, templates, crops = (session.scalar(query) or 0 for query in queries)
    return references, templates, crops


def _rewrite_decisions(session: Session, person: Person) -> int:
    rows = session.scalars(
        select(DecisionRow).where(
            or_(
                DecisionRow.identity_id.in_(person.numbers),
                DecisionRow.runner_up_id.in_(person.numbers),
                DecisionRow.identity.in_(person.names),
                DecisionRow.runner_up.in_(person.names),
            )
        )
    ).all()
    for row in rows:
        called = set()
        if row.identity is not None and (row.identity_id in person.numbers or row.identity in person.names):
            called.add(row.identity)
            row.identity = person.pseudonym
        if row.runner_up is not None and (row.runner_up_id in person.numbers or row.runner_up in person.names):
            called.add(row.runner_up)
            row.runner_up = person.pseudonym
        row.reason = name_pattern(called).sub(person.pseudonym, row.reason) if called else row.reason
    return len(rows)


def _rewrite(session: Session, column: InstrumentedAttribute[Any], person: Person) -> None:
    """Puts the pseudonym in place of the names, in every value of a column."""
    for value in session.scalars(select(column).where(column.is_not(None)).distinct()).all():
        rewritten = person.pattern.sub(person.pseudonym, value)
        if rewritten != value:
            session.execute(
                update(column.class_).where(column == value).values({column.key: rewritten}),
                execution_options={"synchronize_session": False},
            )


def _rewrite_policies(session: Session, person: Person) -> None:
    """The settings of a run name those who had thresholds of their own."""
    for row in session.scalars(select(RunRow)):
        own = row.policy.get("personal", {})
        renamed = {person.pseudonym if name_key(name) in person.keys else name: limits for name, limits in own.items()}
        for limits in renamed.values():
            limits["origin"] = person.pattern.sub(person.pseudonym, limits.get("origin", ""))
        if own:
            row.policy = {**row.policy, "personal": renamed}
