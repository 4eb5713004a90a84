"""People on their way from one gallery to another, and what may stand in their way.

What is exchanged is read in three streams that go in the same order: people with what is known of their references,
the templates under each model, and the crops. So a gallery of any size is exchanged without being in memory at once;
`whole` brings the streams together again, one person after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.domain.by_hand import Override
from gallery.domain.models import EmbeddingSpace, Normalisation, Precision, Thresholds
from gallery.domain.people import Details, FaceCrop, Reference

UNIT_TOLERANCE = 1e-3
"""How far from 1 the length of a vector may be that should be of length one. Programs round differently; whoever
mistakes raw vectors for such ones is off by far more."""


@dataclass(frozen=True, slots=True)
class ExchangedReference:
    """A reference of a person who is exchanged, without what is large.

    Attributes:
        reference: What it is.
        added: When it was enrolled, in UTC.
        spaces: The models it has a template under, in the order of `Contents.models`.
        has_crop: Whether its picture comes along.
    """

    reference: Reference
    added: datetime
    spaces: tuple[EmbeddingSpace, ...]
    has_crop: bool


@dataclass(frozen=True, slots=True)
class ExchangedPerson:
    """A person who is exchanged. When they were last matched stays behind: it belongs to a gallery's own record.

    Attributes:
        name: Their name.
        added: When they were enrolled first, in UTC.
        details: What is settled about them; `thresholds` is None there, because they may have some under each model.
        references: Their photos' faces, oldest first.
        thresholds: Those set for them by hand, with the model each pair belongs to.
    """

    name: str
    added: datetime
    details: Details
    references: tuple[ExchangedReference, ...]
    thresholds: tuple[tuple[EmbeddingSpace, Thresholds], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What is large of a reference.

    Attributes:
        templates: `(D,) float32` each, with its model.
        crop: Its picture; None where none comes along.
    """

    templates: tuple[tuple[EmbeddingSpace, NDArray[np.float32]], ...]
    crop: FaceCrop | None


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided by hand on single faces, as far as it is exchanged.

    Attributes:
        blurs: Manual decisions to blur, which go along with a whole gallery.
        left: How many stay behind: those to keep a face, which somebody has to decide again where the photos are, and
            all of them where only some people are exported.
    """

    blurs: tuple[Override, ...] = ()
    left: int = 0


class Contents(Protocol):
    """One state of a gallery, or an archive of one. Each of its iterators can be asked for again."""

    @property
    def models(self) -> tuple[EmbeddingSpace, ...]:
        """The models there are templates or thresholds of, the gallery's own first."""

    @property
    def own(self) -> EmbeddingSpace | None:
        """The model that the gallery compares faces under."""

    def people(self) -> Iterator[ExchangedPerson]:
        """Everybody, by name."""

    def decisions(self) -> Decisions:
        """What was decided by hand."""

    def templates(self, space: EmbeddingSpace) -> Iterator[NDArray[np.float32]]:
        """The templates under a model, `(D,) float32` each, in the order of people and references."""

    def crops(self) -> Iterator[FaceCrop]:
        """The pictures, likewise."""


def whole(contents: Contents) -> Iterator[tuple[ExchangedPerson, tuple[Content, ...]]]:
    """Each person with the content of their references."""
    templates = {space: contents.templates(space) for space in contents.models}
    crops = contents.crops()
    for person in contents.people():
        yield (
            person,
            tuple(
                Content(
                    tuple((space, next(templates[space])) for space in reference.spaces),
                    next(crops) if reference.has_crop else None,
                )
                for reference in person.references
            ),
        )


def vectors_fault(rows: NDArray[np.float32], space: EmbeddingSpace) -> str:
    """What no vector of a model can be, in words; empty where there is nothing.

    Args:
        rows: `(N, D) float32`.
        space: The model's. Where its preparation says `l2`, vectors are of length one, or of none: such never match.
    """
    if not np.isfinite(rows).all():
        return "holds a value that is not a finite number"
    if Normalisation.L2 in space.preparation.split(", "):
        lengths = np.linalg.norm(rows.astype(np.float64), axis=1)
        if np.any((np.abs(lengths - 1) > UNIT_TOLERANCE) & (lengths > 0)):
            return "holds a vector that is not of length one"
    return ""


@dataclass(frozen=True, slots=True)
class Written:
    """An archive that was written.

    Attributes:
        path: Where it is.
        size: In bytes.
        people: How many there are in it.
        references: Likewise.
        crops: Likewise.
        templates: For each model's name how many.
        decisions: What goes along of what was decided by hand, and how much stays behind.
    """

    path: Path
    size: int
    people: int
    references: int
    crops: int
    templates: tuple[tuple[str, int], ...]
    decisions: Decisions = field(default_factory=Decisions)


class Resolution(StrEnum):
    """What is to be done about conflicts."""

    REFUSE = "refuse"
    """Nothing is imported if there is one."""
    SKIP = "skip"
    """Whoever has one is left out."""
    MERGE = "merge"
    """A person who is there gets the references that are missing; what is settled about them stays."""
    REPLACE = "replace"
    """A person who is there is removed first."""


class ConflictKind(StrEnum):
    """What stands in the way of importing a person."""

    NAME = "name"
    """Somebody of that name is in the gallery."""
    FACE = "face"
    """The same face of the same photo is enrolled under another name."""
    MODEL = "model"
    """No template under the gallery's model; one has to be made."""
    USELESS = "useless"
    """No template under any model of the gallery's, and no crop to make one from."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Something that stands in the way of importing a person.

    Attributes:
        kind: What.
        other: The name of the person in the gallery; the model's name if it is about templates.
        references: How many of the person's references it is about.
        instead: In what numbers these references have templates of that very model, where those are not the
            gallery's.
    """

    kind: ConflictKind
    other: str
    references: int
    instead: tuple[Precision, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether somebody has to say what is to be done."""
        return self.kind in (ConflictKind.NAME, ConflictKind.FACE)


@dataclass(frozen=True, slots=True)
class Brought:
    """Limits that a person brings with them.

    Attributes:
        space: The model they belong to.
        limits: Both, with the origin that the archive states.
        looser: Whether they are looser than what applies here, or nothing here tells.
    """

    space: EmbeddingSpace
    limits: Thresholds
    looser: bool


@dataclass(frozen=True, slots=True)
class Strayed:
    """A template of an archive that is not that of the picture beside it; the picture's was taken.

    Attributes:
        name: Whose it is.
        source: The photo's path.
        cosine: Cosine distance between the two.
    """

    name: str
    source: str
    cosine: float


@dataclass(frozen=True, slots=True)
class Remade:
    """What came of making templates from the pictures that came along.

    Attributes:
        count: How many were made.
        strayed: Where the archive had another.
        left: Of which pictures none could be made: name, photo and reason each. Nobody is recognised by these.
    """

    count: int = 0
    strayed: tuple[Strayed, ...] = ()
    left: tuple[tuple[str, str, str], ...] = ()


class Fate(StrEnum):
    """What becomes of a person of an archive."""

    ADDED = "added"
    MERGED = "merged"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    """All of their references were there."""
    LEFT_OUT = "left out"


CHANGES = frozenset({Fate.ADDED, Fate.MERGED, Fate.REPLACED})
"""What changes the gallery."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to become of a person.

    Attributes:
        name: As the archive has it.
        fate: What.
        taken: For each reference whether it comes into the gallery.
        present: For each reference whether the person has it there already.
        conflicts: What stands, or stood, in the way.
        brought: Limits that come with the person.
    """

    name: str
    fate: Fate
    taken: tuple[bool, ...]
    present: tuple[bool, ...]
    conflicts: tuple[Conflict, ...] = ()
    brought: tuple[Brought, ...] = ()

    @property
    def references(self) -> int:
        """How many references come."""
        return sum(self.taken)

    @property
    def left_out(self) -> int:
        """How many are neither there nor come."""
        return sum(not (taken or present) for taken, present in zip(self.taken, self.present, strict=True))

    @property
    def complete(self) -> bool:
        """Whether everything the archive has of the person is in the gallery then."""
        return self.fate is not Fate.LEFT_OUT and not self.left_out


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        people: Everybody in the archive, by name.
        resolution: What was to be done about conflicts.
        space: The gallery's own model afterwards; None where it has none.
        done: Whether the gallery was changed.
        remade: What came of the pictures.
        decisions: The manual decisions to blur that come, without those that are there already; and how many stayed
            behind.
    """

    people: tuple[Planned, ...]
    resolution: Resolution
    space: EmbeddingSpace | None
    done: bool = False
    remade: Remade = field(default_factory=Remade)
    decisions: Decisions = field(default_factory=Decisions)

    @property
    def refused(self) -> bool:
        """Whether conflicts forbid the import."""
        return self.resolution is Resolution.REFUSE and any(
            conflict.blocks for person in self.people for conflict in person.conflicts
        )

    @property
    def changes(self) -> bool:
        """Whether there is anything to be done in the gallery."""
        come = any(person.fate in CHANGES for person in self.people)
        return not self.refused and (come or bool(self.decisions.blurs))

    @property
    def complete(self) -> bool:
        """Whether everything in the archive is in the gallery then."""
        return not self.refused and all(person.complete for person in self.people)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Names of the people who come, some of whose references have no template under the gallery's model."""
        return tuple(
            person.name
            for person in self.people
            if person.fate in CHANGES and any(one.kind is ConflictKind.MODEL for one in person.conflicts)
        )

    @property
    def limits(self) -> tuple[tuple[str, Brought], ...]:
        """The limits that come, each with whose they are."""
        return tuple((person.name, one) for person in self.people for one in person.brought)

    @property
    def looser(self) -> bool:
        """Whether somebody has to agree to the limits that come."""
        return self.changes and any(one.looser for _, one in self.limits)

    @property
    def other_numbers(self) -> tuple[Precision, ...]:
        """In what numbers, other than the gallery's, templates of its model come."""
        found = {
            numbers
            for person in self.people
            if person.fate in CHANGES
            for conflict in person.conflicts
            for numbers in conflict.instead
        }
        return tuple(numbers for numbers in Precision if numbers in found)
