"""Galleries drawn by lot from single faces: how many strangers are kept as a gallery grows.

Of everybody a gallery of some size is enrolled with one reference each; all others are strangers to it. They stand in
made-up photos together, with further pictures of those enrolled where there are any, and each photo is decided by the
rules of an anonymisation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random
from typing import TypeVar

import numpy as np

from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Policy, decide
from gallery.domain.error_rates import Rate, wilson
from gallery.domain.faces import Face
from gallery.domain.identification import whitelist
from gallery.domain.matching import Candidate, candidates

_Thing = TypeVar("_Thing")

SIZES = (1, 20, 150, 1000)
"""People enrolled, unless said otherwise."""
FACES = 10
"""Strangers in a photo, and at most as many faces of people enrolled."""
ENROLLED = 200
"""People enrolled in all galleries of one size together, at least."""
GALLERIES = 5
"""Of each size, at least."""
STRANGERS = 1000
"""Looked for in one gallery, at most."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What galleries of one size came to, all together.

    Attributes:
        size: People enrolled, with one reference each.
        galleries: How many were drawn.
        fpir: Strangers' faces that were kept.
        shown: Photos in which a stranger was kept.
        fnir: Further faces of people enrolled that were not kept under their own name; without trials where there is
            only one picture of each.
        waiting: Of those, faces that were blurred only because they need a person's word.
    """

    size: int
    galleries: int
    fpir: Rate
    shown: Rate
    fnir: Rate
    waiting: int


@dataclass(frozen=True, slots=True)
class _Photo:
    """One photo's faces, and whose they are: None for a stranger."""

    faces: tuple[Face, ...]
    names: tuple[str | None, ...]


@dataclass(slots=True)
class _Count:
    strangers: int = 0
    kept: int = 0
    photos: int = 0
    shown: int = 0
    enrolled: int = 0
    missed: int = 0
    waiting: int = 0


def simulate(  # noqa: PLR0913 - two of them have defaults
    people: Mapping[str, Sequence[Face]],
    size: int,
    policy: Policy,
    lot: Random,
    galleries: int | None = None,
    *,
    cohort: Cohort | None = None,
) -> Simulated:
    """Draws galleries of one size and decides photos by them.

    Args:
        people: Everybody's faces, the first of which is the reference; more people than `size`.
        size: People enrolled.
        policy: The rules' numbers for a gallery of that size.
        lot: Draws.
        galleries: How many; None for as many as it takes to enrol `ENROLLED` people, and at least `GALLERIES`.
        cohort: What normalised scores are measured against; None for none.
    """
    count = galleries or max(GALLERIES, math.ceil(ENROLLED / size))
    drawn = [_one(people, size, policy, lot, cohort) for _ in range(count)]
    return Simulated(
        size,
        count,
        over_draws([(one.kept, one.strangers) for one in drawn]),
        over_draws([(one.shown, one.photos) for one in drawn]),
        over_draws([(one.missed, one.enrolled) for one in drawn]),
        sum(one.waiting for one in drawn),
    )


def over_draws(counts: Sequence[tuple[int, int]]) -> Rate:
    """Several draws' counts as one rate.

    The draws share their faces, so together they make the interval no narrower than one draw's is; and a draw is by
    itself a matter of luck, which the spread between them shows. Both variances are added up.

    Args:
        counts: Of each draw, hits and trials.
    """
    hits, trials = (sum(column) for column in zip(*counts, strict=True))
    once = trials / len(counts)
    if not 0 < hits < trials:
        return wilson(hits, trials, effect=max(1.0, len(counts)) if trials else 1.0)
    share = hits / trials
    between = float(np.var([hit / made for hit, made in counts if made], ddof=1)) if len(counts) > 1 else 0.0
    variance = share * (1 - share) / once + between / len(counts)
    return wilson(hits, trials, effect=max(1.0, variance * trials / (share * (1 - share))))


def _one(people: Mapping[str, Sequence[Face]], size: int, policy: Policy, lot: Random, cohort: Cohort | None) -> _Count:
    names = list(people)
    lot.shuffle(names)
    enrolled, others = names[:size], names[size : size + STRANGERS]
    gallery = whitelist({name: people[name][:1] for name in enrolled}, cohort)
    photos = list(_photos(people, enrolled, others))
    embeddings = np.stack([face.embedding for photo in photos for face in photo.faces])
    found = candidates(embeddings, gallery, within=policy.widest)
    count, at = _Count(), 0
    for photo in photos:
        _judge(count, photo, found[at : at + len(photo.faces)], policy)
        at += len(photo.faces)
    return count


def _photos(people: Mapping[str, Sequence[Face]], enrolled: Sequence[str], others: Sequence[str]) -> Iterator[_Photo]:
    """Strangers, `FACES` a photo, with as many of the enrolled beside them; each person once a photo."""
    strangers = _chunks([people[name][0] for name in others])
    again = [chunk for nth in range(1, _most(people, enrolled)) for chunk in _chunks(_nth(people, enrolled, nth))]
    for beside, there in zip_longest(again, strangers, fillvalue=()):
        faces = (*(face for _, face in beside), *there)
        yield _Photo(faces, (*(name for name, _ in beside), *(None for _ in there)))


def _chunks(things: Sequence[_Thing]) -> list[Sequence[_Thing]]:
    return [things[start : start + FACES] for start in range(0, len(things), FACES)]


def _most(people: Mapping[str, Sequence[Face]], enrolled: Sequence[str]) -> int:
    return max(len(people[name]) for name in enrolled)


def _nth(people: Mapping[str, Sequence[Face]], enrolled: Sequence[str], nth: int) -> list[tuple[str, Face]]:
    return [(name, people[name][nth]) for name in enrolled if len(people[name]) > nth]


def _judge(count: _Count, photo: _Photo, found: Sequence[Sequence[Candidate]], policy: Policy) -> None:
    kept = 0
    for decision, name in zip(decide(photo.faces, found, policy), photo.names, strict=True):
        if name is None:
            kept += decision.kept
            count.strangers += 1
            continue
        right = decision.kept and decision.candidate is not None and decision.candidate.identity == name
        count.enrolled += 1
        count.missed += not right
        count.waiting += decision.waits
    count.kept += kept
    if None in photo.names:
        count.photos += 1
        count.shown += kept > 0
