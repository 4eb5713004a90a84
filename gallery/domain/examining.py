"""A whole gallery compared with itself: references that do not fit their person, and people who fit each other.

What it finds is worth a person's look, and is no proof: a poor photo, a photo of somebody else, one person under two
names, or two people whom the model cannot tell apart.

All templates are compared with all, 5·10⁹ pairs for 100,000 of them, tile by tile in float32. What may be within a
threshold, by more than the rounding, is compared again in float64, and that is what is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.grouping import Rows
from gallery.domain.matching import SLACK, Whitelist
from gallery.domain.models import Thresholds
from gallery.domain.vectors import Distances, pair_distances

NEARLY_IDENTICAL = 1e-3
"""Cosine distance below which two references are most likely of the same photo, saved or cropped differently.

Two photos of one person are two orders of magnitude apart: with sface, genuine pairs of LFW are around 0.3."""
MOST = 10_000
"""Pairs that are listed of each sort; the closest ones. With more, the thresholds or the model are the matter."""
TILE = (1024, 2048)
"""Templates compared with templates at once: 8 MB of similarities, and up to 200 MB where all of them match."""
OWN = 1 << 21
"""Similarities among one person's references, or several people's, computed at once."""

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
        other_reference: Id of their reference that comes closest by cosine.
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
        near_identical: Pairs of references of two people that are closer than `NEARLY_IDENTICAL`, or equal to it.
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
    advance: Callable[[int, int], None] = lambda _done, _all: None,
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
    search = _Search(whitelist, limits, own, most)
    for rows, columns, similarity in _tiles(whitelist, limits.least):
        search.note(rows, columns, similarity)
        advance(int(rows[0]) if len(rows) else 0, len(whitelist))
    advance(len(whitelist), len(whitelist))
    return Examination(
        outliers=_outliers(whitelist, limits, own),
        misfits=_misfits(whitelist, limits, own, search.other),
        collisions=_pairs(whitelist, search.collisions, limits.either),
        near_identical=_pairs(whitelist, search.near_identical, _nearly_identical),
        complete=search.collisions.complete and search.near_identical.complete,
    )
