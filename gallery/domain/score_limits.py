"""From how large a gallery is to how high a normalised score has to be.

Every reference is another chance for a stranger to be taken for somebody. With R references, about R times as many
strangers are kept as for one, so that each comparison may let in only a share of the rate aimed at:

    rate = 1 - (1 - p)ᴿ ≈ R · p          p = 1 - Φ((score - mean) / deviation)

The scores of strangers who look alike (of one age, sex and origin) have a normal distribution in their upper part,
whose mean and deviation are measured with the cohort. Strangers who look less alike are kept more rarely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self

from gallery.domain.errors import BadArgument
from gallery.domain.models import CohortEntry

TARGET = 1e-3
"""Of the strangers who look like somebody in the gallery, the share that may be kept, unless said otherwise."""
LEAST, MOST = 1e-6, 0.1
"""Targets that can be chosen."""
AS_IF = 20
"""References that a smaller gallery is treated as having: strict enough for one class of children."""


@dataclass(frozen=True, slots=True)
class ScoreLimits:
    """How high normalised scores have to be in one gallery.

    Attributes:
        strict: From here on a match is kept.
        lax: Below, there is no match. Between the two, a face is blurred and waits for a person's word.
        target: The share of strangers kept that is aimed at.
        expected: The share that is expected.
        references: In the gallery.
        people: In the gallery.
        cohort: SHA-256 of what scores are measured against.
        young: The measure of age up to which a face is taken for a very young child's; None where there is none.
        trust_children: Whether matches of very young children are kept like others.
    """

    strict: float
    lax: float
    target: float
    expected: float
    references: int
    people: int
    cohort: str
    young: float | None = None
    trust_children: bool = False

    @classmethod
    def of(cls, recorded: dict[str, Any] | None) -> Self | None:
        """Read from a run's record; None where that says nothing of scores."""
        return cls(**recorded) if recorded else None

    def admits(self, score: float | None) -> bool:
        """Whether a match with that score is one at all; one without any is not."""
        return score is not None and score >= self.lax

    def sized(self, entry: CohortEntry, references: int, people: int) -> ScoreLimits:
        """The limits, aiming at the same, for a gallery of another size."""
        return score_limits(entry, references, people, self.target, self.trust_children)

    @property
    def sentence(self) -> str:
        """What limit applies and why, and what is expected of it."""
        references = "1 reference" if self.references == 1 else f"{self.references:,} references"
        people = "1 person" if self.people == 1 else f"{self.people:,} people"
        return (
            f"normalised score ≥ {self.strict:.2f}, for {references} of {people}: of strangers who look like them, "
            f"{_one_in(self.expected)} is expected to be kept (target {_one_in(self.target)})"
        )


def score_limits(
    entry: CohortEntry, references: int, people: int, target: float | None = None, trust_children: bool = False
) -> ScoreLimits:
    """The limits for a gallery.

    Args:
        entry: The model's cohort.
        references: How many templates the gallery has.
        people: How many people.
        target: The share of strangers kept that is aimed at; None for the usual.
        trust_children: Whether matches of very young children are kept like others.

    Raises:
        BadArgument: If the target makes no sense.
    """
    aimed = TARGET if target is None else target
    if not LEAST <= aimed <= MOST:
        raise BadArgument(
            f"The target must be a share of strangers from {LEAST:g} to {MOST:g}, not {aimed:g}.",
            "Lower keeps fewer strangers, and blurs more enrolled people; 0.001 is one in a thousand.",
        )
    rate = aimed / max(references, AS_IF)
    return ScoreLimits(
        strict=_score_of(entry, rate),
        lax=_score_of(entry, aimed),
        target=aimed,
        expected=-math.expm1(references * math.log1p(-rate)),
        references=references,
        people=people,
        cohort=entry.sha256,
        young=entry.young,
        trust_children=trust_children,
    )


def _score_of(entry: CohortEntry, rate: float) -> float:
    """The score that such a share of strangers reaches; by symmetry, as 1 - rate would lose its last digits."""
    return entry.mean - entry.deviation * NormalDist().inv_cdf(rate)


def _one_in(rate: float) -> str:
    """A rate as people say it: `1 in 1,000`."""
    if rate <= 0:
        return "none"
    count = 1 / rate
    step = 10 ** max(0, len(str(int(count))) - 2)
    return f"1 in {round(count / step) * step:,}"
