"""Removes the photos and decisions of old runs, and leaves a stub of each, so that the trail still verifies."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from gallery.adapters.store.engine import driver
from gallery.adapters.store.run_reading import count
from gallery.adapters.store.tables import RunImageRow, RunRow
from gallery.adapters.store.trail import new_salt, seal_run
from gallery.domain.trail import Event


def prune(session: Session, numbers: list[int], by: str, now: datetime) -> None:
    """Removes what is recorded of those runs but their times, model, detector, thresholds and counts.

    Args:
        session: A writing transaction.
        numbers: The runs'.
        by: Who does it.
        now: The moment.
    """
    for number in numbers:
        row = session.get_one(RunRow, number)
        counts = asdict(count(driver(session), number))
        session.execute(delete(RunImageRow).where(RunImageRow.run_id == number))
        row.policy, row.redaction, row.output, row.settings_sha256 = {}, {}, "", None
        row.pruned, row.pruned_by, row.counts, row.salt = now, by, counts, new_salt()
        seal_run(session, Event.PRUNED, number, now)
