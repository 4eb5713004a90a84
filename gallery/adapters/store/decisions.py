"""Decisions as rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gallery.adapters.store.faces import detection_of, face_values, quality_of
from gallery.adapters.store.run_rows import candidate_of
from gallery.adapters.store.tables import DecisionRow
from gallery.domain.deciding import Decision
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
        row.normalised, row.age = decision.candidate.normalised, decision.candidate.age
    if decision.runner_up is not None:
        row.runner_up_id = identities.get(decision.runner_up.identity)
        row.runner_up = decision.runner_up.identity
        row.runner_up_reference_id = int(decision.runner_up.reference)
        row.runner_up_cosine = float(decision.runner_up.cosine)
        row.runner_up_euclidean = float(decision.runner_up.euclidean)
        row.runner_up_normalised, row.runner_up_age = decision.runner_up.normalised, decision.runner_up.age
    return row


def decided_face(row: DecisionRow) -> DecidedFace:
    """The face and its decision as they were recorded."""
    closest = candidate_of(row.identity, row.reference_id, row.cosine, row.euclidean, row.normalised, row.age)
    runner_up = candidate_of(
        row.runner_up,
        row.runner_up_reference_id,
        row.runner_up_cosine,
        row.runner_up_euclidean,
        row.runner_up_normalised,
        row.runner_up_age,
    )
    decision = Decision(row.verdict, row.rule, row.reason, closest, runner_up, row.keeps)
    return DecidedFace(detection_of(row), quality_of(row), decision, row.residual)
