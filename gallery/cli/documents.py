"""The JSON that commands print, field by field. Other programs rely on it: fields are added, never taken away."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # NumPy comes with these, and `gallery list` does without it
    from collections.abc import Mapping
    from datetime import date, datetime

    from gallery.domain.by_hand import Override
    from gallery.domain.deciding import Decision
    from gallery.domain.explaining import Explained
    from gallery.domain.forgetting import Forgotten
    from gallery.domain.matching import Candidate
    from gallery.domain.models import ModelCard, Thresholds
    from gallery.domain.people import Details, Identity, IdentitySummary
    from gallery.domain.ports import Conversion
    from gallery.domain.runs import DecidedFace, ImageRecord, Run, RunSettings, RunSummary
    from gallery.usecases.anonymise import Outcome
    from gallery.usecases.check import Checked as CheckedGallery
    from gallery.usecases.enrol import EnrolledPhoto
    from gallery.usecases.models import Checked, Installation, Listed
    from gallery.usecases.reembed import Reembedded
    from gallery.usecases.verify_record import VerifiedRecord


def of_outcome(outcome: Outcome) -> dict[str, Any]:
    """What `gallery anonymise` did."""
    settings = outcome.settings
    return {
        "run": outcome.run,
        "status": outcome.status.value,
        "planned": outcome.planned,
        **_of_settings(settings),
        "images": [of_image(i, settings) for i in outcome.images],
    }


def of_run(run: Run) -> dict[str, Any]:
    """One run of the audit trail."""
    return {
        "run": run.summary.id,
        **of_summary(run.summary),
        **_of_settings(run.settings),
        "images": [of_image(i, run.settings) for i in run.images],
    }


def of_summary(summary: RunSummary) -> dict[str, Any]:
    """One line of the table of runs."""
    return {
        "run": summary.id,
        "status": summary.status.value,
        "started": summary.started.isoformat(),
        "finished": summary.finished.isoformat() if summary.finished else None,
        "model": summary.model,
        "detector": summary.detector,
        "thresholds": of_thresholds(summary.thresholds),
        "photos": summary.images,
        "done_before": summary.before,
        "failed": summary.failed,
        "kept": summary.kept,
        "blurred": summary.blurred,
        "waiting": summary.waiting,
        "still_waiting": summary.still_waiting,
        "no_face_found": summary.faceless,
        "reviewed_run": summary.reviewed,
        "rewritten_in": list(summary.rewritten_in),
        "by": summary.by,
        "seconds": summary.seconds,
        "pruned": _moment(summary.pruned),
        "pruned_by": summary.pruned_by,
    }


def _of_settings(settings: RunSettings) -> dict[str, Any]:
    return {
        "program": settings.program,
        "model": settings.space.model,
        "model_sha256": settings.space.sha256,
        "preparation": settings.space.preparation,
        "detector": settings.detector,
        "detector_sha256": settings.detector_sha256,
        "thresholds": of_thresholds(settings.thresholds),
        "policy": settings.policy,
        "redaction": settings.redaction,
        "gallery": {"identities": settings.identities, "templates": settings.templates},
        "output_folder": settings.output,
        "base_folder": settings.base or None,
    }


def of_thresholds(thresholds: Thresholds) -> dict[str, Any]:
    """Both thresholds and where they come from."""
    return asdict(thresholds)


def of_image(image: ImageRecord, settings: RunSettings) -> dict[str, Any]:
    """One photo of a run."""
    return {
        "source": image.source,
        "output": image.output,
        "status": image.status.value,
        "error": image.error,
        "sha256": image.sha256,
        "output_sha256": image.output_sha256,
        "width": image.width,
        "height": image.height,
        "verified": image.verified.value if image.verified else None,
        "earlier_run": image.earlier,
        "remarks": list(image.remarks),
        "faces": [_of_face(face, settings) for face in image.faces],
    }


def _of_face(face: DecidedFace, settings: RunSettings) -> dict[str, Any]:
    return {**_of_found(face), "thresholds": _applied(face.decision, settings), "residual": face.residual}


def _of_found(face: DecidedFace) -> dict[str, Any]:
    landmarks = face.detection.landmarks
    return {
        "box": face.detection.box.as_list(),
        "score": face.detection.score,
        "landmarks": [list(point) for point in landmarks.as_tuple()] if landmarks else None,
        "size": face.quality.size,
        "sharpness": face.quality.sharpness,
        "as_meant": face.quality.as_meant,
        **_of_decision(face.decision),
    }


def _of_decision(decision: Decision) -> dict[str, Any]:
    top, second = decision.candidate, decision.runner_up
    return {
        "identity": top.identity if top else None,
        "reference": top.reference if top else None,
        "cosine": top.cosine if top else None,
        "euclidean": top.euclidean if top else None,
        "normalised": top.normalised if top else None,
        "age": top.age if top else None,
        "runner_up": second.identity if second else None,
        "margin": decision.margin,
        "decision": decision.verdict.value,
        "rule": decision.rule.value,
        "reason": decision.reason,
        "waits": decision.waits,
        "keeps": decision.keeps,
    }


def _applied(decision: Decision, settings: RunSettings) -> dict[str, Any] | None:
    """The thresholds that the closest person's distances were compared with; None where there was nobody."""
    if decision.candidate is None:
        return None
    return of_thresholds(settings.personal.get(decision.candidate.identity, settings.thresholds))


def of_enrolled(name: str | None, model: ModelCard, detector: str, photos: list[EnrolledPhoto]) -> dict[str, Any]:
    """What `gallery enroll` did.

    Args:
        name: The person's; None where the names came from folders.
        model: The embedder.
        detector: The detector's name.
        photos: The results.
    """
    return {
        "name": name,
        "model": model.name,
        "detector": detector,
        "accepted": sum(p.accepted for p in photos),
        "photos": [asdict(p) for p in photos],
    }


def of_people(people: list[IdentitySummary], today: date) -> list[dict[str, Any]]:
    """The people of a gallery."""
    return [
        {
            "name": person.name,
            "references": person.references,
            "templates": person.templates,
            "added": person.added.isoformat(),
            "last_added": _moment(person.last_added),
            "last_matched": _moment(person.last_matched),
            "enabled": person.enabled,
            "expires": person.expires.isoformat() if person.expires else None,
            "withheld": person.withheld(today) or None,
            "tags": list(person.tags),
        }
        for person in people
    ]


def of_identity(
    identity: Identity, thresholds: Thresholds | None, own: bool, closest: Mapping[int, Candidate], today: date
) -> dict[str, Any]:
    """One person with their references.

    Args:
        identity: The person.
        thresholds: Those that apply to them; None where the model is not known.
        own: Whether these are their own.
        closest: For each reference's number the closest of the others.
        today: The day on which consent must not have ended.
    """
    return {
        "name": identity.name,
        "added": identity.added.isoformat(),
        "last_matched": _moment(identity.last_matched),
        **of_details(identity.details, today),
        "thresholds": of_thresholds(thresholds) if thresholds else None,
        "own_thresholds": own,
        "references": [
            {
                "id": stored.id,
                "source": stored.reference.source,
                "sha256": stored.reference.sha256,
                "added": stored.added.isoformat(),
                "box": stored.reference.detection.box.as_list(),
                "detector": stored.reference.detector,
                "size": stored.reference.quality.size,
                "sharpness": stored.reference.quality.sharpness,
                "flaws": list(stored.reference.flaws),
                "picture": stored.has_crop,
                "models": list(stored.models),
                "closest": asdict(closest[stored.id]) if stored.id in closest else None,
            }
            for stored in identity.references
        ],
    }


def of_details(details: Details, today: date) -> dict[str, Any]:
    """What is settled about a person."""
    return {
        "enabled": details.enabled,
        "expires": details.expires.isoformat() if details.expires else None,
        "withheld": details.withheld(today) or None,
        "notes": details.notes,
        "tags": list(details.tags),
        "keep_crops": details.keep_crops,
        "set_thresholds": of_thresholds(details.thresholds) if details.thresholds else None,
    }


def of_forgotten(name: str, forgotten: Forgotten) -> dict[str, Any]:
    """The proof that a person was forgotten."""
    return {"forgotten": name, **asdict(forgotten), "out_of_reach": list(forgotten.out_of_reach)}


def of_reembedded(result: Reembedded) -> dict[str, Any]:
    """What came of new templates."""
    return {
        "model": result.space.model,
        "made": result.made,
        "left": [asdict(left) for left in result.left],
        "lacking": list(result.lacking),
        "former": result.former.model if result.former else None,
        "current": result.current,
    }


def of_checked_gallery(checked: CheckedGallery) -> dict[str, Any]:
    """What a look at the whole gallery found."""
    found = checked.examination
    return {
        "people": checked.people,
        "templates": checked.templates,
        "clean": checked.clean,
        "outliers": [asdict(one) for one in found.outliers],
        "wrong_person": [asdict(one) for one in found.misfits],
        "collisions": [asdict(one) for one in found.collisions],
        "same_picture": [asdict(one) for one in found.near_identical],
        "complete": found.complete,
        "compared": checked.compared,
        "two_names": [
            {"source": shared.source, "owners": [{"name": name, "reference": ref} for name, ref in shared.owners]}
            for shared in checked.shared
        ],
        "single_reference": list(checked.single),
        "no_reference": list(checked.without),
        "no_template": list(checked.lacking),
        "withheld": dict(checked.withheld),
        "ending": {name: day.isoformat() for name, day in checked.ending},
        "looser_limits": [{"who": who, **of_thresholds(own)} for who, own in checked.looser],
    }


def of_explained(explained: Explained) -> dict[str, Any]:
    """A photo's faces with everybody they compare with."""
    record = explained.record
    return {
        "source": record.source,
        "status": record.status.value,
        "error": record.error,
        "sha256": record.sha256,
        "width": record.width,
        "height": record.height,
        "output": record.output,
        "output_sha256": record.output_sha256,
        "remarks": [*record.remarks, *explained.remarks],
        "thresholds": of_thresholds(explained.thresholds),
        "scores": asdict(explained.scores) if explained.scores else None,
        "faces": [
            {
                "face": face.number,
                **_of_found(face.face),
                "residual": face.face.residual,
                "comparisons": [
                    {
                        **asdict(one.candidate),
                        "thresholds": of_thresholds(one.limit),
                        "passes": one.passes,
                        "margin": one.margin,
                    }
                    for one in face.comparisons
                ],
            }
            for face in explained.faces
        ],
    }


def of_verified_record(found: VerifiedRecord) -> dict[str, Any]:
    """Whether the record, and the outputs it speaks of, are as they were written."""
    return {
        "fits": found.misfit is None,
        "misfit": found.misfit,
        "trail": asdict(found.trail),
        "outputs": found.outputs,
        "out_of_reach": found.unplaced,
        "differing": [
            {"run": one.output.run, "source": one.output.source, "path": one.path, "why": one.why}
            for one in found.differing
        ],
    }


def of_pruned(runs: list[RunSummary], dry_run: bool) -> dict[str, Any]:
    """Which runs were removed, or would be."""
    return {"removed": not dry_run, "runs": [of_summary(run) for run in runs]}


def of_override(override: Override) -> dict[str, Any]:
    """What a person decided on one face."""
    return {
        "number": override.number,
        "source": override.source,
        "sha256": override.sha256,
        "box": override.box.as_list(),
        "decision": override.verdict.value,
        "by": override.by,
        "made": override.made.isoformat(),
        "note": override.note,
        "keeps": override.keeps,
        "in_force": override.in_force,
    }


def _moment(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def of_listed(listed: Listed) -> dict[str, Any]:
    """One model of the registry."""
    card, spec = listed.card, listed.card.embedder
    return {
        "name": card.name,
        "kind": card.kind.value,
        "architecture": card.architecture,
        "dimension": spec.dimension if spec else None,
        "licence": card.licence,
        "size": card.size,
        "sha256": card.sha256,
        "thresholds": of_thresholds(spec.thresholds) if spec and spec.measured else None,
        "measured": spec.measured if spec else None,
        "cohort": of_cohort(card),
        "preparation": spec.preparation if spec else None,
        "installed": str(listed.installed.path) if listed.installed else None,
        "origin": listed.installed.origin if listed.installed else None,
        "convertible": listed.convertible,
        "converted": str(listed.converted) if listed.converted else None,
    }


def of_cohort(card: ModelCard) -> dict[str, Any] | None:
    """What a model's normalised scores are measured against; None for nothing."""
    return asdict(card.embedder.cohort) if card.embedder and card.embedder.cohort else None


def of_installation(name: str, done: Installation) -> dict[str, Any]:
    """What came of an installation."""
    return {
        "model": name,
        "path": str(done.installed.path),
        "fresh": done.fresh,
        "sha256": done.card.sha256,
        "converted": _of_conversion(done.converted) if done.converted else None,
    }


def _of_conversion(converted: Conversion) -> dict[str, Any]:
    return {
        "path": str(converted.path),
        "sha256": converted.sha256,
        "cosine": converted.cosine,
        "euclidean": converted.euclidean,
        "relative": converted.relative,
    }


def of_checked(checked: Checked) -> dict[str, Any]:
    """Whether one model's file is the one on record."""
    return {
        "name": checked.card.name,
        "path": str(checked.installed.path) if checked.installed else None,
        "form": checked.form,
        "converted": _of_conversion(checked.converted) if checked.converted else None,
        "intact": checked.intact,
        "state": checked.state.value,
        "error": checked.error.message if checked.error and checked.failed else None,
        "remedy": checked.error.hint if checked.error else None,
    }
