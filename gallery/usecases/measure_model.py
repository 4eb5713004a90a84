"""Finds an embedder's thresholds on a labelled set of photos, and records them in the user's list of models."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from gallery.domain.calibrated import tidy
from gallery.domain.calibrating import require_enough
from gallery.domain.error_rates import Rate, wilson
from gallery.domain.errors import BadArgument, TooLittleData
from gallery.domain.impostors import FMRS, pairs_of_different
from gallery.domain.metrics import Metric
from gallery.domain.models import EmbedderSpec, ModelCard, Normalisation, Thresholds
from gallery.domain.ports import Registry
from gallery.domain.progress import Advance, unwatched
from gallery.usecases.evaluate_verification import EvaluateVerification, LabelledPairs, Scores, Verification
from gallery.usecases.faces import Recogniser

FMR = 1e-5
"""False match rate that thresholds are set for, unless said otherwise: that of `sface`."""
MOST_MISSED = 0.5
"""Share of one person's comparisons that may be missed at most. What misses more does not recognise faces."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a measurement came to.

    Attributes:
        card: The model with the thresholds found.
        before: The model as it was.
        fmr: The false match rate aimed at.
        comparisons: Comparisons of different people that the thresholds rest on.
        fnmr: Comparisons of one person with themselves that do not pass both thresholds.
        verification: Everything that `gallery evaluate verification` says of the set.
    """

    card: ModelCard
    before: ModelCard
    fmr: float
    comparisons: int
    fnmr: Rate
    verification: Verification


@dataclass(frozen=True, slots=True)
class MeasureModel:
    """The use case.

    Attributes:
        evaluate: Compares all photos of the set.
        registry: Takes the thresholds.
        today: The day of the measurement.
        fmr: The false match rate aimed at.

    Raises:
        BadArgument: If that rate makes no sense.
    """

    evaluate: EvaluateVerification
    registry: Registry
    today: date
    fmr: float = FMR

    def __post_init__(self) -> None:
        if not 0 < self.fmr <= max(FMRS):
            raise BadArgument(
                f"The false match rate must lie above 0 and be at most {max(FMRS):g}, not {self.fmr:g}.",
                "Lower keeps fewer people, strangers and enrolled alike.",
            )

    def __call__(
        self,
        recogniser: Recogniser,
        labelled: LabelledPairs,
        data: str,
        progress: Advance = unwatched,
    ) -> Measured:
        """Measures a model. Nothing is recorded yet; see `record`.

        Args:
            recogniser: The model with a detector.
            labelled: Photos of many people, whose names are known.
            data: What the set is called, for the record.
            progress: Is told how many photos are done.

        Raises:
            BadArgument: If the model comes with thresholds.
            TooLittleData: If there are too few comparisons for that rate, or the model misses more than half of the
                comparisons of one person there.
            ModelFailed: If the detector or the model could not do its work.
        """
        card, fmr = recogniser.embedder.card, self.fmr
        self.registry.require_measurable(card.name)
        people = labelled.people()
        _require_comparisons(pairs_of_different(people[people >= 0]), fmr)
        result = self.evaluate(recogniser, labelled, every_impostor=True, progress=progress)
        thresholds, comparisons = _thresholds(result.scores[-1], card.spec, fmr)
        fnmr = _missed(result.scores[-1], thresholds)
        if fnmr.value > MOST_MISSED:
            raise TooLittleData(
                f"At FMR {tidy(fmr)}, {card.name} does not recognise one person in {fnmr.value:.0%} of {fnmr.trials:,} "
                "comparisons, so its thresholds are of no use.",
                "Check that its weights are those of a face recogniser of the architecture "
                f"{card.architecture}, and that the photos are named rightly.",
            )
        origin = (
            f"FMR {tidy(fmr)} over {comparisons:,} impostor pairs of {data}, where FNMR is {fnmr.value:.1%}; measured "
            f"on {self.today.isoformat()} with {recogniser.detector.card.name}"
        )
        found = replace(card.spec, thresholds=replace(thresholds, origin=origin))
        return Measured(replace(card, embedder=found), card, fmr, comparisons, fnmr, result)

    def record(self, measured: Measured) -> None:
        """Puts the thresholds into the user's list of models.

        Raises:
            UnknownName: If the model is not on the list any more.
            RegistryUnusable: If the list cannot be read, or the entry not be replaced alone.
            NotWritten: If the list could not be written; it is as it was.
        """
        self.registry.record(measured.card)


def _require_comparisons(count: int, fmr: float) -> None:
    try:
        require_enough(count, fmr)
    except TooLittleData as error:
        hint = "Use photos of more people, such as those of LFW's view 2."
        if error.least is not None and error.least <= max(FMRS):
            hint += f" A rate that these support: --fmr {tidy(error.least)}"
        raise TooLittleData(error.message, hint, error.least) from None


def _thresholds(scores: Scores, spec: EmbedderSpec, fmr: float) -> tuple[Thresholds, int]:
    """The largest thresholds of three decimals that keep the rate, and how many comparisons they rest on."""
    impostors = scores.impostors
    assert impostors is not None  # noqa: S101 - they were asked for
    made = impostors.count - impostors.failed
    _require_comparisons(made, fmr)
    # What could not be compared shows nothing: it must not make the rate look lower.
    cosine = impostors.threshold_at(Metric.COSINE, fmr * made / impostors.count)
    euclidean = impostors.threshold_at(Metric.EUCLIDEAN, fmr * made / impostors.count)
    if spec.normalisation is Normalisation.L2:
        euclidean = math.sqrt(2 * max(0.0, _down(cosine)))
    found = Thresholds(max(0.0, _down(cosine)), max(0.0, _down(euclidean)))
    if not found.cosine or not found.euclidean:
        raise TooLittleData(
            "Photos of different people are as near to each other as can be, so no threshold tells them apart.",
            "Check that the weights are those of a face recogniser, and the photos are not the same.",
        )
    return found, made


def _down(value: float) -> float:
    return math.floor(1000 * value) / 1000


def _missed(scores: Scores, thresholds: Thresholds) -> Rate:
    cosine, euclidean = (scores.genuine[metric] for metric in (Metric.COSINE, Metric.EUCLIDEAN))
    passed = (cosine <= thresholds.cosine) & (euclidean <= thresholds.euclidean)
    return wilson(int(np.count_nonzero(~passed)), len(passed))
