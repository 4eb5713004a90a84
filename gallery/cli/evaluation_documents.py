"""The JSON of `gallery evaluate`. Fields are added, never taken away. Rates are shares, with Wilson intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gallery import __version__
from gallery.domain.error_rates import CONFIDENCE
from gallery.domain.paths import shown

if TYPE_CHECKING:
    from pathlib import Path

    from gallery.domain.detection_scoring import ScorePoint
    from gallery.domain.error_rates import Rate
    from gallery.domain.identification import Mistake, SweepPoint, Tally
    from gallery.domain.models import ModelCard
    from gallery.domain.verification import MetricResult, OperatingPoint
    from gallery.usecases.evaluate_detection import DetectionResult
    from gallery.usecases.evaluate_identification import Identification, RuleResult, Setting
    from gallery.usecases.evaluate_verification import Scores, Verification


def head(kind: str, inputs: Mapping[str, Path | None]) -> dict[str, Any]:
    """What every evaluation begins with: its kind, the program, and what it was run on."""
    return {
        "evaluation": kind,
        "program": __version__,
        "inputs": {name: shown(path) if path is not None else None for name, path in inputs.items()},
        "intervals": f"Wilson score, {CONFIDENCE:.0%}",
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def rate_of(rate: Rate) -> dict[str, Any]:
    """A rate with its interval and what it was counted from."""
    return {
        "value": _number(rate.value),
        "low": rate.low,
        "high": rate.high,
        "hits": rate.hits,
        "trials": rate.trials,
    }


def models_of(detector: ModelCard, embedder: ModelCard) -> dict[str, Any]:
    """Both models with their hashes, and the thresholds."""
    limits = embedder.spec.thresholds
    return {
        "detector": detector.name,
        "detector_sha256": detector.sha256,
        "model": embedder.name,
        "model_sha256": embedder.sha256,
        "preparation": embedder.spec.preparation,
        "thresholds": {"cosine": limits.cosine, "euclidean": limits.euclidean, "origin": limits.origin}
        if embedder.spec.measured
        else None,
    }


def of_verification(results: Sequence[Verification], inputs: Mapping[str, Path | None]) -> dict[str, Any]:
    """What `gallery evaluate verification` found."""
    return {**head("verification", inputs), "results": [_verification(result) for result in results]}


def _verification(result: Verification) -> dict[str, Any]:
    failures = result.failures
    return {
        **models_of(result.detector, result.embedder),
        "images": result.images,
        "failures": {
            "no_face": list(failures.no_face),
            "unreadable": list(failures.unreadable),
            "not_as_meant": list(failures.not_as_meant),
        },
        "scores": [_scores(scores, result.embedder.spec.measured) for scores in result.scores],
        "closest_impostors": [
            {"images": [first, second], "cosine": cosine} for first, second, cosine in result.closest
        ],
    }


def _scores(scores: Scores, measured: bool) -> dict[str, Any]:
    impostors = scores.impostors
    return {
        "label_errors_left_out": scores.without_errors,
        "people": scores.people,
        "pairs_left_out": scores.left_out,
        "metrics": {metric.value: _metric(result, measured) for metric, result in scores.metrics.items()},
        "all_impostors": None
        if impostors is None
        else {
            "comparisons": impostors.count,
            "failed": impostors.failed,
            "genuine": "all pairs of one person",
            "metrics": {metric.value: [_point(p) for p in points] for metric, points in scores.points.items()},
        },
    }


def _metric(result: MetricResult, measured: bool) -> dict[str, Any]:
    return {
        "genuine": len(result.genuine),
        "impostors": len(result.impostors),
        "accuracy": result.accuracy.mean,
        "standard_error": result.accuracy.standard_error,
        "folds": list(result.accuracy.folds),
        "fold_thresholds": list(result.accuracy.thresholds),
        "auc": result.curve.auc,
        "eer": result.curve.eer,
        "points": [_point(point) for point in result.points],
        "own_threshold": _point(result.own) if measured else None,
    }


def _point(point: OperatingPoint) -> dict[str, Any]:
    return {
        "target_fmr": _number(point.target),
        "supported": bool(point.supported) if math.isfinite(point.target) else None,
        "threshold": point.threshold,
        "fmr": rate_of(point.fmr),
        "fnmr": rate_of(point.fnmr),
    }


def of_identification(result: Identification, inputs: Mapping[str, Path | None]) -> dict[str, Any]:
    """What `gallery evaluate identification` found."""
    policy, probes, plan = result.policy, result.probes, result.plan
    return {
        **head("identification", inputs),
        **models_of(result.detector, result.embedder),
        "policy": {
            "cosine": policy.thresholds.cosine,
            "euclidean": policy.thresholds.euclidean,
            "origin": policy.thresholds.origin,
            "size": policy.floors.size,
            "sharpness": policy.floors.sharpness,
            "once_per_photo": policy.once_per_photo,
            "min_margin": policy.min_margin,
            "rival_margin": policy.rival_margin,
            "grey_band": policy.grey_band,
        },
        "seed": plan.seed,
        "repeats": plan.repeats,
        "people": result.people,
        "usable_references": result.usable,
        "skipped_references": result.skipped,
        "probes": {
            "photos": probes.photos,
            "unreadable": list(probes.unreadable),
            "faces": probes.faces,
            "named": probes.named,
            "strangers": probes.strangers,
            "unlabelled": probes.unlabelled,
            "undetected": probes.undetected,
        },
        "settings": [_setting(setting) for setting in result.settings],
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "references": setting.references,
        "fusion": setting.fusion.value,
        "enrolled": list(setting.enrolled),
        "scores": asdict(setting.scores) if setting.scores else None,
        "all_rules": _rule(setting.full),
        "rules": [_rule(rule) for rule in setting.rules],
        "sweep": [_sweep_point(point) for point in setting.sweep],
        "mistakes": [_mistake(mistake) for mistake in setting.mistakes],
    }


def _rule(rule: RuleResult) -> dict[str, Any]:
    repeats = [_tally(tally) for tally in rule.repeats] if len(rule.repeats) > 1 else []
    return {"rules": rule.label, **_tally(rule.tally), "repeats": repeats}


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "fpir": rate_of(tally.fpir),
        "fnir": rate_of(tally.fnir),
        "misnamed": tally.misnamed,
        "waiting": tally.waiting,
    }


def _sweep_point(point: SweepPoint) -> dict[str, Any]:
    return {
        "share": point.share,
        "cosine": point.thresholds.cosine,
        "euclidean": point.thresholds.euclidean,
        "all_rules": _tally(point.full),
        "thresholds_only": _tally(point.bare),
    }


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {
        "source": mistake.source,
        "box": mistake.box.as_list(),
        "name": mistake.name,
        "enrolled": mistake.enrolled,
        "kept_as": mistake.kept_as,
        "reason": mistake.reason,
    }


def of_detection(results: Sequence[DetectionResult], inputs: Mapping[str, Path | None]) -> dict[str, Any]:
    """What `gallery evaluate detection` found."""
    return {**head("detection", inputs), "results": [_detection(result) for result in results]}


def _detection(result: DetectionResult) -> dict[str, Any]:
    score = result.score
    best = score.at_false_alarms(0.2)
    return {
        "detector": result.detector.name,
        "detector_sha256": result.detector.sha256,
        "images": score.images,
        "unreadable": list(result.unreadable),
        "faces": score.faces,
        "overlap": score.overlap,
        "default": _score_point(score.default),
        "at_one_false_alarm_per_five_images": _score_point(best) if best else None,
        "by_size": [{"from": o.low, "below": o.high, "recall": rate_of(o.recall)} for o in score.octaves],
        "curve": [_score_point(point) for point in score.curve],
    }


def _score_point(point: ScorePoint) -> dict[str, Any]:
    return {
        "score": point.score,
        "recall": rate_of(point.recall),
        "false_alarms": point.false_alarms,
        "false_alarms_per_image": _number(point.per_image),
    }
