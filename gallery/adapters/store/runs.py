"""Recording of runs, their photos and their decisions. `gallery.adapters.store.run_reading` reads them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from gallery.adapters.store.decisions import decision_row
from gallery.adapters.store.run_rows import whereabouts_of, with_whereabouts
from gallery.adapters.store.tables import LARGEST_NUMBER, DecisionRow, IdentityRow, LastMatchRow, RunImageRow, RunRow
from gallery.adapters.store.trail import new_salt, seal_image, seal_run
from gallery.domain.deciding import Rule
from gallery.domain.errors import UnknownName
from gallery.domain.paths import joined
from gallery.domain.runs import DecidedFace, ImageRecord, RunSettings, RunStatus
from gallery.domain.trail import Event, OutputOnRecord


def begin(session: Session, settings: RunSettings, by: str, now: datetime) -> int:
    """Opens a run's record and returns its number.

    Args:
        session: A writing transaction.
        settings: All that shapes it.
        by: Who runs it.
        now: The moment.
    """
    row = RunRow(
        status=RunStatus.RUNNING,
        started=now,
        program=settings.program,
        model=settings.space.model,
        model_sha256=settings.space.sha256,
        preparation=settings.space.preparation,
        dimension=settings.space.dimension,
        detector=settings.detector,
        detector_sha256=settings.detector_sha256,
        cosine=float(settings.thresholds.cosine),
        euclidean=float(settings.thresholds.euclidean),
        threshold_origin=settings.thresholds.origin,
        policy=with_whereabouts(settings),
        redaction=settings.redaction,
        identities=settings.identities,
        templates=settings.templates,
        output=settings.output,
        settings_sha256=settings.fingerprint,
        by=by,
        salt=new_salt(),
    )
    session.add(row)
    session.flush()
    seal_run(session, Event.BEGUN, row.id, now)
    return row.id


def record(session: Session, run: int, image: ImageRecord, now: datetime) -> RunImageRow:
    """Adds one photo with its decisions; returns its row.

    Raises:
        UnknownName: If there is no run of that number, or it has ended.
    """
    _going_on(session, run)
    row = RunImageRow(run_id=run, salt=new_salt())
    _fill(session, row, image, now)
    session.add(row)
    session.flush()
    seal_image(session, Event.RECORDED, run, row.id, now)
    return row


def amend(session: Session, run: int, image: ImageRecord, instead_of: ImageRecord, now: datetime) -> None:
    """Puts another record in the place of a photo's last one.

    Raises:
        UnknownName: If there is no run of that number, it has ended, or that one is not on its record.
    """
    _going_on(session, run)
    row = session.scalar(
        select(RunImageRow)
        .where(
            RunImageRow.run_id == run,
            RunImageRow.source == instead_of.source,
            RunImageRow.output.is_not_distinct_from(instead_of.output),
            RunImageRow.output_sha256.is_not_distinct_from(instead_of.output_sha256),
        )
        .order_by(RunImageRow.id.desc())
        .limit(1)
    )
    if row is None:
        raise UnknownName(f"Run {run} has no such record of that photo.")
    session.execute(delete(DecisionRow).where(DecisionRow.run_image_id == row.id))
    session.expire(row, ["decisions"])
    _fill(session, row, image, now)
    seal_image(session, Event.AMENDED, run, row.id, now)


def _fill(session: Session, row: RunImageRow, image: ImageRecord, now: datetime) -> None:
    numbers = _identity_numbers(session, image.faces)
    if not image.failed:
        _note_matches(session, image.faces, numbers, now)
    row.source, row.status, row.error = image.source, image.status, image.error
    row.sha256, row.width, row.height = image.sha256, image.width, image.height
    row.output, row.output_sha256 = image.output, image.output_sha256
    row.remarks, row.verified, row.state = tuple(image.remarks), image.verified, image.state
    row.earlier = image.earlier
    row.decisions = [decision_row(position, face, numbers) for position, face in enumerate(image.faces)]


def end(session: Session, run: int, status: RunStatus, now: datetime) -> None:
    """Closes a run's record.

    Raises:
        UnknownName: If there is no run of that number, or it has ended.
        ValueError: If the status is that of a run which has not ended.
    """
    if status is RunStatus.RUNNING:
        raise ValueError("a run cannot end by running")
    row = _going_on(session, run)
    row.status, row.finished = status, now
    seal_run(session, Event.ENDED, run, now)


def outputs(session: Session, sha256: str) -> list[str]:
    """The paths at which runs wrote a file with this hash, each once: as they were given, and from anywhere."""
    rows = session.execute(
        select(RunImageRow.output, RunRow.policy)
        .join(RunRow, RunRow.id == RunImageRow.run_id)
        .where(RunImageRow.output_sha256 == sha256)
    )
    found: dict[str, None] = {}
    for path, policy in rows:
        if path is not None:
            found |= {path: None, joined(path, whereabouts_of(policy)[0]): None}
    return list(found)


def written(connection: sqlite3.Connection, run: int) -> frozenset[str]:
    """SHA-256 of the outputs that a run has on record."""
    query = "SELECT output_sha256 FROM run_image WHERE run_id = ? AND output_sha256 IS NOT NULL"
    return frozenset(sha256 for (sha256,) in connection.execute(query, (run,)))


def photos_of(session: Session, sha256: str) -> list[OutputOnRecord]:
    """Whose outputs runs wrote as a file with this hash."""
    rows = session.execute(
        select(
            RunImageRow.run_id,
            RunImageRow.source,
            RunImageRow.output,
            RunImageRow.sha256,
            RunImageRow.output_mark,
            RunRow.output,
            RunRow.policy,
        )
        .join(RunRow, RunRow.id == RunImageRow.run_id)
        .where(RunImageRow.output_sha256 == sha256)
    )
    return [
        OutputOnRecord(run, source, path or "", folder, sha256, whereabouts_of(policy)[0], whole or "", mark or "")
        for run, source, path, whole, mark, folder, policy in rows
    ]


def output_folders(session: Session) -> list[tuple[str, str]]:
    """The folders that runs wrote to, as recorded; each with the folder that it starts at."""
    rows = session.execute(select(RunRow.output, RunRow.policy).where(RunRow.output != ""))
    return list(dict.fromkeys((output, whereabouts_of(policy)[0]) for output, policy in rows))


def _going_on(session: Session, number: int) -> RunRow:
    """A run that may still be added to: to one that has ended, an entry in the trail would not fit."""
    row = _row(session, number)
    if row.status is not RunStatus.RUNNING:
        raise UnknownName(f"Run {number} has ended.", "'gallery audit' lists all runs.")
    return row


def _row(session: Session, number: int) -> RunRow:
    row = session.get(RunRow, number) if abs(number) <= LARGEST_NUMBER else None
    if row is None:
        raise UnknownName(f"There is no run {number}.", "'gallery audit' lists all runs.")
    return row


def _note_matches(session: Session, faces: Iterable[DecidedFace], numbers: dict[str, int], now: datetime) -> None:
    """Remembers when somebody was last kept because they matched; who else is kept by hand is nobody's to tell."""
    matches = (face.decision for face in faces if face.decision.rule is Rule.MATCH)
    for name in {decision.candidate.identity for decision in matches if decision.candidate}:
        if name in numbers:
            session.merge(LastMatchRow(identity_id=numbers[name], at=now))


def _identity_numbers(session: Session, faces: Iterable[DecidedFace]) -> dict[str, int]:
    decisions = [face.decision for face in faces]
    names = {c.identity for decision in decisions for c in (decision.candidate, decision.runner_up) if c}
    names |= {decision.keeps for decision in decisions if decision.keeps is not None}
    rows = session.execute(select(IdentityRow.name, IdentityRow.id).where(IdentityRow.name.in_(names)))
    return {row.name: row.id for row in rows}
