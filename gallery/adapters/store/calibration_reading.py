"""The gallery's calibration, read without SQLAlchemy: `gallery list` says when it is out of date, and must be quick."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from gallery.domain.calibrated import Calibration
from gallery.domain.models import EmbeddingSpace, Thresholds

_CALIBRATION = """
    SELECT model.id, model.name, model.sha256, model.preparation, model.dimension,
        calibration.cosine, calibration.euclidean, calibration.origin,
        fmr, fusion, method, detector, genuine, impostors, strangers, reference_count, last_reference, made
    FROM calibration JOIN model ON model.id = calibration.model_id
    WHERE model.current
"""

_PERSONAL = """
    SELECT identity.name, cosine, euclidean, origin
    FROM personal_threshold JOIN identity ON identity.id = personal_threshold.identity_id
    WHERE model_id = ?
    ORDER BY identity.name_key
"""

# References are numbered upwards, and no number is given twice: so the ones above the highest of that time are new, and
# those that are missing among the others are gone.
_REFERENCES = """
    SELECT coalesce(sum(reference_id > ?), 0), coalesce(sum(reference_id <= ?), 0) FROM template WHERE model_id = ?
"""


def calibration(connection: sqlite3.Connection) -> Calibration | None:
    """The calibration of the gallery's own model, with how the references have changed since."""
    connection.execute("BEGIN")  # all queries see one state
    try:
        row = connection.execute(_CALIBRATION).fetchone()
        if row is None:
            return None
        model, name, sha256, preparation, dimension, cosine, euclidean, origin, *rest = row
        fmr, fusion, method, detector, genuine, impostors, strangers, references, last, made = rest
        personal = connection.execute(_PERSONAL, (model,)).fetchall()
        added, remaining = connection.execute(_REFERENCES, (last, last, model)).fetchone()
    finally:
        connection.execute("ROLLBACK")
    return Calibration(
        space=EmbeddingSpace(name, sha256, preparation, dimension),
        thresholds=Thresholds(cosine, euclidean, origin),
        personal={person: Thresholds(*limits) for person, *limits in personal},
        fmr=fmr,
        fusion=fusion,
        method=method,
        detector=detector,
        genuine=genuine,
        impostors=impostors,
        strangers=strangers,
        references=references,
        last_reference=last,
        made=datetime.fromisoformat(made).replace(tzinfo=UTC),
        added=added,
        removed=references - remaining,
    )
