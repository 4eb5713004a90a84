"""Deletes a person's rows, and puts a pseudonym where the record names them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, delete, func, inspect, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from gallery.adapters.store import trail, undo
from gallery.adapters.store.faces import Face, face_of
from gallery.adapters.store.people import named, unknown
from gallery.adapters.store.run_rows import whereabouts_of
from gallery.adapters.store.tables import (
    AbsorbedRow,
    Base,
    CalibrationRow,
    CropRow,
    DecisionRow,
    FormerNameRow,
    IdentityRow,
    LastMatchRow,
    OverrideRow,
    OwnThresholdRow,
    PersonalThresholdRow,
    ReferenceRow,
    ReviewCropRow,
    RunImageRow,
    RunRow,
    TagRow,
    TemplateRow,
)
from gallery.domain import marks
from gallery.domain.deciding import Rule, Verdict
from gallery.domain.errors import NothingToUndo, StoreUnusable, UnknownName
from gallery.domain.forgetting import KeptOutput, Renaming, pseudonym
from gallery.domain.paths import joined
from gallery.domain.people import LONGEST_NAME, clean_name, name_key


class Counts(NamedTuple):
    """How many rows."""

    references: int = 0
    templates: int = 0
    crops: int = 0

    def plus(self, other: Counts) -> Counts:
        """The sums."""
        return Counts(*(one + more for one, more in zip(self, other, strict=True)))


_MENTIONS: tuple[InstrumentedAttribute[Any], ...] = (
    IdentityRow.notes,
    ReferenceRow.source,
    CalibrationRow.origin,
    CalibrationRow.method,
    PersonalThresholdRow.origin,
    OwnThresholdRow.origin,
    RunRow.output,
    RunRow.by,
    RunRow.pruned_by,
    RunImageRow.source,
    RunImageRow.output,
    RunImageRow.error,
    RunImageRow.remarks,
    OverrideRow.source,
    OverrideRow.by,
    OverrideRow.note,
)
"""Columns of other people and of the record that may name somebody. What a decision says is rewritten with it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is to be forgotten, in the gallery and in copies of it.

    Attributes:
        pseudonym: What is to stand for their name.
        numbers: Of their identities, those merged into them included; they mean nothing in copies of other galleries.
        names: Every name they have in the gallery and its record.
        made: Their identities' numbers with the moments at which they were made, which no other gallery has.
        faces: Of their references: hash of the photo, and box.
        shared: Faces among these that other people have in the gallery, with the keys of their names.
        vectors: Their templates.
        pictures: Their crops.
    """

    pseudonym: str
    numbers: frozenset[int]
    names: frozenset[str]
    made: frozenset[tuple[int, datetime]] = frozenset()
    faces: frozenset[Face] = frozenset()
    shared: frozenset[tuple[str, Face]] = frozenset()
    vectors: frozenset[bytes] = field(default=frozenset(), repr=False)
    pictures: frozenset[bytes] = field(default=frozenset(), repr=False)

    @property
    def keys(self) -> frozenset[str]:
        """The names without regard to case and Unicode form."""
        return frozenset(name_key(name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted or rewritten in one file.

    Attributes:
        person: Who it was there.
        deleted: How many references, templates and crops.
        decisions: How many were rewritten.
        overrides: How many manual decisions to keep them were deleted.
        marked: Of how many outputs a keyed hash of the path is kept.
    """

    person: Person
    deleted: Counts
    decisions: int
    overrides: int = 0
    marked: int = 0


@dataclass(slots=True)
class _Held:
    """What a gallery holds of a person in one state."""

    numbers: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    made: set[tuple[int, datetime]] = field(default_factory=set)
    faces: set[Face] = field(default_factory=set)
    vectors: set[bytes] = field(default_factory=set)
    pictures: set[bytes] = field(default_factory=set)

    def add(self, session: Session, row: IdentityRow) -> None:
        """Adds an identity with all that belongs to it."""
        self.numbers |= {row.id, *_absorbed(session, row.id)}
        self.names |= {row.name, *_former(session, row.id)}
        self.made.add((row.id, row.added))
        for reference in _references(session, row.id):
            self.faces.add(face_of(reference))
            self.vectors |= {template.vector for template in reference.templates}
            self.pictures |= {reference.crop.picture} if reference.crop else set()


def find(session: Session, name: str, path: Path) -> Person:
    """Gathers what the gallery, its last change and its record hold of a person.

    Args:
        session: A writing transaction, because the last change is undone to see what it took, and done again.
        name: The person's.
        path: The gallery file, for messages.

    Raises:
        UnknownName: If nobody of that name is in the gallery or its record, or they have another name by now.
    """
    key, held = name_key(name), _Held()
    row = named(session, name)
    if row is not None:
        held.add(session, row)
    _add_before_last_change(session, key, held, path)
    renamed = _renamed(session, key, name) if not held.names else None
    _add_recorded(session, key, held, numbered=renamed is not None)
    if not held.names:
        raise renamed or unknown(session, name)
    others = _people(session, without=held.numbers)
    return Person(
        pseudonym=pseudonym(_number(session, row, held)),
        numbers=frozenset(held.numbers),
        names=frozenset(n for n in held.names if name_key(n) not in others),
        made=frozenset(held.made),
        faces=frozenset(held.faces),
        shared=_shared(session, held),
        vectors=frozenset(held.vectors),
        pictures=frozenset(held.pictures),
    )


def outputs(session: Session, person: Person) -> tuple[KeptOutput, ...]:
    """The recorded outputs in which the person was kept, as seen from anywhere."""
    rows = session.execute(
        select(RunImageRow.id, RunImageRow.run_id, RunImageRow.output, RunImageRow.output_sha256, RunRow.policy)
        .join(RunRow, RunRow.id == RunImageRow.run_id)
        .join(RunImageRow.decisions)
        .where(
            DecisionRow.verdict == Verdict.KEEP,
            _kept_for(person),
            RunImageRow.output.is_not(None),
        )
        .order_by(RunImageRow.id)
        .distinct()
    )
    return tuple(
        KeptOutput(run, joined(output or "", whereabouts_of(policy)[0]), sha256 or "")
        for _, run, output, sha256, policy in rows
    )


def _kept_for(person: Person) -> ColumnElement[bool]:
    """Whether a face was kept for a person: by hand, or else because they are the closest."""
    by_hand = or_(DecisionRow.keeps_id.in_(person.numbers), DecisionRow.keeps.in_(person.names))
    closest = or_(DecisionRow.identity_id.in_(person.numbers), DecisionRow.identity.in_(person.names))
    return or_(by_hand, and_(DecisionRow.keeps.is_(None), closest))


def erase(session: Session, person: Person, now: datetime, is_copy: bool = False) -> Erased:
    """Deletes the person's rows and rewrites what names them; leaves nothing to undo.

    What is rewritten of the record is entered into the trail, which stays whole.

    Args:
        session: A writing transaction.
        person: Who.
        now: The moment.
        is_copy: Whether this is an earlier copy of the gallery. There, the person may have another name, references
            that have come to them since are deleted wherever they are, and so are identities that are left with none.
    """
    undo.clear(session)
    sealed = trail.digests(trail.asking(session))
    numbers = set(session.scalars(select(IdentityRow.id).where(IdentityRow.name_key.in_(person.keys))))
    strays = Counts()
    if is_copy:
        person, numbers = _as_in_copy(session, person, numbers)
        strays, emptied = _delete_strays(session, person, numbers)
        numbers |= emptied
    counts = _counts(session, select(ReferenceRow.id).where(ReferenceRow.identity_id.in_(numbers)))
    decisions = _rewrite_decisions(session, person)
    session.execute(delete(LastMatchRow).where(LastMatchRow.identity_id.in_(numbers | person.numbers)))
    overrides = _delete_overrides(session, numbers | person.numbers)
    session.execute(delete(IdentityRow).where(IdentityRow.id.in_(numbers)))
    session.flush()
    marked = _rewrite_mentions(session, person, numbers)
    trail.seal_rewritten(session, sealed, now)
    return Erased(person, counts.plus(strays), decisions, overrides, marked)


def _delete_overrides(session: Session, numbers: Set[int]) -> int:
    """Deletes the manual decisions that keep somebody's faces; returns how many there were."""
    those = set(session.scalars(select(OverrideRow.id).where(OverrideRow.identity_id.in_(numbers))))
    session.execute(delete(OverrideRow).where(OverrideRow.id.in_(those)))
    return len(those)


def live_texts(session: Session, needle: str) -> set[str]:
    """Every text in the gallery that holds a string, to tell it from what a deleted row may have left behind."""
    connection = session.connection()
    columns = [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if not isinstance(column.type, LargeBinary)
    ]
    columns += [("sqlite_master", name) for name in ("name", "tbl_name", "sql")]
    columns += [("sqlite_sequence", "name"), ("alembic_version", "version_num")]
    found: set[str | bytes] = set()
    for table, column in columns:
        query = f'SELECT DISTINCT "{column}" FROM "{table}" WHERE instr("{column}", ?)'  # noqa: S608 - our own names
        found |= set(connection.exec_driver_sql(query, (needle,)).scalars())
    return {value for value in found if isinstance(value, str)}


def is_live(session: Session, table: type[TemplateRow] | type[CropRow], blob: bytes) -> bool:
    """Whether somebody else has the same template or crop, because the same face is enrolled under two names."""
    column = TemplateRow.vector if table is TemplateRow else CropRow.picture
    return session.scalar(select(func.count()).select_from(table).where(column == blob)) != 0


def _add_before_last_change(session: Session, key: str, held: _Held, path: Path) -> None:
    """Adds what the last change took, which is still in the file, so that it can be undone."""
    living = _living(session).keys() - held.numbers
    nested = session.begin_nested()
    try:
        undo.undo(session, path)
        former = session.scalars(
            select(IdentityRow).where(or_(IdentityRow.name_key == key, IdentityRow.id.in_(held.numbers)))
        ).all()
        for row in former:
            if row.id not in living:  # else somebody who is in the gallery still had that name
                held.add(session, row)
    except (NothingToUndo, StoreUnusable):
        pass  # there is nothing, or nothing that can be understood; it is deleted all the same
    finally:
        nested.rollback()
        session.expire_all()


def _add_recorded(session: Session, key: str, held: _Held, numbered: bool = False) -> None:
    """Adds the names, and where the person is not known otherwise the numbers, of the record.

    Args:
        session: A transaction.
        key: Of the name.
        held: What is known so far.
        numbered: Whether names without a number are left aside: they may be former ones of somebody in the gallery.
    """
    known = frozenset(held.numbers)
    living = _living(session)
    for number, name in _recorded(session):
        if numbered and number is None:
            continue
        if number in known:
            held.names.add(name)
        elif name_key(name) == key and (known or number not in living):
            held.names.add(name)
            held.numbers |= set() if known or number is None else {number}


def _living(session: Session) -> dict[int, str]:
    """The names of those in the gallery by number, those that were merged into them included."""
    merged = select(AbsorbedRow.number, IdentityRow.name).join(IdentityRow, IdentityRow.id == AbsorbedRow.identity_id)
    rows = (*session.execute(select(IdentityRow.id, IdentityRow.name)), *session.execute(merged))
    return {row[0]: row[1] for row in rows}


def _renamed(session: Session, key: str, name: str) -> UnknownName | None:
    """The error for a name that is only in the record, of somebody who has another by now."""
    living = _living(session)
    former = session.execute(
        select(FormerNameRow.name, IdentityRow.name).join(IdentityRow, IdentityRow.id == FormerNameRow.identity_id)
    )
    now = sorted(
        {living[number] for number, n in _recorded(session) if name_key(n) == key and number in living}
        | {present for n, present in former if name_key(n) == key}
    )
    if not now:
        return None
    return UnknownName(
        f"There is nobody named {clean_name(name)} in the gallery any more; they are named {' or '.join(now)} now.",
        f"To forget that person: gallery forget {shlex.quote(now[0])}",
    )


def _people(session: Session, without: set[int]) -> dict[str, str]:
    """Everybody else's names, by key."""
    rows = session.execute(select(IdentityRow.id, IdentityRow.name_key, IdentityRow.name))
    return {row.name_key: row.name for row in rows if row.id not in without}


def _number(session: Session, row: IdentityRow | None, held: _Held) -> int:
    """The person's, or one of them: if possible the one under which they were in the gallery last."""
    if row is not None:
        return row.id
    return max((number for number, _ in held.made), default=0) or max(held.numbers, default=0) or _new_number(session)


def _new_number(session: Session) -> int:
    """A number that no identity has or will ever have, for whom the record names without one."""
    connection = session.connection()
    connection.exec_driver_sql(
        "INSERT INTO sqlite_sequence (name, seq) SELECT 'identity', 0"
        " WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'identity')"
    )
    connection.exec_driver_sql("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'identity'")
    return int(connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'identity'").scalar_one())


def _former(session: Session, number: int) -> list[str]:
    return list(session.scalars(select(FormerNameRow.name).where(FormerNameRow.identity_id == number)))


def _absorbed(session: Session, number: int) -> list[int]:
    return list(session.scalars(select(AbsorbedRow.number).where(AbsorbedRow.identity_id == number)))


def _recorded(session: Session) -> set[tuple[int | None, str]]:
    """Everybody whom a decision or the settings of a run name, with the number they had where that is known."""
    pairs = (
        (DecisionRow.identity_id, DecisionRow.identity),
        (DecisionRow.runner_up_id, DecisionRow.runner_up),
        (DecisionRow.keeps_id, DecisionRow.keeps),
    )
    return {
        (number, name)
        for numbers, names in pairs
        for number, name in session.execute(select(numbers, names).where(names.is_not(None)).distinct())
        if name is not None
    } | {(None, name) for policy in session.scalars(select(RunRow.policy)) for name in _in_settings(policy)}


def _in_settings(policy: Any) -> list[str]:
    """Whom the settings of a run name; without a number, which none of them has."""
    if not isinstance(policy, Mapping):  # changed behind the program's back, which the trail tells
        return []
    return [*policy.get("personal", ()), *policy.get("by_hand", {}).get("all_of", ())]


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


def _shared(session: Session, held: _Held) -> frozenset[tuple[str, Face]]:
    """Which of the faces other people have, too."""
    return frozenset((row.identity.name_key, face_of(row)) for row in _with_faces(session, held.faces, held.numbers))


def _with_faces(session: Session, faces: Set[Face], without: set[int]) -> list[ReferenceRow]:
    """The references of other people that are one of the faces."""
    rows = session.scalars(
        select(ReferenceRow)
        .where(ReferenceRow.sha256.in_({one[0] for one in faces}), ReferenceRow.identity_id.not_in(without))
        .options(joinedload(ReferenceRow.identity))
    )
    return [row for row in rows if face_of(row) in faces]


def _as_in_copy(session: Session, person: Person, numbers: set[int]) -> tuple[Person, set[int]]:
    """Who the person is in a copy of the gallery, where they may have been merged or renamed since."""
    rows = session.scalars(select(IdentityRow).where(IdentityRow.id.in_(person.numbers))).all()
    same = {row.id for row in rows if (row.id, row.added) in person.made}
    if same:  # it is a copy of this gallery, so its numbers mean the same people
        merged = {row.identity_id for row in _with_faces(session, person.faces, numbers | same)}
        same |= merged & person.numbers
    numbers = numbers | same
    held = _Held(numbers=set(person.numbers) if same else set())
    for row in session.scalars(select(IdentityRow).where(IdentityRow.id.in_(numbers))).all():
        held.add(session, row)
    held.names |= {n for number, n in _recorded(session) if number in held.numbers or name_key(n) in person.keys}
    others = _people(session, without=numbers)
    there = replace(
        person,
        numbers=frozenset(held.numbers),
        names=frozenset(n for n in person.names | held.names if name_key(n) not in others),
        vectors=person.vectors | held.vectors,
        pictures=person.pictures | held.pictures,
    )
    return there, numbers


def _delete_strays(session: Session, person: Person, numbers: set[int]) -> tuple[Counts, set[int]]:
    """Deletes the person's faces among other people's; returns the identities that are left with none, too."""
    rows = _with_faces(session, person.faces, numbers)
    strays = [row for row in rows if (row.identity.name_key, face_of(row)) not in person.shared]
    owners = {row.identity_id for row in strays}
    those = select(ReferenceRow.id).where(ReferenceRow.id.in_([row.id for row in strays]))
    counts = _counts(session, those)
    session.execute(delete(ReferenceRow).where(ReferenceRow.id.in_(those)))
    left = set(session.scalars(select(ReferenceRow.identity_id).where(ReferenceRow.identity_id.in_(owners))))
    return counts, owners - left


def _counts(session: Session, references: Select[int]) -> Counts:
    """How many references there are among those, and how many templates and crops they have."""
    templates = select(func.count()).select_from(TemplateRow).where(TemplateRow.reference_id.in_(references))
    crops = select(func.count()).select_from(CropRow).where(CropRow.reference_id.in_(references))
    all_of_them = select(func.count()).select_from(references.subquery())
    return Counts(*(session.scalar(query) or 0 for query in (all_of_them, templates, crops)))


def _rewrite_decisions(session: Session, person: Person) -> int:
    named = or_(
        DecisionRow.identity_id.in_(person.numbers),
        DecisionRow.runner_up_id.in_(person.numbers),
        DecisionRow.keeps_id.in_(person.numbers),
        DecisionRow.identity.in_(person.names),
        DecisionRow.runner_up.in_(person.names),
        DecisionRow.keeps.in_(person.names),
    )
    those = select(DecisionRow.id).where(named)
    session.execute(delete(ReviewCropRow).where(ReviewCropRow.decision_id.in_(those)))
    rows = session.scalars(select(DecisionRow).where(named)).all()
    renamings = cache(lambda own, others: Renaming.of(own, person.pseudonym, others))
    return sum(_rewrite_decision(row, person, renamings) for row in rows)


def _rewrite_decision(
    row: DecisionRow, person: Person, renamings: Callable[[frozenset[str], frozenset[str]], Renaming]
) -> bool:
    """Puts the pseudonym in place of the name in one decision; returns whether it was there."""
    named = {row.identity: row.identity_id, row.runner_up: row.runner_up_id, row.keeps: row.keeps_id}
    own = {name for name, number in named.items() if name and (number in person.numbers or name in person.names)}
    if row.identity in own:
        row.identity = person.pseudonym
    if row.runner_up in own:
        row.runner_up = person.pseudonym
    if row.keeps in own:
        row.keeps = person.pseudonym
    row.reason = renamings(frozenset(own), frozenset(name for name in named if name) - own)(row.reason)
    return bool(own)


def _rewrite_mentions(session: Session, person: Person, numbers: set[int]) -> int:
    """Puts the pseudonym in place of the names where other people's data and the record mention them.

    Returns:
        Of how many outputs a keyed hash of the path is kept.
    """
    recorded = {name for _, name in _recorded(session)}
    others = {*_people(session, without=numbers).values(), *recorded} - person.names
    renaming = Renaming.of(person.names, person.pseudonym, others)
    marked = _mark_outputs(session, renaming)
    for column in _MENTIONS:
        _rewrite(session, column, renaming)
    _rewrite(session, DecisionRow.reason, renaming, DecisionRow.rule == Rule.BY_HAND)  # it says who decided
    for tag in session.scalars(select(TagRow)).all():
        _rewrite_tag(session, tag, renaming)
    for run in session.scalars(select(RunRow)):
        _rewrite_policy(run, person, renaming)
    return marked


def _rewrite(
    session: Session, column: InstrumentedAttribute[Any], renaming: Renaming, *where: ColumnElement[bool]
) -> None:
    """Rewrites a column by its rows' keys: few columns have an index, and a value may stand in every row."""
    keys = inspect(column.class_).primary_key
    rows = session.execute(select(column, *keys).where(column.is_not(None), *where)).all()
    rewritten = {value: _renamed_value(value, renaming) for value in {value for value, *_ in rows}}
    names = [column.class_.__mapper__.get_property_by_column(key).key for key in keys]
    changed = [
        {**dict(zip(names, numbers, strict=True)), column.key: rewritten[value]}
        for value, *numbers in rows
        if rewritten[value] != value
    ]
    if changed:
        session.execute(update(column.class_), changed)


def _renamed_value(value: Any, renaming: Renaming) -> Any:
    return renaming(value) if isinstance(value, str) else tuple(map(renaming, value))


def _mark_outputs(session: Session, renaming: Renaming) -> int:
    """Keeps keyed hashes of outputs' paths that are about to be replaced, be it only in the folder they start at."""
    bases = {run: whereabouts_of(policy)[0] for run, policy in session.execute(select(RunRow.id, RunRow.policy))}
    moved = {run for run, base in bases.items() if renaming(base) != base}
    rows = session.execute(
        select(RunImageRow.id, RunImageRow.run_id, RunImageRow.output, RunImageRow.source).where(
            RunImageRow.output.is_not(None), RunImageRow.output_mark.is_(None)
        )
    )
    key = marks.new_key()
    marked = [
        {"id": number, "output_mark": marks.mark(key, joined(output, bases[run]), joined(source, bases[run]))}
        for number, run, output, source in rows
        if output is not None and (run in moved or renaming(output) != output or renaming(source) != source)
    ]
    if marked:
        session.execute(update(RunImageRow), marked)
    return len(marked)


def _rewrite_tag(session: Session, row: TagRow, renaming: Renaming) -> None:
    rewritten = renaming(row.tag)[:LONGEST_NAME]
    if rewritten == row.tag:
        return
    if session.get(TagRow, (row.identity_id, rewritten)) is None:
        session.add(TagRow(identity_id=row.identity_id, tag=rewritten))
    session.delete(row)
    session.flush()


def _rewrite_policy(row: RunRow, person: Person, renaming: Renaming) -> None:
    """The settings of a run name those who had thresholds of their own, or were kept wherever they matched.

    So may the folder that it was made in.

    The hash of settings that named somebody goes: a name could be guessed and tried.
    """
    policy = dict(row.policy)
    if "personal" in policy:
        policy["personal"] = {
            _other_name(name, person): {
                key: renaming(value) if isinstance(value, str) else value for key, value in limits.items()
            }
            for name, limits in policy["personal"].items()
        }
    if "by_hand" in policy and "all_of" in policy["by_hand"]:
        kept = [_other_name(name, person) for name in policy["by_hand"]["all_of"]]
        policy["by_hand"] = {**policy["by_hand"], "all_of": kept}
    if policy != row.policy:
        row.settings_sha256 = None
    if "base" in policy:  # the folder that the run was made in, which is not in the hash
        policy["base"] = renaming(policy["base"])
    if policy != row.policy:
        row.policy = policy


def _other_name(name: str, person: Person) -> str:
    return person.pseudonym if name_key(name) in person.keys else name
