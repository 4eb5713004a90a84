"""The JSON of what differs between two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gallery.cli.documents import of_summary

if TYPE_CHECKING:  # NumPy comes with these
    from gallery.domain.differing import Change, Difference, Numbered
    from gallery.domain.pairing import PairedPhoto
    from gallery.domain.runs import ImageRecord


def of_difference(found: Difference) -> dict[str, Any]:
    """Two runs beside each other."""
    return {
        "before": of_summary(found.before.summary),
        "after": of_summary(found.after.summary),
        "settings": [{"name": one.name, "before": one.before, "after": one.after} for one in found.settings],
        "photos": len(found.photos.both),
        "faces": found.faces,
        "by_cause": {cause.value: count for cause, count in found.by_cause.items()},
        "shown": sum(change.shown for change in found.changes),
        "hidden": sum(change.hidden for change in found.changes),
        "changes": [_of_change(change) for change in found.changes],
        "only_before": [_of_photo(image) for image in found.photos.before],
        "only_after": [_of_photo(image) for image in found.photos.after],
        "failed_once": [_of_pair(pair) for pair in found.failed_once],
        "photo_changed": [_of_pair(pair) for pair in found.edited],
    }


def _of_change(change: Change) -> dict[str, Any]:
    return {
        "source": change.photo.after.source,
        "source_before": change.photo.before.source,
        "sha256": change.photo.after.sha256,
        "person": change.person,
        "cause": change.causes[0].value,
        "causes": [cause.value for cause in change.causes],
        "shown": change.shown,
        "hidden": change.hidden,
        "before": _of_side(change.before),
        "after": _of_side(change.after),
    }


def _of_side(side: Numbered | None) -> dict[str, Any] | None:
    if side is None:
        return None
    decision, closest = side.face.decision, side.face.decision.candidate
    return {
        "face": side.number,
        "box": side.face.detection.box.as_list(),
        "decision": decision.verdict.value,
        "rule": decision.rule.value,
        "reason": decision.reason,
        "identity": closest.identity if closest else None,
        "reference": closest.reference if closest else None,
        "cosine": closest.cosine if closest else None,
        "euclidean": closest.euclidean if closest else None,
        "normalised": closest.normalised if closest else None,
    }


def _of_photo(image: ImageRecord) -> dict[str, Any]:
    return {"source": image.source, "sha256": image.sha256, "status": image.status.value, "error": image.error}


def _of_pair(pair: PairedPhoto) -> dict[str, Any]:
    return {"before": _of_photo(pair.before), "after": _of_photo(pair.after)}
