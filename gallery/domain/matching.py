"""Comparison of probes with a whitelist. Scores only; what follows from them is decided in `gallery.domain.deciding`.

Two distances, of the stored vectors as they are (raw or normalised, as the model's card says):

    cosine(p, t) = 1 - p·t / (|p| |t|)         euclidean(p, t) = |p - t|

On vectors of length one, euclidean = √(2·cosine), and the two say the same. Where the model has a cohort, the
normalised score of `gallery.domain.cohorts` is computed besides.

All comparisons are one matrix product in float32, made in blocks (`gallery.domain.searching`). It only finds who
may be among the closest: everything within its rounding of them is compared again in float64, and that settles the
order and is what is reported.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.domain.cohorts import Cohort, Standing, normalised
from gallery.domain.faces import Embeddings
from gallery.domain.grouping import Groups, Rows
from gallery.domain.searching import SLACK, Factors, Near, Searched, Similarities, Wanted, near
from gallery.domain.vectors import Distances, aimless, directions, factors, finite, pair_distances

PROBES = 64
"""Probes compared at once."""
IDENTITIES = 256
"""Identities averaged at once."""
FARTHEST = 2.0
"""The largest cosine distance there is."""


class Shortlist(Protocol):
    """Names templates that are likely a probe's nearest, without comparing it with all; it may miss the nearest."""

    def nearest(self, directions: Embeddings) -> Sequence[Rows]:
        """For each probe `(P, D) float32` of length one the rows of a few templates."""


@dataclass(frozen=True, eq=False)
class Whitelist:
    """All templates of one embedding space, ready to be compared.

    Attributes:
        names: Identities, each once.
        owners: `(T,) int`: for each template the index of its identity in `names`.
        references: `(T,) int`: for each template the id of its reference.
        templates: `(T, D) float32`.
        withheld: Those who are compared but not kept, whoever else they resemble: for each name the last day of their
            consent, or None for who is disabled.
        shortlist: Made of these templates; None where there is none. See `candidates_if_near`.
        cohort: What normalised scores are measured against; None where the model has none.
        standing: `(T, 3) float32` how each template stands to the cohort; None without one.
        look_alikes: Pairs of people who are hardly told apart, where that was looked for.
    """

    names: tuple[str, ...]
    owners: NDArray[np.intp]
    references: NDArray[np.int64]
    templates: Embeddings
    withheld: Mapping[str, date | None] = field(default_factory=dict)
    shortlist: Shortlist | None = None
    cohort: Cohort | None = None
    standing: Standing | None = None
    look_alikes: frozenset[frozenset[str]] = frozenset()

    def __post_init__(self) -> None:
        count = len(self.templates)
        if self.templates.ndim != 2 or self.templates.dtype != np.float32:
            raise ValueError(f"templates must be (T, D) float32, got {self.templates.shape} {self.templates.dtype}")
        if self.owners.shape != (count,) or self.references.shape != (count,):
            raise ValueError(f"{count} templates need as many owners and references")
        if count and (self.owners.min() < 0 or self.owners.max() >= len(self.names)):
            raise ValueError("a template belongs to an identity that is not on the whitelist")
        if not np.bincount(self.owners, minlength=len(self.names)).all():
            raise ValueError("an identity on the whitelist has no template")
        if not finite(self.templates):
            raise ValueError("a template holds a value that is not a finite number")
        if (self.cohort is None) != (self.standing is None):
            raise ValueError("templates stand to a cohort, and to none where there is none")
        if self.standing is not None and self.standing.shape != (count, 3):
            raise ValueError(f"{count} templates cannot stand to a cohort as {self.standing.shape} says")

    def __len__(self) -> int:
        return len(self.templates)

    @cached_property
    def directions(self) -> Embeddings:
        """`(T, D)` templates scaled to length one; zeros for a template without direction.

        Where all are of length one already, these are the templates themselves, otherwise a copy, which a search does
        without.
        """
        return directions(self.templates)

    @cached_property
    def factors(self) -> Factors | None:
        """`(T,)` what makes each template of length one, 0 for one without direction; None where all are."""
        return factors(self.templates)

    @cached_property
    def aimless(self) -> Rows:
        """Rows of the templates without direction."""
        return np.zeros(0, np.intp) if self.factors is None else np.flatnonzero(self.factors == 0)

    @cached_property
    def groups(self) -> Groups:
        """The templates by identity."""
        return Groups.of(self.owners, len(self.names))

    @property
    def sizes(self) -> Rows:
        """`(I,)` how many templates each identity has."""
        return self.groups.sizes

    @cached_property
    def places(self) -> dict[str, int]:
        """For each name its index in `names`."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def centres(self) -> Embeddings:
        """`(I, D)` the mean of each identity's directions: its product with a probe is the mean similarity.

        Only for `Fusion.MEAN`, and as large a part of the templates as there are people for each of them.
        """
        order, starts, sizes = self.groups.order, self.groups.starts, self.groups.sizes
        centres = np.empty((len(starts), self.templates.shape[1]), np.float32)
        for first in range(0, len(starts), IDENTITIES):
            some = slice(first, first + IDENTITIES)
            rows = order[starts[first] : starts[some][-1] + sizes[some][-1]]
            vectors = self.templates[rows] if self.factors is None else self.templates[rows] * self.factors[rows, None]
            centres[some] = np.add.reduceat(vectors, starts[some] - starts[first], axis=0)
        return np.asarray(centres / sizes[:, None], np.float32)

    @classmethod
    def empty(cls, dimension: int) -> Whitelist:
        """The whitelist of nobody."""
        nothing = np.zeros(0, np.int64)
        return cls((), nothing.astype(np.intp), nothing, np.zeros((0, dimension), np.float32))


class Templates(Protocol):
    """What a comparison needs of a whitelist. See `Whitelist` for what each is."""

    @property
    def names(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def places(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def owners(self) -> Rows: ...  # noqa: D102
    @property
    def references(self) -> NDArray[np.int64]: ...  # noqa: D102
    @property
    def templates(self) -> Embeddings: ...  # noqa: D102
    @property
    def factors(self) -> Factors | None: ...  # noqa: D102
    @property
    def sizes(self) -> Rows: ...  # noqa: D102
    @property
    def cohort(self) -> Cohort | None: ...  # noqa: D102
    @property
    def standing(self) -> Standing | None: ...  # noqa: D102


class Fusion(StrEnum):
    """What a person's distance is, when they have several references."""

    BEST = "best"
    """To the closest reference. The more references, the more often a stranger is close to one of them."""
    MEAN = "mean"
    """The mean over all references. One poor reference pushes everybody away."""
    MEDIAN_OF_3 = "median-of-3"
    """The median of the three closest (of the two or one there are, their mean)."""


_USED = {Fusion.BEST: 1, Fusion.MEDIAN_OF_3: 3, Fusion.MEAN: None}
"""How many of an identity's references, from the closest on, a distance is made of; None for all."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """How one probe compares with one identity.

    Attributes:
        identity: The identity's name.
        reference: Id of the reference that comes closest by cosine.
        cosine: Cosine distance, to that reference or fused over several (see `Fusion`).
        euclidean: Euclidean distance, to the same references.
        normalised: Normalised score, of the same references; None where the model has no cohort.
        age: The measure of age of the face or of the closest reference, whichever is less; None where it is not
            measured.
    """

    identity: str
    reference: int
    cosine: float
    euclidean: float
    normalised: float | None = None
    age: float | None = None


def cosine_distances(probes: Embeddings, whitelist: Templates) -> NDArray[np.float32]:
    """All comparisons.

    Args:
        probes: `(P, D) float32`.
        whitelist: T templates of D values.

    Returns:
        `(P, T) float32` cosine distances, from 0 to 2. A vector of no length has no direction and is as far from
        everything as can be (2), so that it never matches.

    Raises:
        ValueError: If the dimensions differ, or a probe holds a value that is not a finite number.
    """
    _require_comparable(probes, whitelist)
    found = [_searched(whitelist).all_similarities(direction[None]) for direction in directions(probes)]
    similarity = np.array(found, np.float32).reshape(len(probes), len(whitelist.templates))
    return np.asarray(1 - np.clip(similarity, -1, 1), np.float32)


def candidates(
    probes: Embeddings, whitelist: Whitelist, most: int = 2, fusion: Fusion = Fusion.BEST, within: float = -math.inf
) -> list[tuple[Candidate, ...]]:
    """The closest identities of each probe, each with its closest reference, the best first.

    A decision needs everybody within the limit, not only the closest: the third may be withheld, or match another face
    of the photo better.

    Args:
        probes: `(P, D) float32`.
        whitelist: The templates to compare with.
        most: How many identities to report for each probe, at least 1, wherever they are.
        fusion: What an identity's distance is, when it has several references.
        within: The cosine distance up to which everybody is reported.

    Returns:
        For each probe up to `most` candidates, and all others within that distance; none where the whitelist is empty.
        Of identities that are equally close by cosine, those earlier on the whitelist are reported.

    Raises:
        ValueError: If the dimensions differ, or a probe holds a value that is not a finite number.
    """
    if not len(whitelist) or not len(probes):
        return [() for _ in probes]
    _require_comparable(probes, whitelist)
    found = []
    for start in range(0, len(probes), PROBES):
        found += _ranked(probes[start : start + PROBES], whitelist, _Reported(most, within), fusion)
    return found


def candidates_if_near(
    probes: Embeddings, whitelist: Whitelist, limit: float, fusion: Fusion = Fusion.BEST
) -> list[tuple[Candidate, ...]]:
    """As `candidates` within a limit; where no probe seems to be near anybody, only of those whom the shortlist names.

    A shortlist may miss somebody, and all rules rest on nobody being missed: not the closest, who may be withheld or
    have thresholds of their own, nor the next, nor the one whom another face of the photo resembles more. So it settles
    nothing but that a whole photo shows nobody. As soon as one of the probes is within the limit of anybody, all of
    them are compared with everybody, and everybody within it is reported. What the shortlist misses can therefore only
    have somebody blurred.

    Args:
        probes: `(P, D) float32`, all faces of one photo.
        whitelist: The templates to compare with.
        limit: The largest cosine distance at which anybody may be kept.
        fusion: What an identity's distance is, when it has several references; never less than to the closest.

    Returns:
        See `candidates`. The distances are exact in either case.
    """
    if whitelist.shortlist is None or not len(whitelist) or not len(probes):
        return candidates(probes, whitelist, fusion=fusion, within=limit)
    _require_comparable(probes, whitelist)
    rows = whitelist.shortlist.nearest(directions(probes))
    named = _named(probes, rows, whitelist, Fusion.BEST)
    # "not >" rather than "<=": a distance that is not a number must not count as far.
    if any(not ranked or not ranked[0].cosine > limit for ranked in named):
        return candidates(probes, whitelist, fusion=fusion, within=limit)
    return named if fusion is Fusion.BEST else _named(probes, rows, whitelist, fusion)


def _named(
    probes: Embeddings, rows: Sequence[Rows], whitelist: Whitelist, fusion: Fusion
) -> list[tuple[Candidate, ...]]:
    """Exact distances to the identities that some templates belong to, by all of their references."""
    groups = [(column, group) for column, some in enumerate(rows) for group in np.unique(whitelist.owners[some])]
    if not groups:
        return [() for _ in probes]
    segments = [whitelist.groups.rows(group) for _, group in groups]
    columns = [column for column, _ in groups]
    found: list[list[Candidate]] = [[] for _ in probes]
    for column, candidate in zip(columns, _compared(probes, columns, segments, whitelist, fusion), strict=True):
        found[column].append(candidate)
    return [_Reported(2).of(ranked) for ranked in found]


def own_and_other(
    embedding: NDArray[np.float32], whitelist: Templates, name: str | None
) -> tuple[Candidate | None, Candidate | None]:
    """How a face compares with one person, and with whoever else is closest; nobody else is ranked.

    Args:
        embedding: `(D,) float32`.
        whitelist: The templates to compare with.
        name: The person, spelled as on the whitelist; None, or a name that is not on it, for nobody.

    Returns:
        The person's closest reference, and the closest of all others; None where there is none.

    Raises:
        ValueError: If the dimensions differ, or the embedding holds a value that is not a finite number.
    """
    if not len(whitelist.templates):
        return None, None
    _require_comparable(embedding[None], whitelist)
    similarity = _searched(whitelist).all_similarities(directions(embedding[None]))
    place = None if name is None else whitelist.places.get(name)
    mine = whitelist.owners == place if place is not None else np.zeros(len(similarity), np.bool_)
    own, other = (_closest(embedding, similarity, np.flatnonzero(rows), whitelist) for rows in (mine, ~mine))
    return own, other


def _closest(
    embedding: NDArray[np.float32], similarity: Similarities, rows: Rows, whitelist: Templates
) -> Candidate | None:
    if not len(rows):
        return None
    (found,) = _compared(embedding[None], [0], [_hopeful(similarity, rows, 1)], whitelist, Fusion.BEST)
    return found


def _require_comparable(probes: Embeddings, whitelist: Templates) -> None:
    if probes.ndim != 2 or probes.shape[1] != whitelist.templates.shape[1]:
        raise ValueError(f"probes {probes.shape} do not fit templates {whitelist.templates.shape}")
    if not finite(probes):
        raise ValueError("a probe holds a value that is not a finite number")


def _searched(whitelist: Templates) -> Searched:
    return Searched(whitelist.templates, whitelist.factors, whitelist.owners, whitelist.sizes)


@dataclass(frozen=True, slots=True)
class _Reported:
    """Whom to report.

    Attributes:
        most: So many, wherever they are.
        within: And everybody up to this cosine distance.
    """

    most: int
    within: float = -math.inf

    def of(self, ranked: list[Candidate]) -> tuple[Candidate, ...]:
        nearest = sorted(ranked, key=lambda c: c.cosine)
        found = [one for place, one in enumerate(nearest) if place < self.most or one.cosine <= self.within]
        return tuple(sorted(found, key=lambda c: (c.cosine, c.euclidean)))


def _ranked(
    probes: Embeddings, whitelist: Whitelist, reported: _Reported, fusion: Fusion
) -> list[tuple[Candidate, ...]]:
    scaled = directions(probes)
    lost = aimless(scaled)
    aimed = np.setdiff1d(np.arange(len(probes)), lost)
    # To a probe without direction all are equally far, as far as can be.
    count = len(whitelist.names) if reported.within >= FARTHEST else min(reported.most, len(whitelist.names))
    whole = [(int(column), whitelist.groups.rows(group)) for column in lost for group in range(count)]
    if reported.most >= len(whitelist.names):
        near_ones = [pair for column in aimed for pair in _everybody(int(column), scaled, whitelist, fusion)]
    else:
        near_ones = _near(scaled[aimed], aimed, whitelist, reported, fusion) if len(aimed) else []
    pairs = [*whole, *near_ones]
    columns, segments = [column for column, _ in pairs], [rows for _, rows in pairs]
    found: list[list[Candidate]] = [[] for _ in probes]
    for column, candidate in zip(columns, _compared(probes, columns, segments, whitelist, fusion), strict=True):
        found[column].append(candidate)
    return [reported.of(ranked) for ranked in found]


_Segment = tuple[int, Rows]
"""A probe, and templates of one identity among which the ones that its distance is made of must be."""


def _everybody(column: int, scaled: Embeddings, whitelist: Whitelist, fusion: Fusion) -> Iterator[_Segment]:
    """A probe with every identity."""
    used = _USED[fusion]
    similarity = None if used is None else _searched(whitelist).all_similarities(scaled[column : column + 1])
    for group in range(len(whitelist.names)):
        rows = whitelist.groups.rows(group)
        yield column, rows if similarity is None or used is None else _hopeful(similarity, rows, used)


def _near(
    scaled: Embeddings, columns: Rows, whitelist: Whitelist, reported: _Reported, fusion: Fusion
) -> list[_Segment]:
    """Probes with the identities that may be among those wanted, by probe, then in the whitelist's order."""
    groups = whitelist.groups
    single = len(whitelist) == len(whitelist.names)
    sought = Wanted(reported.most, 1 - reported.within)
    if fusion is Fusion.MEAN and not single:
        everyone = np.arange(len(whitelist.names))
        means = Searched(whitelist.centres, None, everyone, np.ones_like(everyone), _without_direction(whitelist))
        found = near(means, scaled, sought, second=False)
        return [(int(columns[probe]), groups.rows(group)) for probe, group, _ in _hopes(found, everyone)]
    second = fusion is Fusion.MEDIAN_OF_3 and not single
    found = near(_searched(whitelist), scaled, sought, second)
    return [
        (int(columns[probe]), groups.rows(group) if second else rows)
        for probe, group, rows in _hopes(found, whitelist.owners)
    ]


def _hopes(found: Near, owners: Rows) -> Iterator[tuple[int, int, Rows]]:
    """Each probe with each identity that may be among its closest, and the rows within rounding of the closest one."""
    ends = np.append(found.starts[1:], len(found.rows))
    for start, end in zip(found.starts[found.hopeful], ends[found.hopeful], strict=True):
        some = slice(start, end)
        rows = np.sort(found.rows[some][found.values[some] >= found.values[start] - SLACK])
        yield int(found.probes[start]), int(owners[rows[0]]), rows


def _without_direction(whitelist: Whitelist) -> NDArray[np.float32]:
    """`(I,)` the share of each identity's templates that have no direction; their similarity is -1, not 0."""
    count = np.bincount(whitelist.owners[whitelist.aimless], minlength=len(whitelist.names))
    return np.asarray(count / whitelist.groups.sizes, np.float32)


def _hopeful(similarity: Similarities, rows: Rows, most: int) -> Rows:
    """Those of the rows that may be among the `most` closest; in the order in which they were given."""
    if len(rows) <= most:
        return rows
    among = similarity[rows]
    bound = among.max() if most == 1 else np.partition(among, -most)[-most]
    return np.asarray(rows[among >= bound - SLACK], np.intp)


def _compared(
    probes: Embeddings, columns: Sequence[int], segments: Sequence[Rows], whitelist: Templates, fusion: Fusion
) -> list[Candidate]:
    """Compares probes with one identity each.

    Args:
        probes: `(P, D) float32`.
        columns: For each comparison its probe.
        segments: For each comparison the identity's templates, or those among which the ones that are used must be;
            ascending, so that of equally close ones the first is taken.
        whitelist: The templates.
        fusion: What the distance is made of.
    """
    if not segments:
        return []
    lengths = [len(rows) for rows in segments]
    pairs = np.repeat(np.array(columns, np.intp), lengths), np.concatenate(segments)
    cosine, euclidean = pair_distances(probes, pairs[0], whitelist.templates, pairs[1])
    measured = [cosine, euclidean]
    if whitelist.cohort is not None and whitelist.standing is not None:
        faces, templates = whitelist.cohort.standing(probes)[pairs[0]], whitelist.standing[pairs[1]]
        measured += [normalised(cosine, faces, templates), np.minimum(faces[:, 2], templates[:, 2])]
    ends = np.cumsum(lengths)
    return [
        _candidate(rows, [values[end - len(rows) : end] for values in measured], whitelist, fusion)
        for rows, end in zip(segments, ends, strict=True)
    ]


def _candidate(rows: Rows, measured: Sequence[Distances], whitelist: Templates, fusion: Fusion) -> Candidate:
    """One identity, of what was measured of its templates: cosine, euclidean and, with a cohort, score and age."""
    used = np.argsort(measured[0], kind="stable")[: _USED[fusion]] if len(rows) > 1 else np.zeros(1, np.intp)
    middle = np.median if fusion is Fusion.MEDIAN_OF_3 else np.mean
    cosine, euclidean, *score = (
        float(middle(values[used]) if len(used) > 1 else values[used[0]]) for values in measured[:3]
    )
    age = float(measured[3][used[0]]) if len(measured) > 3 else math.nan
    closest = rows[used[0]]
    return Candidate(
        whitelist.names[whitelist.owners[closest]],
        int(whitelist.references[closest]),
        cosine,
        euclidean,
        score[0] if score else None,
        None if math.isnan(age) else age,
    )
