"""Takes people from one gallery to another, by way of an archive. Nothing that is there is overwritten unasked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gallery.domain.by_hand import SAME_PLACE, Override, Overrides
from gallery.domain.errors import StoreUnusable
from gallery.domain.exchange_ports import Archives, ExchangeStore, Present, Receiving
from gallery.domain.exchanging import (
    CHANGES,
    Brought,
    Conflict,
    ConflictKind,
    Content,
    Contents,
    Decisions,
    ExchangedPerson,
    ExchangedReference,
    Fate,
    Imported,
    Planned,
    Resolution,
    Written,
    whole,
)
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Precision
from gallery.domain.people import SAME_FACE, name_key
from gallery.domain.progress import Advance, unwatched
from gallery.usecases.reception import Made, Reception


@dataclass(frozen=True, slots=True)
class Export:
    """The use case.

    Attributes:
        store: Whose people are exported.
        archives: Writes the file.
    """

    store: ExchangeStore
    archives: Archives

    def __call__(
        self,
        target: Path,
        names: Sequence[str] = (),
        crops: bool = True,
        force: bool = False,
        advance: Advance = unwatched,
    ) -> Written:
        """Writes people into an archive.

        Args:
            target: The file.
            names: Whom; everybody, if there is none.
            crops: Whether the pictures of their references go along.
            force: Whether to replace a file that is there.
            advance: Is told how many templates and pictures are written.

        Raises:
            UnknownName: If there is nobody of a name.
            BadArgument: If there is a file already, or it is the gallery.
            NotWritten: If it could not be written; what was there is as it was.
        """
        with self.store.contents(names) as contents:
            self.store.note_archive(target)
            return self.archives.write(contents, target, crops, force, advance)


@dataclass(frozen=True, slots=True)
class Import:
    """The use case.

    Attributes:
        store: Takes the people in.
        resolution: What is to be done about conflicts.
        reception: What is not taken on the archive's word.
    """

    store: ExchangeStore
    reception: Reception
    resolution: Resolution = Resolution.REFUSE

    def plan(self, contents: Contents) -> Imported:
        """What an import would do; changes nothing."""
        with self.store.present() as present:
            return plan(contents, present, self.resolution, self.reception)

    def __call__(self, contents: Contents, what: str, advance: Advance = unwatched) -> Imported:
        """Imports people, all or nothing, as one change that can be undone.

        Args:
            contents: What was archived.
            what: The change in words.
            advance: Is told how many people are done, and how many there are.

        Raises:
            BadArchive: If the archive changes meanwhile; the gallery is as it was.
            StoreUnusable: If the gallery cannot be written, or another program changes it meanwhile; likewise.
            ModelFailed: If no templates could be made of the pictures; likewise.
        """
        planned = self.plan(contents)
        if not planned.changes:
            return planned
        made = self.reception.remake(contents, planned.people, planned.space)
        with self.store.receiving(what) as receiving:
            if plan(contents, receiving, self.resolution, self.reception) != planned:
                raise StoreUnusable(
                    "Another program changed the gallery in the meantime; nothing was imported.", "Try again."
                )
            _Taking(self.reception, made, receiving)(contents, planned, advance)
        return replace(planned, done=True, remade=made.told)


class _Nobody:
    """A gallery that is still to be made."""

    def own_model(self) -> EmbeddingSpace | None:
        return None

    def models(self) -> tuple[EmbeddingSpace, ...]:
        return ()

    def named(self, _name: str) -> str | None:
        return None

    def faces(self, _photos: Collection[str]) -> dict[str, list[tuple[str, Box]]]:
        return {}

    def blurred(self) -> list[Override]:
        return []


def foresee(contents: Contents, resolution: str, reception: Reception) -> Imported:
    """What an import into a gallery that does not exist yet would do."""
    return plan(contents, _Nobody(), Resolution(resolution), reception)


def plan(contents: Contents, present: Present, resolution: Resolution, reception: Reception) -> Imported:
    """Settles what becomes of each person.

    Args:
        contents: Who is to come.
        present: The gallery they come into.
        resolution: What is to be done about conflicts.
        reception: What is not taken on the archive's word.
    """
    people = list(contents.people())
    there = present.own_model()
    own = there or contents.own
    planner = _Planner(
        present,
        resolution,
        own,
        present.models() if there else None,
        frozenset(name_key(person.name) for person in people),
    )
    found = tuple(_with_limits(planner.one(reception.person(one, own)), reception.brought(one)) for one in people)
    return Imported(found, resolution, own, decisions=_decisions(contents, present))


def _decisions(contents: Contents, present: Present) -> Decisions:
    """The manual decisions that come: those to blur a face that no decision there blurs."""
    there = Overrides.grouped(present.blurred())
    archived = contents.decisions()
    new = (
        one
        for one in archived.blurs
        if all(one.box.overlap(other.box) < SAME_PLACE for other in there.of.get(one.sha256, ()))
    )
    return replace(archived, blurs=tuple(new))


def _with_limits(planned: Planned, brought: tuple[Brought, ...]) -> Planned:
    """With the limits that come: only whoever is new here brings theirs."""
    return replace(planned, brought=brought) if planned.fate in (Fate.ADDED, Fate.REPLACED) else planned


@dataclass(frozen=True, slots=True)
class _Planner:
    """Settles what becomes of a person.

    Attributes:
        present: The gallery.
        resolution: What is to be done about conflicts.
        own: The model it compares faces under; the archive's, where it holds no template yet.
        usable: The models whose templates are of use there; None where any are, because it holds no template yet.
        coming: The keys of the names of all who come.
    """

    present: Present
    resolution: Resolution
    own: EmbeddingSpace | None
    usable: tuple[EmbeddingSpace, ...] | None
    coming: frozenset[str]

    def one(self, person: ExchangedPerson) -> Planned:
        """Settles it for one."""
        there = self.present.named(person.name)
        owners = self._owners(person)
        known = tuple(owner is not None and owner == there for owner in owners)
        others = [None if mine else owner for mine, owner in zip(known, owners, strict=True)]
        blocks = _blocking(there, person, others)
        taken, present = self._taken(others, known, bool(blocks))
        useless = self._useless(person, taken)
        fate = Fate.LEFT_OUT if useless else self._fate(person, there, taken, present, bool(blocks))
        if fate not in CHANGES:
            taken = (False,) * len(taken)
        return Planned(person.name, fate, taken, present, (*blocks, *useless, *self._to_be_made(person, taken)))

    def _owners(self, person: ExchangedPerson) -> list[str | None]:
        """For each reference who has its face in the gallery: the person, if they do, else somebody else."""
        faces = self.present.faces({one.reference.sha256 for one in person.references})
        return [self._owner(person.name, one, faces.get(one.reference.sha256, [])) for one in person.references]

    def _owner(self, name: str, one: ExchangedReference, faces: Sequence[tuple[str, Box]]) -> str | None:
        box = one.reference.detection.box
        same = [owner for owner, other in faces if other.overlap(box) >= SAME_FACE]
        mine = [owner for owner in same if name_key(owner) == name_key(name)]
        if self.resolution is Resolution.REPLACE:  # whoever is replaced will have those faces that come
            mine, same = [], [owner for owner in same if name_key(owner) not in self.coming]
        return next(iter([*mine, *same]), None)

    def _taken(
        self, others: Sequence[str | None], known: tuple[bool, ...], blocked: bool
    ) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
        """For each reference whether it can come, and whether the person has it already."""
        if self.resolution in (Resolution.REFUSE, Resolution.SKIP):
            return (not blocked,) * len(others), (False,) * len(others)
        taken = tuple(other is None and not mine for other, mine in zip(others, known, strict=True))
        return taken, known

    def _fate(
        self,
        person: ExchangedPerson,
        there: str | None,
        taken: tuple[bool, ...],
        present: tuple[bool, ...],
        blocked: bool,
    ) -> Fate:
        careful = self.resolution in (Resolution.REFUSE, Resolution.SKIP)
        if careful and blocked:
            return Fate.LEFT_OUT
        if self.resolution is Resolution.MERGE and there is not None:
            return Fate.MERGED if any(taken) else _unmerged(person, present)
        if person.references and not any(taken):
            return Fate.LEFT_OUT
        return Fate.ADDED if there is None else Fate.REPLACED

    def _useless(self, person: ExchangedPerson, taken: tuple[bool, ...]) -> tuple[Conflict, ...]:
        coming, usable = _chosen(person, taken), self.usable
        if not coming or self.own is None or usable is None:
            return ()
        if any(one.has_crop or any(_is_among(space, usable) for space in one.spaces) for one in coming):
            return ()
        return (Conflict(ConflictKind.USELESS, self.own.model, len(coming), _instead(coming, self.own)),)

    def _to_be_made(self, person: ExchangedPerson, taken: tuple[bool, ...]) -> tuple[Conflict, ...]:
        own = self.own
        if own is None:
            return ()
        without = [one for one in _chosen(person, taken) if not _is_among(own, one.spaces)]
        return (Conflict(ConflictKind.MODEL, own.model, len(without), _instead(without, own)),) if without else ()


def _blocking(there: str | None, person: ExchangedPerson, others: Sequence[str | None]) -> tuple[Conflict, ...]:
    found = [] if there is None else [Conflict(ConflictKind.NAME, there, len(person.references))]
    names = sorted({other for other in others if other is not None}, key=name_key)
    return (*found, *(Conflict(ConflictKind.FACE, name, others.count(name)) for name in names))


def _chosen(person: ExchangedPerson, taken: Sequence[bool]) -> list[ExchangedReference]:
    return [one for one, comes in zip(person.references, taken, strict=True) if comes]


def _is_among(space: EmbeddingSpace, others: Sequence[EmbeddingSpace]) -> bool:
    return any(space.comparable(other) for other in others)


def _instead(references: Sequence[ExchangedReference], own: EmbeddingSpace) -> tuple[Precision, ...]:
    """In what numbers references have templates of a model that computes in others."""
    found = {space.numbers for one in references for space in one.spaces if own.differs_in_numbers(space)}
    return tuple(numbers for numbers in Precision if numbers in found)


def _unmerged(person: ExchangedPerson, present: tuple[bool, ...]) -> Fate:
    return Fate.UNCHANGED if any(present) or not person.references else Fate.LEFT_OUT


@dataclass(frozen=True, slots=True)
class _Taking:
    """Takes people in.

    Attributes:
        reception: What is not taken on the archive's word.
        made: The templates made of pictures.
        receiving: The gallery.
    """

    reception: Reception
    made: Made
    receiving: Receiving

    def __call__(self, contents: Contents, planned: Imported, advance: Advance) -> None:
        if self.receiving.own_model() is None and contents.own is not None:
            self.receiving.adopt(contents.own)
        # Whoever is replaced goes first: somebody else may have one of their faces in the archive.
        for one in planned.people:
            if one.fate is Fate.REPLACED:
                self.receiving.remove(one.name)
        everybody = zip(planned.people, whole(contents), strict=True)
        for done, (one, (person, content)) in enumerate(everybody):
            coming = [
                (reference, self.reception.content(reference, large, self.made.templates.get((done, number))))
                for number, (reference, large) in enumerate(zip(person.references, content, strict=True))
                if one.taken[number]
            ]
            self._take(one, person, coming)
            advance(done + 1, len(planned.people))
        for word in planned.decisions.blurs:
            self.receiving.decide(word)

    def _take(self, one: Planned, person: ExchangedPerson, coming: list[tuple[ExchangedReference, Content]]) -> None:
        if one.fate is Fate.MERGED:
            self.receiving.append(one.name, coming)
        elif one.fate in (Fate.ADDED, Fate.REPLACED):
            partly = replace(person, references=tuple(reference for reference, _ in coming))
            self.receiving.add(self.reception.person(partly, None), [large for _, large in coming])
