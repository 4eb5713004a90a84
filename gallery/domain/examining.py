"""A whole gallery compared with itself: references that do not fit their person, and people who fit each other.

What it finds is worth a person's look, and is no proof: a poor photo, a photo of somebody else, one person under two
names, or two people whom the model cannot tell apart.

All templates are compared with all, 5·10⁹ pairs for 100,000 of them, tile by tile in float32. What may be within a
threshold, by more than the rounding, is compared again in float64, and that is what is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gallery.domain.grouping import Rows
from gallery.domain.matching import Whitelist
from gallery.domain.models import Thresholds
from gallery.domain.progress import Advance, unwatched
from gallery.domain.searching import SLACK
from gallery.domain.vectors import Distances, pair_distances

NEARLY_IDENTICAL = 1e-3
"""Cosine distance below which two references are most likely of one photo, saved or scaled differently."""
MOST = 10_000
"""Pairs that are listed of each sort; the closest ones. With more, the thresholds or the model are the matter."""
TILE = (1024, 2048)
"""Templates compared with templates at once: 8 MB of similarities, and up to 200 MB where all of them match."""
OWN = 1 << 21
"""Values and similarities handled at once where people's references are compared with their own."""

Similarities = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outlier:
    """A reference that none of its person's others matches.

    Attributes:
        identity: Whose it is.
        reference: Its id.
        closest: Id of the person's other reference that comes closest by cosine.
        cosine: Cosine distance of the two.
        euclidean: Euclidean distance of the two.
        mutual: Whether the person has only these two, so that either may be the wrong one; they are listed once.
    """

    identity: str
    reference: int
    closest: int
    cosine: float
    euclidean: float
    mutual: bool


@dataclass(frozen=True, slots=True)
class Misfit:
    """A reference that matches somebody else, and is closer to them than to its own person's other references.

    Attributes:
        identity: Whose it is.
        reference: Its id.
        own_reference: Id of the person's other reference that comes closest by cosine.
        own_cosine: Cosine distance to it.
        other: Whom it fits better.
        other_reference: Id of the closest reference that it matches.
        cosine: Cosine distance to it.
        euclidean: Euclidean distance to it.
    """

    identity: str
    reference: int
    own_reference: int
    own_cosine: float
    other: str
    other_reference: int
    cosine: float
    euclidean: float


@dataclass(frozen=True, slots=True)
class Pair:
    """References of two people that match each other. The person who comes first on the whitelist is the first.

    Attributes:
        first: One person.
        first_reference: Id of their reference.
        second: The other person.
        second_reference: Id of theirs.
        cosine: Cosine distance of the two references.
        euclidean: Euclidean distance of the two references.
    """

    first: str
    first_reference: int
    second: str
    second_reference: int
    cosine: float
    euclidean: float


@dataclass(frozen=True, slots=True)
class Examination:
    """What stands out in a gallery, each sort the worst first.

    Attributes:
        outliers: The farthest first.
        misfits: Those that fit the other by the largest margin first.
        collisions: Pairs of people of whom two references match, each pair once, with the closest of such references.
        near_identical: Pairs of references of two people that are closer than `NEARLY_IDENTICAL`.
        complete: Whether every such pair is listed; otherwise only the closest are.
    """

    outliers: tuple[Outlier, ...]
    misfits: tuple[Misfit, ...]
    collisions: tuple[Pair, ...]
    near_identical: tuple[Pair, ...]
    complete: bool


def examine(
    whitelist: Whitelist,
    thresholds: Thresholds,
    personal: Mapping[str, Thresholds] | None = None,
    most: int = MOST,
    advance: Advance = unwatched,
) -> Examination:
    """Compares all references of a gallery with each other.

    Two references match a person if both distances are within that person's thresholds. Two people collide if a
    reference of one matches a reference of the other by the thresholds of either.

    Args:
        whitelist: The gallery's templates.
        thresholds: Everybody's.
        personal: Those of people who have their own, by name.
        most: How many collisions, and how many nearly identical pairs, to list at most.
        advance: Is told how many references have been compared with all, and how many there are.
    """
    limits = _Limits.of(whitelist, thresholds, personal or {})
    own = _own(whitelist)
    search = _Search(whitelist, limits, own, _Closest(most), _Closest(most))
    for start in range(0, len(whitelist), TILE[0]):
        for rows, columns, similarity in _tiles(whitelist, start, limits.least):
            search.note(rows, columns, similarity)
        advance(min(start + TILE[0], len(whitelist)), len(whitelist))
    return Examination(
        outliers=_outliers(whitelist, limits, own),
        misfits=_misfits(whitelist, own, search.other),
        collisions=_pairs(whitelist, search.collisions),
        near_identical=tuple(
            pair for pair in _pairs(whitelist, search.near_identical) if pair.cosine < NEARLY_IDENTICAL
        ),
        complete=search.collisions.complete and search.near_identical.complete,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Limits:
    """`(I,)` each person's thresholds, and the smallest similarity that matters to anybody."""

    cosine: Distances
    euclidean: Distances
    least: float

    @classmethod
    def of(cls, whitelist: Whitelist, thresholds: Thresholds, personal: Mapping[str, Thresholds]) -> _Limits:
        limits = [personal.get(name, thresholds) for name in whitelist.names]
        cosine = np.array([limit.cosine for limit in limits], np.float64)
        euclidean = np.array([limit.euclidean for limit in limits], np.float64)
        return cls(cosine, euclidean, 1 - float(cosine.max(initial=NEARLY_IDENTICAL)) - SLACK)

    def within(self, people: Rows, cosine: Distances, euclidean: Distances) -> Flags:
        """Whether distances match those people."""
        return np.asarray((cosine <= self.cosine[people]) & (euclidean <= self.euclidean[people]), np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class _Own:
    """For each template the closest other one of the same person: its row, or -1 and not a number where none is."""

    closest: Rows
    cosine: Distances
    euclidean: Distances


def _own(whitelist: Whitelist) -> _Own:
    closest = np.full(len(whitelist), -1, np.intp)
    sizes = whitelist.groups.sizes
    for size in np.unique(sizes[sizes > 1]).tolist():
        people = np.flatnonzero(sizes == size)
        together = max(1, OWN // (size * max(size, whitelist.templates.shape[1])))
        for start in range(0, len(people), together):
            _note_own(whitelist, people[start : start + together], size, closest)
    cosine, euclidean = (np.full(len(whitelist), np.nan) for _ in range(2))
    rows = np.flatnonzero(closest >= 0)
    templates = whitelist.templates
    cosine[rows], euclidean[rows] = pair_distances(templates, rows, templates, closest[rows])
    return _Own(closest, cosine, euclidean)


def _note_own(whitelist: Whitelist, people: Rows, size: int, closest: Rows) -> None:
    """Notes the closest for people who have that many references each."""
    rows = whitelist.groups.order[whitelist.groups.starts[people][:, None] + np.arange(size)]
    vectors = whitelist.directions[rows]
    lost = np.isin(rows, whitelist.aimless)
    step = max(1, OWN // size)
    for start in range(0, size, step):
        some = slice(start, start + step)
        similarity = vectors[:, some] @ vectors.transpose(0, 2, 1)
        similarity[lost[:, some]] = -1
        similarity[np.broadcast_to(lost[:, None, :], similarity.shape)] = -1
        itself = np.arange(similarity.shape[1])
        similarity[:, itself, start + itself] = -np.inf
        closest[rows[:, some]] = np.take_along_axis(rows, similarity.argmax(axis=2), axis=1)


_Found = tuple[Rows, Rows, Similarities]
"""Pairs of templates: the rows of the first, the rows of the second, and how similar they are."""


def _tiles(whitelist: Whitelist, start: int, least: float) -> Iterator[_Found]:
    """Pairs that are at least so similar, of a tile's height of templates with themselves and all that follow."""
    directions, height = whitelist.directions[start : start + TILE[0]], TILE[0]
    room = np.empty(height * TILE[1], np.float32)
    for left in range(start, len(whitelist), TILE[1]):
        others = whitelist.directions[left : left + TILE[1]]
        similarity = room[: len(directions) * len(others)].reshape(len(directions), len(others))
        np.matmul(directions, others.T, out=similarity)
        _part(similarity, whitelist.aimless, start, left)
        (found,) = np.nonzero(similarity.ravel() >= least)
        rows, columns = np.divmod(found, len(others))
        rows += start
        columns += left
        values = similarity.ravel()[found]
        if left < start + height:
            after = columns > rows
            rows, columns, values = rows[after], columns[after], values[after]
        yield rows, columns, values


def _part(similarity: Similarities, aimless: Rows, top: int, left: int) -> None:
    """Parts templates without direction from all others."""
    height, width = similarity.shape
    similarity[aimless[(aimless >= top) & (aimless < top + height)] - top] = -1
    similarity[:, aimless[(aimless >= left) & (aimless < left + width)] - left] = -1


@dataclass(slots=True)
class _Closest:
    """The most similar pairs, one for each key; at most so many."""

    most: int
    complete: bool = True
    keys: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    rows: Rows = field(default_factory=lambda: np.zeros(0, np.intp))
    columns: Rows = field(default_factory=lambda: np.zeros(0, np.intp))
    similarity: Similarities = field(default_factory=lambda: np.zeros(0, np.float32))
    bound: float = -np.inf
    """Pairs that are less similar are no longer wanted."""

    def add(self, keys: NDArray[np.int64], rows: Rows, columns: Rows, similarity: Similarities) -> None:
        new = similarity > self.bound
        if not new.any():
            return
        keys = np.concatenate([self.keys, keys[new]])
        rows, columns = np.concatenate([self.rows, rows[new]]), np.concatenate([self.columns, columns[new]])
        similarity = np.concatenate([self.similarity, similarity[new]])
        order = np.lexsort((-similarity, keys))
        kept = order[np.diff(keys[order], prepend=-1) != 0]
        if len(kept) > self.most:
            kept = kept[np.argpartition(-similarity[kept], self.most - 1)[: self.most]]
            self.bound, self.complete = float(similarity[kept].min()), False
        self.keys, self.rows, self.columns, self.similarity = keys[kept], rows[kept], columns[kept], similarity[kept]


@dataclass(slots=True)
class _Search:
    """What is kept of all pairs."""

    whitelist: Whitelist
    limits: _Limits
    own: _Own
    collisions: _Closest
    near_identical: _Closest
    other: Rows = field(init=False)
    """`(T,)` the row of the closest template that matches somebody else, if it is closer than the own; otherwise -1."""
    _bar: Distances = field(init=False)
    """`(T,)` how similar somebody else's template must be to be closer than what is known."""
    _lengths: Distances = field(init=False)

    def __post_init__(self) -> None:
        self.other = np.full(len(self.whitelist), -1, np.intp)
        self._bar = np.where(self.own.closest >= 0, 1 - self.own.cosine - SLACK, np.inf)
        templates = self.whitelist.templates
        self._lengths = np.sqrt(np.einsum("ij,ij->i", templates, templates, dtype=np.float64))

    def note(self, rows: Rows, columns: Rows, similarity: Similarities) -> None:
        owners = self.whitelist.owners
        different = owners[rows] != owners[columns]
        found = rows[different], columns[different], similarity[different]
        if not len(found[0]):
            return
        self._note_near_identical(*found)
        self._note_other(*found)
        self._note_other(found[1], found[0], found[2])
        self._note_collisions(*found)

    def _note_near_identical(self, rows: Rows, columns: Rows, similarity: Similarities) -> None:
        near = similarity >= 1 - NEARLY_IDENTICAL - SLACK
        rows, columns = rows[near], columns[near]
        self.near_identical.add(rows * len(self.whitelist) + columns, rows, columns, similarity[near])

    def _note_other(self, rows: Rows, columns: Rows, similarity: Similarities) -> None:
        closer = similarity > self._bar[rows]
        rows, columns, similarity = rows[closer], columns[closer], similarity[closer]
        matching = self._match(rows, columns, similarity, self.whitelist.owners[columns])
        rows, columns, similarity = rows[matching], columns[matching], similarity[matching]
        order = np.argsort(similarity, kind="stable")
        # Of several assignments to one place, the last holds.
        self.other[rows[order]] = columns[order]
        self._bar[rows[order]] = similarity[order]

    def _note_collisions(self, rows: Rows, columns: Rows, similarity: Similarities) -> None:
        wanted = similarity > self.collisions.bound
        rows, columns, similarity = rows[wanted], columns[wanted], similarity[wanted]
        one, two = self.whitelist.owners[rows], self.whitelist.owners[columns]
        matching = self._match(rows, columns, similarity, one) | self._match(rows, columns, similarity, two)
        one, two = one[matching].astype(np.int64), two[matching].astype(np.int64)
        keys = np.minimum(one, two) * len(self.whitelist.names) + np.maximum(one, two)
        self.collisions.add(keys, rows[matching], columns[matching], similarity[matching])

    def _match(self, rows: Rows, columns: Rows, similarity: Similarities, people: Rows) -> Flags:
        """Which pairs are within those people's thresholds; computed again where the rounding leaves it open."""
        a, b = self._lengths[rows], self._lengths[columns]
        cosine, play = 1 - similarity.astype(np.float64), 2 * a * b * SLACK
        square = a * a + b * b - 2 * a * b * (1 - cosine)
        most, largest = self.limits.cosine[people], np.square(self.limits.euclidean[people])
        found = np.asarray((cosine <= most + SLACK) & (square <= largest + play), np.bool_)
        open_ = np.flatnonzero(found & ((cosine > most - SLACK) | (square > largest - play)))
        templates = self.whitelist.templates
        exact = pair_distances(templates, rows[open_], templates, columns[open_])
        found[open_] = self.limits.within(people[open_], *exact)
        return found


def _outliers(whitelist: Whitelist, limits: _Limits, own: _Own) -> tuple[Outlier, ...]:
    mutual = whitelist.groups.sizes[whitelist.owners] == 2
    rows = np.flatnonzero((own.closest >= 0) & ~limits.within(whitelist.owners, own.cosine, own.euclidean))
    rows = rows[~mutual[rows] | (rows < own.closest[rows])]
    rows = rows[np.lexsort((-own.euclidean[rows], -own.cosine[rows]))]
    return tuple(
        Outlier(
            identity=whitelist.names[whitelist.owners[row]],
            reference=int(whitelist.references[row]),
            closest=int(whitelist.references[own.closest[row]]),
            cosine=float(own.cosine[row]),
            euclidean=float(own.euclidean[row]),
            mutual=bool(mutual[row]),
        )
        for row in rows
    )


def _misfits(whitelist: Whitelist, own: _Own, other: Rows) -> tuple[Misfit, ...]:
    rows = np.flatnonzero(other >= 0)
    owners, references = whitelist.owners, whitelist.references
    cosine, euclidean = pair_distances(whitelist.templates, rows, whitelist.templates, other[rows])
    gain = own.cosine[rows] - cosine
    return tuple(
        Misfit(
            identity=whitelist.names[owners[rows[place]]],
            reference=int(references[rows[place]]),
            own_reference=int(references[own.closest[rows[place]]]),
            own_cosine=float(own.cosine[rows[place]]),
            other=whitelist.names[owners[other[rows[place]]]],
            other_reference=int(references[other[rows[place]]]),
            cosine=float(cosine[place]),
            euclidean=float(euclidean[place]),
        )
        for place in np.argsort(-gain, kind="stable")[: np.count_nonzero(gain > 0)]
    )


def _pairs(whitelist: Whitelist, found: _Closest) -> tuple[Pair, ...]:
    owners, references = whitelist.owners, whitelist.references
    swap = owners[found.rows] > owners[found.columns]
    first, second = np.where(swap, found.columns, found.rows), np.where(swap, found.rows, found.columns)
    cosine, euclidean = pair_distances(whitelist.templates, first, whitelist.templates, second)
    return tuple(
        Pair(
            first=whitelist.names[owners[first[place]]],
            first_reference=int(references[first[place]]),
            second=whitelist.names[owners[second[place]]],
            second_reference=int(references[second[place]]),
            cosine=float(cosine[place]),
            euclidean=float(euclidean[place]),
        )
        for place in np.lexsort((found.keys, euclidean, cosine))
    )
