"""Decisions as rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gallery.adapters.store.faces import detection_of, face_values, quality_of
from gallery.adapters.store.tables import DecisionRow
from gallery.domain.deciding import Decision
from gallery.domain.matching import Candidate
from gallery.domain.runs import DecidedFace


def decision_row(position: int, face: DecidedFace, identities: Mapping[str, int]) -> DecisionRow:
    """One face's row.

    Args:
        position: Which face of the photo, from 0.
        face: The face and its decision.
        identities: The numbers of those who are in the gallery, by name.

    Raises:
        ValueError: If the residual is no number; SQLite would keep it as one that was never measured.
    """
    if face.residual is not None and not math.isfinite(face.residual):
        raise ValueError(f"a residual must be a number, not {face.residual}")
    decision = face.decision
    row = DecisionRow(
        position=position,
        verdict=decision.verdict,
        rule=decision.rule,
        reason=decision.reason,
        keeps=decision.keeps,
        keeps_id=None if decision.keeps is None else identities.get(decision.keeps),
        residual=None if face.residual is None else float(face.residual),
        **face_values(face.detection, face.quality),
    )
    if decision.candidate is not None:
        row.identity_id = identities.get(decision.candidate.identity)
        row.identity = decision.candidate.identity
        row.reference_id = int(decision.candidate.reference)
        row.cosine, row.euclidean = float(decision.candidate.cosine), float(decision.candidate.euclidean)
    if decision.runner_up is not None:
        row.runner_up_id = identities.get(decision.runner_up.identity)
        row.runner_up = decision.runner_up.identity
        row.runner_up_reference_id = int(decision.runner_up.reference)
        row.runner_up_cosine = float(decision.runner_up.cosine)
        row.runner_up_euclidean = float(decision.runner_up.euclidean)
    return row


def decided_face(row: DecisionRow) -> DecidedFace:
    """The face and its decision as they were recorded."""
    decision = Decision(
        verdict=row.verdict,
        rule=row.rule,
        reason=row.reason,
        candidate=_candidate(row.identity, row.reference_id, row.cosine, row.euclidean),
        runner_up=_candidate(row.runner_up, row.runner_up_reference_id, row.runner_up_cosine, row.runner_up_euclidean),
        keeps=row.keeps,
    )
    return DecidedFace(detection_of(row), quality_of(row), decision, row.residual)


def _candidate(
    identity: str | None, reference: int | None, cosine: float | None, euclidean: float | None
) -> Candidate | None:
    if identity is None or reference is None or cosine is None or euclidean is None:
        return None
    return Candidate(identity, reference, cosine, euclidean)
