"""The JSON of `gallery calibrate`. Fields are added, never taken away. Rates are shares, with Wilson intervals."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gallery.cli.documents import of_thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gallery.domain.calibrated import Calibration
    from gallery.domain.calibrating import Standing
    from gallery.domain.error_rates import Rate
    from gallery.domain.models import Thresholds
    from gallery.usecases.calibration_report import Calibrated


def of_calibrated(result: Calibrated) -> dict[str, Any]:
    """What a calibration came to."""
    counts = result.cohort
    return {
        **of_calibration(result.calibration),
        "stored": result.stored,
        "looser_than_model": result.looser_than_model,
        "before": _side(result.before.thresholds, result.before.personal, result.standing_before),
        "after": _side(result.calibration.thresholds, result.calibration.personal, result.standing_after),
        "people": [asdict(person) for person in result.people],
        "failing": [asdict(one) for one in result.failing],
        "closest": [asdict(one) for one in result.nearest],
        "impostors": None
        if counts is None
        else {
            **asdict(counts),
            "failures": [{"source": source, "error": error} for source, error in counts.failures],
        },
    }


def of_calibration(calibration: Calibration) -> dict[str, Any]:
    """Thresholds as the gallery keeps them."""
    return {
        "model": calibration.space.model,
        "model_sha256": calibration.space.sha256,
        "preparation": calibration.space.preparation,
        "fmr": calibration.fmr,
        "thresholds": of_thresholds(calibration.thresholds),
        "personal": {name: of_thresholds(own) for name, own in calibration.personal.items()},
        "fusion": calibration.fusion,
        "method": calibration.method,
        "detector": calibration.detector or None,
        "genuine_comparisons": calibration.genuine,
        "impostor_comparisons": calibration.impostors,
        "strangers": calibration.strangers,
        "references": calibration.references,
        "made": calibration.made.isoformat(),
        "references_added_since": calibration.added,
        "references_removed_since": calibration.removed,
    }


def _side(thresholds: Thresholds, personal: Mapping[str, Thresholds], standing: Standing) -> dict[str, Any]:
    return {
        "thresholds": of_thresholds(thresholds),
        "personal": {name: of_thresholds(own) for name, own in personal.items()},
        "fmr": _rate(standing.fmr),
        "fnmr": _rate(standing.fnmr),
        "mistaken": _rate(standing.mistaken),
        "failing_references": list(standing.failing),
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "value": rate.value if rate.trials else None,
        "low": rate.low,
        "high": rate.high,
        "hits": rate.hits,
        "trials": rate.trials,
    }
