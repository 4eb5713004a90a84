"""False match rates of groups of people: by age, sex, origin, or whatever else is known of the faces, and by several.

Every face is another person's. The rate of a group is that of all pairs of its faces: what a stranger of the group
risks beside somebody enrolled who is of it, too, as children are in a photo of their class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gallery.domain.cohorts import Cohort, Standing, normalised
from gallery.domain.error_rates import Rate, wilson
from gallery.domain.faces import Embeddings
from gallery.domain.metrics import Metric, Vector, distances
from gallery.domain.models import Thresholds

BLOCK = 512
"""Faces compared with all others at once."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a pair of faces has to pass to count as a match.

    Attributes:
        label: In tables and figures.
        thresholds: Both distances.
        score: The least normalised score; None where only distances count.
    """

    label: str
    thresholds: Thresholds
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Faces that have something in common.

    Attributes:
        columns: What is known of them, such as `age` and `race`; empty for all faces.
        values: What it is for these, such as `3-9` and `East Asian`.
        faces: How many there are.
        fmr: Pairs of them that match. The interval allows for pairs that share a face.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    faces: int
    fmr: Rate


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The pairs of faces that match.

    Attributes:
        faces: How many faces were compared, each with each.
        first: `(M,)` rows.
        second: `(M,)` rows, each greater than that beside it in `first`.
    """

    faces: int
    first: NDArray[np.intp]
    second: NDArray[np.intp]


def matches(
    embeddings: Embeddings, limits: Sequence[Limit], cohort: Cohort | None = None, block: int = BLOCK
) -> list[Matches]:
    """Compares every face with every other.

    Args:
        embeddings: `(N, D) float32`, each of another person.
        limits: For each of them, the pairs that match are found.
        cohort: What normalised scores are measured against; needed by limits that ask for one.
        block: Faces compared at once.
    """
    standing = np.zeros((len(embeddings), 3), np.float32) if cohort is None else cohort.standing(embeddings)
    vectors = embeddings.astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    made: list[list[NDArray[np.intp]]] = [[np.zeros((2, 0), np.intp)] for _ in limits]
    for start in range(0, len(vectors), block):
        rows = slice(start, start + block)
        products = vectors[rows] @ vectors[start:].T
        upper = np.triu(np.ones(products.shape, np.bool_), 1)
        found = distances(products, lengths[rows, None], lengths[None, start:], Thresholds(1, 1))
        for kept, limit in zip(made, limits, strict=True):
            kept.append(_passed(limit, found, upper, standing[start:]) + start)
    joined = [np.concatenate(kept, axis=1) for kept in made]
    return [Matches(len(vectors), pairs[0], pairs[1]) for pairs in joined]


def _passed(
    limit: Limit, found: Mapping[Metric, Vector], upper: NDArray[np.bool_], standing: Standing
) -> NDArray[np.intp]:
    """`(2, M)` rows and columns of the comparisons that pass all that a limit asks for."""
    close = (found[Metric.COSINE] <= limit.thresholds.cosine) & (found[Metric.EUCLIDEAN] <= limit.thresholds.euclidean)
    rows, columns = np.nonzero(close & upper)
    if limit.score is not None:
        high = normalised(found[Metric.COSINE][rows, columns], standing[rows], standing[columns]) >= limit.score
        rows, columns = rows[high], columns[high]
    return np.stack([rows, columns])


def by_group(found: Matches, columns: Mapping[str, Sequence[str]], crossed: int) -> tuple[Group, ...]:
    """The false match rate of all faces together, of each group, and of each crossing of groups.

    Args:
        found: The pairs that match.
        columns: For each thing that is known of the faces, the N values; an empty one is not known.
        crossed: How many of these things are crossed at most.

    Returns:
        All faces first, then single columns, then crossings of two, and so on; groups of one face are left out.
    """
    groups: list[Group] = []
    for count in range(min(crossed, len(columns)) + 1):
        for names in combinations(columns, count):
            groups += _groups(found, names, [columns[name] for name in names])
    return tuple(groups)


def worst_first(groups: Sequence[Group], least: int, crossed: bool = False) -> list[int]:
    """Numbers of the groups of at least so many faces, those with the highest rate first.

    Args:
        groups: As `by_group` gives them.
        least: Faces; all faces together are shown however few they are.
        crossed: Whether crossings are meant, all of them together; otherwise all faces, and then column by column.
    """
    order = [n for n, group in enumerate(groups) if group.faces >= least or not group.columns]
    order = [n for n in order if (len(groups[n].columns) > 1) is crossed]
    columns = list(dict.fromkeys(group.columns for group in groups))
    return sorted(order, key=lambda n: (0 if crossed else columns.index(groups[n].columns), -groups[n].fmr.value))


def _groups(found: Matches, names: tuple[str, ...], columns: Sequence[Sequence[str]]) -> Iterator[Group]:
    values = list(zip(*columns, strict=True)) if columns else [()] * found.faces
    kinds = {value: number for number, value in enumerate(sorted({v for v in values if all(v)}))}
    codes = np.array([kinds.get(value, -1) for value in values], np.intp)
    members = np.bincount(codes[codes >= 0], minlength=len(kinds))
    inside = (codes[found.first] == codes[found.second]) & (codes[found.first] >= 0)
    hits = np.bincount(codes[found.first[inside]], minlength=len(kinds))
    degrees = np.bincount(np.concatenate([found.first[inside], found.second[inside]]), minlength=found.faces)
    squares = np.bincount(codes[codes >= 0], (degrees.astype(np.float64) ** 2)[codes >= 0], len(kinds))
    for value, code in kinds.items():
        if members[code] > 1:
            rate = of_pairs(int(hits[code]), int(members[code]), float(squares[code]))
            yield Group(names, value, int(members[code]), rate)


def of_pairs(hits: int, faces: int, squares: float) -> Rate:
    """The share of all pairs of faces that match, with an interval that allows for pairs that share a face.

    Pairs are not independent: a face that resembles many others is in many of them. The share is a U-statistic of
    degree two, whose variance is that of as many independent pairs times `1 + 2 (n - 2) ζ₁ / ζ₂` (Hoeffding 1948,
    equation 5.18), where ζ₂ is the variance of one pair and ζ₁ that of a face's own share; ζ₁ is estimated by the
    variance of these shares less what chance alone would make of it.

    Args:
        hits: Pairs that match.
        faces: At least two.
        squares: The sum over all faces of the squared number of others that each matches.
    """
    pairs = faces * (faces - 1) // 2
    share = hits / pairs
    one = share * (1 - share)
    if not one or faces < 3:
        return wilson(hits, pairs)
    mean = 2 * hits / faces
    spread = (squares - faces * mean * mean) / (faces - 1) / (faces - 1) ** 2
    own = max(0.0, spread - one / (faces - 1))
    return wilson(hits, pairs, effect=1 + 2 * (faces - 2) * own / one)
