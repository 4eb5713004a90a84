"""Why a face was decided as it was: how it compares with everybody, not only with the closest."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, zip_longest

from gallery.domain.matching import Candidate
from gallery.domain.models import Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord
from gallery.domain.score_limits import ScoreLimits


@dataclass(frozen=True, slots=True)
class Comparison:
    """One person with whom a face was compared.

    Attributes:
        candidate: The person with their closest reference and both distances.
        limit: The largest distances of a match with that person.
        least: The least normalised score of a match; None where only distances count.
        margin: How much farther, in cosine distance, the next person is; None for the last.
    """

    candidate: Candidate
    limit: Thresholds
    margin: float | None
    least: float | None = None

    @property
    def near(self) -> bool:
        """Whether both distances are within the thresholds."""
        return self.candidate.cosine <= self.limit.cosine and self.candidate.euclidean <= self.limit.euclidean

    @property
    def passes(self) -> bool:
        """Whether both distances are within the thresholds, and the normalised score is high enough to be kept."""
        score = self.candidate.normalised
        return self.near and (self.least is None or (score is not None and score >= self.least))


@dataclass(frozen=True, slots=True)
class ExplainedFace:
    """One face with all that speaks for and against it.

    Attributes:
        number: Which face of the photo, from 1.
        face: The face with its decision.
        comparisons: Everybody in the gallery, the closest first.
    """

    number: int
    face: DecidedFace
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A photo's faces, explained.

    Attributes:
        record: What was, or would be, recorded of the photo.
        faces: Those that were asked for.
        thresholds: Everybody's.
        personal: Those of people who have their own, by name.
        scores: How high normalised scores must be; None where only distances count.
        remarks: Sentences on what could not be told, or is no longer as it was.
    """

    record: ImageRecord
    faces: tuple[ExplainedFace, ...]
    thresholds: Thresholds
    personal: dict[str, Thresholds]
    scores: ScoreLimits | None = None
    remarks: tuple[str, ...] = ()


def compared(
    candidates: tuple[Candidate, ...],
    thresholds: Thresholds,
    personal: dict[str, Thresholds],
    scores: ScoreLimits | None,
) -> tuple[Comparison, ...]:
    """Everybody with their limits, and how much farther the next one is.

    Args:
        candidates: The closest first.
        thresholds: Everybody's.
        personal: Those of people who have their own, by name.
        scores: How high normalised scores must be; None where only distances count.
    """
    least = None if scores is None else scores.strict
    margins = [later.cosine - one.cosine for one, later in pairwise(candidates)]
    return tuple(
        Comparison(one, personal.get(one.identity, thresholds), margin, least)
        for one, margin in zip_longest(candidates, margins)
    )
