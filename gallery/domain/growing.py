"""A whitelist to which templates are added one at a time, as enrolment does, without copying what is there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gallery.domain.cohorts import Standing
from gallery.domain.faces import Embeddings
from gallery.domain.grouping import Rows
from gallery.domain.matching import Candidate, Whitelist, own_and_other
from gallery.domain.searching import Factors
from gallery.domain.vectors import factors, finite

LEAST_ROOM = 16
"""Templates for which there is room at first; it is doubled whenever it is full."""


class GrowingWhitelist:
    """The templates of the gallery as they were read, and those added since.

    The first are shared with the whitelist given, however many they are. Each added one is copied a bounded number of
    times on average.
    """

    def __init__(self, whitelist: Whitelist) -> None:
        self._base = whitelist
        self._added = _Added(whitelist)

    def __len__(self) -> int:
        """How many templates there are."""
        return len(self._base) + len(self._added.owners)

    def __contains__(self, name: object) -> bool:
        """Whether somebody of exactly that name has a template."""
        return name in self._added.places

    def add(self, name: str, reference: int, embedding: NDArray[np.float32]) -> None:
        """Adds one template.

        Args:
            name: Whose it is, spelled as on the whitelist; another spelling is another person.
            reference: Id of its reference.
            embedding: `(D,) float32`.

        Raises:
            ValueError: If the dimension differs, or it holds a value that is not a finite number.
        """
        self._added.append(name, reference, embedding)

    def own_and_other(
        self, embedding: NDArray[np.float32], name: str | None
    ) -> tuple[Candidate | None, Candidate | None]:
        """As `gallery.domain.matching.own_and_other`, over all templates."""
        own, other = own_and_other(embedding, self._base, name)
        added_own, added_other = own_and_other(embedding, self._added, name)
        return _closer(own, added_own), _closer(other, added_other)

    def whitelist(self) -> Whitelist:
        """All templates as a whitelist; the one given, where nothing has been added. Otherwise it copies them all."""
        base, added = self._base, self._added
        if not len(added.owners):
            return base
        parts = (base, added) if len(base) else (added,)
        return replace(
            base,
            names=tuple(added.names),
            owners=np.concatenate([part.owners for part in parts]),
            references=np.concatenate([part.references for part in parts]),
            templates=np.concatenate([part.templates for part in parts]),
            standing=np.concatenate([part.standing for part in parts]) if base.cohort is not None else None,
        )


def _closer(first: Candidate | None, second: Candidate | None) -> Candidate | None:
    if first is None or second is None:
        return first or second
    return second if second.cosine < first.cosine else first


class _Added:
    """Templates in arrays with room to spare; the indices of names go on where the whitelist's end."""

    def __init__(self, whitelist: Whitelist) -> None:
        self.names = list(whitelist.names)
        self.places = dict(whitelist.places)
        self._dimension = whitelist.templates.shape[1] if len(whitelist) else None
        self._count = 0
        self._owners = np.zeros(0, np.intp)
        self._references = np.zeros(0, np.int64)
        self._templates = whitelist.templates[:0]
        self._factors = np.zeros(0, np.float32)
        self.cohort = whitelist.cohort
        self._standing = np.zeros((0, 3), np.float32)

    @property
    def standing(self) -> Standing | None:
        return None if self.cohort is None else self._standing[: self._count]

    @property
    def owners(self) -> Rows:
        return self._owners[: self._count]

    @property
    def references(self) -> NDArray[np.int64]:
        return self._references[: self._count]

    @property
    def templates(self) -> Embeddings:
        return self._templates[: self._count]

    @property
    def factors(self) -> Factors:
        return self._factors[: self._count]

    @property
    def sizes(self) -> Rows:
        return np.bincount(self.owners, minlength=len(self.names))

    def append(self, name: str, reference: int, embedding: NDArray[np.float32]) -> None:
        if embedding.ndim != 1 or self._dimension not in (None, len(embedding)):
            raise ValueError(f"an embedding {embedding.shape} does not fit templates of {self._dimension} values")
        if not finite(embedding):
            raise ValueError("a template holds a value that is not a finite number")
        self._dimension = len(embedding)
        if self._count == len(self._owners):
            self._make_room()
        self._owners[self._count] = self.places.setdefault(name, len(self.names))
        if len(self.places) > len(self.names):
            self.names.append(name)
        self._references[self._count] = reference
        self._templates[self._count] = embedding
        factor = factors(embedding[None])
        self._factors[self._count] = 1 if factor is None else factor[0]
        if self.cohort is not None:
            self._standing[self._count] = self.cohort.standing(embedding[None])[0]
        self._count += 1

    def _make_room(self) -> None:
        more = max(LEAST_ROOM, self._count)
        vectors = np.zeros((more, self._dimension or 0), np.float32)
        self._owners = np.concatenate([self.owners, np.zeros(more, np.intp)])
        self._references = np.concatenate([self.references, np.zeros(more, np.int64)])
        self._factors = np.concatenate([self.factors, np.zeros(more, np.float32)])
        self._standing = np.concatenate([self._standing[: self._count], np.zeros((more, 3), np.float32)])
        self._templates = np.concatenate([self.templates, vectors]) if self._count else vectors
