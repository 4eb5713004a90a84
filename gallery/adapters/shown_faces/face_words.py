"""What pictures for the operator say of a face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gallery.domain.deciding import Decision, Rule
from gallery.domain.models import Thresholds


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds that a run used.

    Attributes:
        everybody: Largest distances of a match.
        personal: Those of people who have their own, by name.
    """

    everybody: Thresholds
    personal: Mapping[str, Thresholds]

    def cosine(self, identity: str) -> float:
        """The largest cosine distance of a match with that person."""
        return self.personal.get(identity, self.everybody).cosine

    def within(self, decision: Decision) -> bool | None:
        """Whether the face is within its closest person's cosine threshold; None where it was compared with nobody."""
        if decision.candidate is None:
            return None
        # A distance that is not a number is not near.
        return decision.candidate.cosine <= self.cosine(decision.candidate.identity)


@dataclass(frozen=True, slots=True)
class FaceWords:
    """One face in words.

    Attributes:
        number: From 1, from left to right, as in the tables.
        verdict: `kept` or `blurred`.
        distance: The cosine distance against its threshold, such as `0.212 ≤ 0.363`; empty without a candidate.
        rule: The rule that decided, as in the tables.
        name: The closest person's, with a question mark unless the face counts as theirs; empty without a candidate.
    """

    number: int
    verdict: str
    distance: str
    rule: str
    name: str

    @classmethod
    def of(cls, number: int, decision: Decision, limits: Limits) -> FaceWords:
        """What is to be said of a decision."""
        verdict = "kept" if decision.kept else "blurred"
        best = decision.candidate
        if best is None:
            return cls(number, verdict, "", decision.rule.value, "")
        sign = "≤" if limits.within(decision) else ">"
        name = best.identity if decision.rule is Rule.MATCH else f"{best.identity}?"
        return cls(
            number,
            verdict,
            f"{best.cosine:.3f} {sign} {limits.cosine(best.identity):.3f}",
            decision.rule.value,
            name,
        )

    @property
    def headline(self) -> str:
        """Number, verdict and name; the name last, because one in Arabic would turn around what follows it."""
        return " · ".join(part for part in (f"{self.number} {self.verdict}", self.name) if part)

    @property
    def evidence(self) -> str:
        """Distance and rule."""
        return " · ".join(part for part in (self.distance, self.rule) if part)
