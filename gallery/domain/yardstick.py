"""A model's own limits, by which all others are judged: by their numbers alone, whatever their origin says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gallery.domain.models import ModelCard, Normalisation, Thresholds

ROUNDING = 1.001
"""Limits are written with three digits, so that one may be larger by that factor without being looser."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a model was measured to need; whatever lets more faces match is looser.

    Attributes:
        model: The model's name, for people.
        thresholds: Its own limits.
        unit: Whether its embeddings are of length one, where the two distances say the same.
    """

    model: str
    thresholds: Thresholds
    unit: bool

    @classmethod
    def of(cls, card: ModelCard, usual: ModelCard | None = None) -> Yardstick:
        """The limits of an embedder.

        Args:
            card: The embedder.
            usual: The embedder of the same architecture that comes with the program, where `card` is a user's own
                entry: whoever writes an entry can write any numbers into it, so that the stricter ones count.
        """
        own = card.spec.thresholds
        unit = card.spec.normalisation is Normalisation.L2
        if usual is None:
            return cls(card.name, own, unit)
        here = cls(usual.name, usual.spec.thresholds, unit)
        return cls(usual.name if here.exceeded_by(own) else card.name, here.capped(own), unit)

    def exceeded_by(self, limits: Thresholds) -> bool:
        """Whether a face may match under these limits that does not under the model's own."""
        if self.unit:
            return _reach(limits) > ROUNDING * _reach(self.thresholds)
        own = self.thresholds
        return limits.cosine > ROUNDING * own.cosine or limits.euclidean > ROUNDING * own.euclidean

    def capped(self, limits: Thresholds) -> Thresholds:
        """Limits that are nowhere looser than the model's own; these as they are, where they are not."""
        if not self.exceeded_by(limits):
            return limits
        own = self.thresholds
        return Thresholds(
            min(limits.cosine, own.cosine),
            min(limits.euclidean, own.euclidean),
            f"no looser than {self.model} itself ({own.origin}); else {limits.origin}",
        )

    def exceeding(self, everybody: Thresholds, personal: Mapping[str, Thresholds]) -> tuple[Owned, ...]:
        """Whose limits are looser than the model's own.

        Args:
            everybody: The limits of whoever has none of their own.
            personal: Those of people who have their own, by name.

        Returns:
            Those of `EVERYBODY` first, then people's by name.
        """
        given = [(EVERYBODY, everybody), *sorted(personal.items())]
        return tuple((who, limits) for who, limits in given if self.exceeded_by(limits))


EVERYBODY = "everybody"
"""In place of a name: whoever has no limits of their own."""

Owned = tuple[str, Thresholds]
"""Whose limits, and what they are."""


def _reach(limits: Thresholds) -> float:
    """The largest cosine distance at which two vectors of length one match: Euclidean = √(2·cosine)."""
    return float(min(limits.cosine, limits.euclidean**2 / 2))
