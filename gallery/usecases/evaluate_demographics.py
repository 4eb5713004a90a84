"""How often different people are taken for one, by group: age, sex, origin, or whatever a table says of the faces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.domain.demographics import Group, Limit, by_group, matches
from gallery.domain.errors import BadArgument, BadLabels
from gallery.domain.models import EmbedderSpec, ModelCard, paired
from gallery.domain.progress import Advance, unwatched
from gallery.domain.score_limits import score_limits
from gallery.usecases.faces import Recogniser
from gallery.usecases.portraits import Failures, ReadPortraits

CROSSED = 2
"""How many columns are crossed, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Limits to try beside an embedder's own.

    Attributes:
        cosines: Thresholds of the cosine distance, by which alone pairs match.
        scores: Least normalised scores, beside the embedder's own thresholds.
    """

    cosines: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()


NOTHING = Tried()


@dataclass(frozen=True, slots=True)
class LimitResult:
    """What one limit came to.

    Attributes:
        limit: What a match has to pass.
        groups: All faces first, then single groups, then crossings.
    """

    limit: Limit
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Demographics:
    """What an evaluation found out about one detector with one embedder.

    Attributes:
        detector: Its entry in the registry.
        embedder: Its entry in the registry.
        faces: Faces compared.
        failures: Photos that were not.
        results: One for each limit.
    """

    detector: ModelCard
    embedder: ModelCard
    faces: int
    failures: Failures
    results: tuple[LimitResult, ...]


@dataclass(frozen=True, slots=True)
class EvaluateDemographics:
    """The use case.

    Attributes:
        read: Reads the portraits.
        crossed: How many columns are crossed at most.

    Raises:
        BadArgument: If that is no number from 1 upwards.
    """

    read: ReadPortraits
    crossed: int = CROSSED

    def __post_init__(self) -> None:
        if self.crossed < 1:
            raise BadArgument(f"So many columns cannot be crossed: {self.crossed}.", "1 crosses none, 2 is the usual.")

    def __call__(
        self,
        recogniser: Recogniser,
        known: Mapping[Path, Mapping[str, str]],
        tried: Tried = NOTHING,
        progress: Advance = unwatched,
    ) -> Demographics:
        """Evaluates one detector with one embedder.

        Args:
            recogniser: The two.
            known: Portraits, each of another person, and what is known of each, by column.
            tried: What to try beside the embedder's own limits.
            progress: Is told how many photos are done.

        Raises:
            BadArgument: If a threshold makes no sense.
            ModelUnmeasured: If the embedder has no thresholds, and none were given.
            BadLabels: If fewer than two faces could be compared.
            ModelFailed: If the detector or the embedder could not do its work.
        """
        limits = limits_of(recogniser.embedder.card, tried)
        portraits = self.read(recogniser, list(known), progress)
        if len(portraits.faces) < 2:
            raise BadLabels(
                f"Only {len(portraits.faces)} of {len(known)} photos show a face that can be compared.",
                "Give photos of one face each, all of different people.",
            )
        embeddings = np.stack([face.embedding for face in portraits.faces])
        names = list(next(iter(known.values())))
        columns = {name: [known[path][name] for path in portraits.paths] for name in names}
        results = tuple(
            LimitResult(limit, by_group(found, columns, self.crossed))
            for limit, found in zip(limits, matches(embeddings, limits, recogniser.cohort), strict=True)
        )
        cards = recogniser.detector.card, recogniser.embedder.card
        return Demographics(*cards, len(embeddings), portraits.failures, results)


def limits_of(card: ModelCard, tried: Tried = NOTHING) -> list[Limit]:
    """An embedder's own limits, if it has any, and others to try.

    Where there are normalised scores, its own are those of a gallery of few references; the distances alone come beside
    them, because other models have nothing else.

    Raises:
        BadArgument: If a threshold makes no sense.
        ModelUnmeasured: If there is none at all.
    """
    if not tried.cosines:
        card.require_measured()
    if tried.scores and card.spec.cohort is None:
        raise BadArgument(
            f"The model {card.name} has no cohort, so there are no normalised scores to try.",
            f"Leave --score out, or make it a cohort: gallery models cohort {card.name} FOLDER",
        )
    return [
        *_own(card.spec, tried.scores),
        *(_limit(card.spec, cosine) for cosine in dict.fromkeys(tried.cosines)),
    ]


def _own(spec: EmbedderSpec, scores: Sequence[float]) -> Iterator[Limit]:
    if not spec.measured:
        return
    if spec.cohort is not None:
        for score in dict.fromkeys((score_limits(spec.cohort, 0, 0).strict, *scores)):
            yield Limit(f"score {score:.2f}", spec.thresholds, score)
    yield Limit(f"cosine {spec.thresholds.cosine:.3g}", spec.thresholds)


def _limit(spec: EmbedderSpec, cosine: float) -> Limit:
    euclidean = paired(cosine, None, spec.normalisation)[1]
    return Limit(f"cosine {cosine:g}", spec.thresholds.replace(cosine, euclidean))
