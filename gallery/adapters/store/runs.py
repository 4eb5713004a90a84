"""The audit trail: runs, their photos and their decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gallery.adapters.store.decisions import decided_face, decision_row
from gallery.adapters.store.tables import LARGEST_NUMBER, DecisionRow, IdentityRow, LastMatchRow, RunImageRow, RunRow
from gallery.domain.deciding import Rule, Verdict
from gallery.domain.errors import UnknownName
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import (
    DecidedFace,
    DoneBefore,
    ImageRecord,
    ImageStatus,
    Run,
    RunSettings,
    RunStatus,
    RunSummary,
)

_FAILED = (ImageStatus.FAILED, ImageStatus.UNVERIFIED)


class _Counts(NamedTuple):
    """Photos and faces of a run, as `RunSummary` has them."""

    images: int
    failed: int
    before: int
    kept: int
    blurred: int
    waiting: int


def begin(session: Session, settings: RunSettings, now: datetime) -> int:
    """Opens a run's record and returns its number."""
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
        policy=settings.policy,
        redaction=settings.redaction,
        identities=settings.identities,
        templates=settings.templates,
        output=settings.output,
        settings_sha256=settings.fingerprint,
    )
    session.add(row)
    session.flush()
    return row.id


def record(session: Session, run: int, image: ImageRecord, now: datetime) -> None:
    """Adds one photo with its decisions.

    Raises:
        UnknownName: If there is no run of that number.
    """
    _row(session, run)
    row = RunImageRow(run_id=run)
    _fill(session, row, image, now)
    session.add(row)


def amend(session: Session, run: int, image: ImageRecord, instead_of: ImageRecord, now: datetime) -> None:
    """Puts another record in the place of a photo's last one.

    Raises:
        UnknownName: If there is no run of that number, or that one is not on its record.
    """
    _row(session, run)
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
        UnknownName: If there is no run of that number.
        ValueError: If the status is that of a run which has not ended.
    """
    if status is RunStatus.RUNNING:
        raise ValueError("a run cannot end by running")
    row = _row(session, run)
    row.status, row.finished = status, now


def outputs(session: Session, sha256: str) -> list[str]:
    """The paths at which runs wrote a file with this hash, each once."""
    found = session.scalars(select(RunImageRow.output).where(RunImageRow.output_sha256 == sha256).distinct())
    return [path for path in found if path is not None]


def done_before(session: Session, settings: str, photo: str, state: str, output: str) -> DoneBefore | None:
    """The last run that did a photo like that and verified it."""
    row = session.scalar(
        select(RunImageRow)
        .join(RunRow, RunRow.id == RunImageRow.run_id)
        .where(
            RunImageRow.output_sha256 == output,
            RunImageRow.sha256 == photo,
            RunImageRow.state == state,
            RunImageRow.status == ImageStatus.OK,
            RunImageRow.verified.is_not(None),
            RunRow.settings_sha256 == settings,
        )
        .order_by(RunImageRow.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    return DoneBefore(row.run_id, _image(row, tuple(decided_face(one) for one in row.decisions)))


def summaries(session: Session) -> list[RunSummary]:
    """All runs, the newest first; SQLite does the counting."""
    images = (
        select(
            RunImageRow.run_id,
            func.count().label("images"),
            func.count().filter(RunImageRow.status.in_(_FAILED)).label("failed"),
            func.count().filter(RunImageRow.status == ImageStatus.DONE_BEFORE).label("before"),
        )
        .group_by(RunImageRow.run_id)
        .subquery()
    )
    faces = (
        select(
            RunImageRow.run_id,
            func.count().filter(DecisionRow.verdict == Verdict.KEEP).label("kept"),
            func.count().filter(DecisionRow.verdict == Verdict.BLUR).label("blurred"),
            func.count().filter(DecisionRow.rule == Rule.GREY_BAND).label("waiting"),
        )
        .join(RunImageRow.decisions)
        .group_by(RunImageRow.run_id)
        .subquery()
    )
    counted = (images.c.images, images.c.failed, images.c.before, faces.c.kept, faces.c.blurred, faces.c.waiting)
    query = (
        select(RunRow, *(func.coalesce(column, 0) for column in counted))
        .outerjoin(images, images.c.run_id == RunRow.id)
        .outerjoin(faces, faces.c.run_id == RunRow.id)
        .order_by(RunRow.id.desc())
    )
    return [_summary(row, _Counts(*numbers)) for row, *numbers in session.execute(query)]


def run(session: Session, number: int) -> Run:
    """One run in full, in three queries whatever its length.

    Raises:
        UnknownName: If there is no run of that number.
    """
    row = _row(session, number)
    faces = _faces_of_images(session, number)
    images = tuple(
        _image(image, tuple(faces[image.id]))
        for image in session.scalars(select(RunImageRow).where(RunImageRow.run_id == number).order_by(RunImageRow.id))
    )
    counts = _Counts(
        images=len(images),
        failed=sum(image.failed for image in images),
        before=sum(image.status is ImageStatus.DONE_BEFORE for image in images),
        kept=sum(image.kept for image in images),
        blurred=sum(image.blurred for image in images),
        waiting=sum(image.waiting for image in images),
    )
    return Run(_summary(row, counts), _settings(row), images)


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
    rows = session.execute(select(IdentityRow.name, IdentityRow.id).where(IdentityRow.name.in_(names)))
    return {row.name: row.id for row in rows}


def _faces_of_images(session: Session, number: int) -> dict[int, list[DecidedFace]]:
    rows = session.scalars(
        select(DecisionRow)
        .join(RunImageRow.decisions)
        .where(RunImageRow.run_id == number)
        .order_by(DecisionRow.run_image_id, DecisionRow.position)
    )
    faces = defaultdict(list)
    for row in rows:
        faces[row.run_image_id].append(decided_face(row))
    return faces


def _image(row: RunImageRow, faces: tuple[DecidedFace, ...]) -> ImageRecord:
    return ImageRecord(
        source=row.source,
        status=row.status,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        output=row.output,
        output_sha256=row.output_sha256,
        faces=faces,
        error=row.error,
        remarks=row.remarks,
        verified=row.verified,
        state=row.state,
        earlier=row.earlier,
    )


def _settings(row: RunRow) -> RunSettings:
    settings = RunSettings(
        program=row.program,
        space=EmbeddingSpace(row.model, row.model_sha256, row.preparation, row.dimension),
        detector=row.detector,
        detector_sha256=row.detector_sha256,
        thresholds=_thresholds(row),
        policy=row.policy,
        redaction=row.redaction,
        identities=row.identities,
        templates=row.templates,
        output=row.output,
    )
    settings.personal  # noqa: B018 - a damaged one is noticed here, where it can be said
    return settings


def _summary(row: RunRow, counts: _Counts) -> RunSummary:
    return RunSummary(
        id=row.id,
        status=row.status,
        started=row.started,
        finished=row.finished,
        model=row.model,
        detector=row.detector,
        thresholds=_thresholds(row),
        images=counts.images,
        failed=counts.failed,
        kept=counts.kept,
        blurred=counts.blurred,
        waiting=counts.waiting,
        before=counts.before,
    )


def _thresholds(row: RunRow) -> Thresholds:
    return Thresholds(row.cosine, row.euclidean, row.threshold_origin)
