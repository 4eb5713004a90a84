"""Thresholds from comparisons: at which distances strangers are taken for the people of a gallery as rarely as wanted.

Everything is counted per person, not per reference: one probe against one person with all their references, the way
`gallery.domain.matching` compares them. A person with more references is closer to everybody, so a rate per pair of
photos would promise too much.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.calibrated import tidy
from gallery.domain.error_rates import Rate, least_fmr, threshold_at, wilson
from gallery.domain.errors import GalleryError, TooLittleData
from gallery.domain.faces import Embeddings
from gallery.domain.grouping import slabs
from gallery.domain.matching import Fusion, Whitelist
from gallery.domain.models import Thresholds
from gallery.domain.vectors import SHORTEST, Distances, pair_distances

STRANGER = -1
"""In place of a person's place on the whitelist, or of a reference's number."""

BLOCK = 256
"""Probes compared at once, so that memory is bounded."""

NEAR = 1e-4
"""Share of the vectors' squared lengths up to which their squared distance is computed from their difference."""

Pair = tuple[float, float]
"""A cosine and a Euclidean threshold."""


@dataclass(frozen=True, eq=False)
class Comparisons:
    """Every reference, and every face of a stranger, against every person.

    Attributes:
        names: The people.
        owners: `(P,) int`: for each probe its person's place in `names`, or `STRANGER`.
        references: `(P,) int`: for each probe the number of the reference it is, or `STRANGER`.
        cosine: `(P, I)` cosine distances of probes and people. A reference is compared with the other references of
            its own person; where there is none, there is no comparison, and the distance is not a number.
        euclidean: `(P, I)` Euclidean distances, likewise.
    """

    names: tuple[str, ...]
    owners: NDArray[np.intp]
    references: NDArray[np.int64]
    cosine: NDArray[np.float64]
    euclidean: NDArray[np.float64]

    @property
    def impostor(self) -> NDArray[np.bool_]:
        """`(P, I)`: which comparisons are of a face with somebody else."""
        return np.asarray(self.owners[:, None] != np.arange(len(self.names))[None, :], np.bool_)

    @property
    def genuine(self) -> NDArray[np.bool_]:
        """`(P, I)`: which comparisons are of a reference with others of the same person."""
        return np.asarray(~self.impostor & ~np.isnan(self.cosine), np.bool_)


def compare(whitelist: Whitelist, strangers: Embeddings, fusion: Fusion = Fusion.BEST) -> Comparisons:
    """Compares every reference, left out of its own person's, and every stranger with everybody.

    Args:
        whitelist: The gallery's templates.
        strangers: `(S, D) float32` faces of people who are not in the gallery.
        fusion: What a person's distance is, when they have several references.
    """
    probes = np.concatenate([whitelist.templates, strangers])
    shape = len(probes), len(whitelist.names)
    cosine, euclidean = np.full(shape, math.nan), np.full(shape, math.nan)
    people = slabs(whitelist.groups.order, whitelist.groups.starts, whitelist.groups.sizes)
    for start in range(0, len(probes), BLOCK):
        stop = min(start + BLOCK, len(probes))
        each = _distances(probes[start:stop], whitelist.templates)
        itself = np.arange(start, min(stop, len(whitelist)))
        each[0][itself, itself - start] = math.inf
        cosine[start:stop, people[0]], euclidean[start:stop, people[0]] = _fused(*each, people[1], fusion)
    unknown = np.full(len(strangers), STRANGER)
    return Comparisons(
        whitelist.names,
        np.concatenate([whitelist.owners, unknown]),
        np.concatenate([whitelist.references, unknown]),
        cosine,
        euclidean,
    )


def _distances(probes: Embeddings, templates: Embeddings) -> tuple[Distances, Distances]:
    """Cosine and Euclidean distances in float64, `(T, P)`."""
    a, b = templates.astype(np.float64), probes.astype(np.float64)
    lengths_a, lengths_b = (np.linalg.norm(vectors, axis=1) for vectors in (a, b))
    products = a @ b.T
    squares = np.square(lengths_a)[:, None] + np.square(lengths_b)
    with np.errstate(divide="ignore", invalid="ignore"):
        similarity = products / np.outer(lengths_a, lengths_b)
    similarity[lengths_a <= SHORTEST] = -1
    similarity[:, lengths_b <= SHORTEST] = -1
    apart = squares - 2 * products
    # The difference of large numbers says little about a small one, so that is computed from the vectors.
    rows, columns = np.nonzero(apart <= NEAR * squares)
    euclidean = np.sqrt(np.maximum(apart, 0))
    euclidean[rows, columns] = pair_distances(templates, rows, probes, columns)[1]
    return 1 - np.clip(similarity, -1, 1), euclidean


def _fused(
    cosine: Distances, euclidean: Distances, people: list[NDArray[np.intp]], fusion: Fusion
) -> tuple[Distances, Distances]:
    """`(P, I)` one distance for each probe and person; not a number where all of a person's are left out.

    Args:
        cosine: `(T, P)`, infinite for a comparison that is left out.
        euclidean: `(T, P)`.
        people: The rows of people's references, as `gallery.domain.grouping.slabs` gives them.
        fusion: What a person's distance is.
    """
    if fusion is Fusion.MEAN:
        return _means(cosine, euclidean, people)
    kept = [np.full((2, len(people[0]), cosine.shape[1]), math.inf) for _ in range(1 if fusion is Fusion.BEST else 3)]
    for slab in people:
        more = np.stack([cosine[slab], euclidean[slab]])
        for held in kept:
            top = held[:, : len(slab)]
            closer = more[0] < top[0]
            top[:], more = np.where(closer, more, top), np.where(closer, top, more)
    closest = np.where(np.isinf(kept[0][0]), math.nan, kept[0])
    if fusion is Fusion.MEDIAN_OF_3:
        two, three = (~np.isinf(found[0]) for found in kept[1:])
        middle = np.median(np.stack(kept), axis=0)
        closest = np.where(three, middle, np.where(two, (kept[0] + kept[1]) / 2, closest))
    return closest[0].T, closest[1].T


def _means(cosine: Distances, euclidean: Distances, people: list[NDArray[np.intp]]) -> tuple[Distances, Distances]:
    sums = np.zeros((3, len(people[0]), cosine.shape[1]))
    for slab in people:
        there = ~np.isinf(cosine[slab])
        sums[0, : len(slab)] += np.where(there, cosine[slab], 0)
        sums[1, : len(slab)] += np.where(there, euclidean[slab], 0)
        sums[2, : len(slab)] += there
    with np.errstate(invalid="ignore"):
        means = sums[:2] / sums[2]
    return means[0].T, means[1].T


def require_enough(comparisons: int, fmr: float) -> None:
    """Checks that so many comparisons between different people can support a false match rate (the rule of three).

    Raises:
        TooLittleData: If they cannot; it says how many are needed, and the lowest rate they can support.
    """
    if comparisons >= needed(fmr):
        return
    least = defensible(comparisons)
    lowest = "none at all" if least is None else tidy(least)
    raise TooLittleData(
        f"FMR {tidy(fmr)} needs {needed(fmr):,} comparisons of faces with somebody else, and there are "
        f"{comparisons:,}; the lowest FMR that they support is {lowest}.",
        least=least,
    )


def needed(fmr: float) -> int:
    """How many comparisons the rule of three asks for before it lets one speak of a rate."""
    return math.ceil(3 / fmr - 1e-9)


def defensible(comparisons: int) -> float | None:
    """The lowest rate of two digits that so many comparisons can support; None where they support none below 1."""
    least = least_fmr(comparisons)
    exponent = math.floor(math.log10(least)) - 1
    digits = math.ceil(least / 10**exponent - 1e-9)
    rate = float(f"{digits}e{exponent}")
    return rate if rate < 1 else None


def derive(comparisons: Comparisons, fmr: float) -> Pair:
    """Both thresholds of everybody, each at the target by itself; together they can only be stricter.

    Args:
        comparisons: Of the gallery, with at least one between different people.
        fmr: The false match rate aimed at.

    Returns:
        The largest cosine and Euclidean distance at which, in these comparisons, no more than that share of the
        impostors match; rounded down as `rounded_down` says, so that a person can read and repeat them.

    Raises:
        GalleryError: If the model cannot tell more of them apart at all.
    """
    return _derive(comparisons, np.nonzero(comparisons.impostor), fmr)


def derive_personal(comparisons: Comparisons, fmr: float, everybody: Pair) -> dict[str, Pair]:
    """Thresholds of those who resemble others more than most: at the target among the comparisons with them alone.

    Nobody's are looser than everybody's. Where there are too few comparisons with a person to show the target by
    themselves, none of them matches; that is the strictest the data can say.

    Args:
        comparisons: Of the gallery.
        fmr: The false match rate aimed at.
        everybody: What `derive` gave.

    Returns:
        For those who need stricter ones than everybody's, by name: both.

    Raises:
        GalleryError: If the model cannot tell two people apart at all.
    """
    personal = {}
    for place, name in enumerate(comparisons.names):
        (rows,) = np.nonzero(comparisons.owners != place)
        cosine, euclidean = _derive(comparisons, (rows, np.full_like(rows, place)), fmr)
        own = min(cosine, everybody[0]), min(euclidean, everybody[1])
        if own != everybody:
            personal[name] = own
    return personal


Cells = tuple[NDArray[np.intp], ...]
"""Rows and columns of comparisons."""


def _derive(comparisons: Comparisons, cells: Cells, fmr: float) -> Pair:
    cosine = threshold_at(comparisons.cosine[cells], fmr)
    euclidean = threshold_at(comparisons.euclidean[cells], fmr)
    if min(cosine, euclidean) < 0:
        raise _the_same(comparisons, cells)
    return min(2.0, rounded_down(cosine)), rounded_down(euclidean)


def _the_same(comparisons: Comparisons, cells: Cells) -> GalleryError:
    first = int(np.argmin(comparisons.cosine[cells] + comparisons.euclidean[cells]))
    row, column = (int(part[first]) for part in cells)
    owner = int(comparisons.owners[row])
    whose = "a stranger's face"
    if owner != STRANGER:
        whose = f"reference {comparisons.references[row]} of {comparisons.names[owner]}"
    return GalleryError(
        f"To the model, {whose} and a reference of {comparisons.names[column]} are the same face, so no threshold "
        "tells them apart.",
        "If they are the same person, remove one of the two; 'gallery show NAME' lists a person's references.",
    )


def rounded_down(value: float) -> float:
    """A positive number cut to three digits, or four from 1 on, which is what tables show; 0 for 0."""
    if value <= 0:
        return 0.0
    exponent = math.floor(math.log10(value)) - (3 if value >= 1 else 2)
    whole = math.floor(value / 10.0**exponent) + 1
    while float(f"{whole}e{exponent}") > value:
        whole -= 1
    return float(f"{whole}e{exponent}")


@dataclass(frozen=True, slots=True)
class Standing:
    """How thresholds stand up to comparisons.

    The intervals take comparisons for independent, which those of one face with several people are not quite.

    Attributes:
        fmr: False matches: comparisons of a face with somebody else that match.
        fnmr: False non-matches: references that do not match the others of their person.
        mistaken: Faces taken for anybody they are not. It grows with the number of people.
        failing: The numbers of those references.
        failing_of: For each person how many of theirs fail.
    """

    fmr: Rate
    fnmr: Rate
    mistaken: Rate
    failing: tuple[int, ...]
    failing_of: Mapping[str, int]


def standing(comparisons: Comparisons, thresholds: Thresholds, personal: Mapping[str, Thresholds]) -> Standing:
    """Counts what matches, by both thresholds together.

    Args:
        comparisons: Of the gallery.
        thresholds: Everybody's.
        personal: Those of people who have their own.
    """
    limits = [personal.get(name, thresholds) for name in comparisons.names]
    matches = (comparisons.cosine <= np.array([limit.cosine for limit in limits])) & (
        comparisons.euclidean <= np.array([limit.euclidean for limit in limits])
    )
    impostor, genuine = comparisons.impostor, comparisons.genuine
    failing = genuine & ~matches
    strangers = matches & impostor
    compared = np.any(impostor, axis=1)
    return Standing(
        fmr=_share(matches[impostor]),
        fnmr=_share(failing[genuine]),
        mistaken=_share(np.any(strangers[compared], axis=1)),
        failing=tuple(int(number) for number in comparisons.references[np.any(failing, axis=1)]),
        failing_of={name: int(failing[:, place].sum()) for place, name in enumerate(comparisons.names)},
    )


def _share(hits: NDArray[np.bool_]) -> Rate:
    return wilson(int(np.count_nonzero(hits)), hits.size)


@dataclass(frozen=True, slots=True)
class Closest:
    """A comparison of a face with somebody else.

    Attributes:
        probe: Its row in the comparisons.
        name: With whom it was compared.
        cosine: Cosine distance.
        euclidean: Euclidean distance.
    """

    probe: int
    name: str
    cosine: float
    euclidean: float


def closest(comparisons: Comparisons, name: str | None = None, most: int = 1) -> list[Closest]:
    """The closest faces that are somebody else's.

    Args:
        comparisons: Of the gallery.
        name: Closest to this person; to anybody if None.
        most: How many.
    """
    distances = np.where(comparisons.impostor, comparisons.cosine, math.inf)
    if name is not None:
        distances[:, [other != name for other in comparisons.names]] = math.inf
    order = np.argsort(distances, axis=None, kind="stable")[:most]
    found = []
    for row, column in zip(*np.unravel_index(order, distances.shape), strict=True):
        if math.isfinite(distances[row, column]):
            cosine, euclidean = comparisons.cosine[row, column], comparisons.euclidean[row, column]
            found.append(Closest(int(row), comparisons.names[column], float(cosine), float(euclidean)))
    return found
