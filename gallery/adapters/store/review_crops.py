"""Pictures of faces that wait for a person's word, and what runs did with photos that somebody decided on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from gallery.adapters.store.run_rows import FACE, IMAGE, face_of, image_of, text_of, whereabouts_of
from gallery.adapters.store.tables import DecisionRow, ReviewCropRow, RunImageRow
from gallery.domain.by_hand import SAME_PLACE
from gallery.domain.deciding import WAITING
from gallery.domain.geometry import Box
from gallery.domain.reviewing import Recorded


def add(session: Session, row: RunImageRow, crops: Mapping[int, bytes]) -> None:
    """Keeps pictures of a photo's faces.

    Args:
        session: A writing transaction.
        row: The photo, recorded.
        crops: The pictures by the faces' positions, from 0.

    Raises:
        ValueError: If a face waits for nobody's word: of such no picture may be kept.
    """
    for position, picture in crops.items():
        decision = row.decisions[position]
        if decision.rule not in WAITING:
            raise ValueError("no picture is kept of a face that does not wait for a person's word")
        session.add(ReviewCropRow(decision_id=decision.id, picture=picture))


def get(session: Session, run: int, image: int, face: int) -> bytes | None:
    """The picture of a face, None where there is none.

    Args:
        session: A transaction.
        run: The run's number.
        image: Which of its photos, from 0.
        face: Which of the photo's faces, from 1.
    """
    number = _decision(session, run, image, face)
    return session.scalar(select(ReviewCropRow.picture).where(ReviewCropRow.decision_id == number))


def put(session: Session, run: int, image: int, face: int, picture: bytes) -> None:
    """Puts a picture back that `drop` removed; nothing where the face has gone."""
    number = _decision(session, run, image, face)
    if number is not None:
        session.merge(ReviewCropRow(decision_id=number, picture=picture))


def drop(session: Session, run: int, image: int, face: int) -> bool:
    """Removes a picture; returns whether there was one."""
    number = _decision(session, run, image, face)
    return _deleted(session, select(ReviewCropRow.decision_id).where(ReviewCropRow.decision_id == number)) > 0


def drop_all(session: Session, run: int) -> int:
    """Removes all pictures of a run; returns how many there were."""
    of_run = select(DecisionRow.id).join(RunImageRow, DecisionRow.run_image_id == RunImageRow.id)
    return _deleted(session, of_run.where(RunImageRow.run_id == run))


def overridden(connection: sqlite3.Connection) -> list[Recorded]:
    """What runs did with the photos that somebody decided on by hand, or once had, in the order in which they did."""
    names = ", ".join(f'run_image."{name}"' for name in IMAGE)
    columns = ", ".join(f'"{name}"' for name in FACE)
    found = connection.execute(
        f"SELECT run_image.id, run_id, run.started, run.output, policy, {names} FROM run_image"  # noqa: S608 - our own names
        " JOIN run ON run.id = run_id WHERE sha256 IN (SELECT sha256 FROM override UNION SELECT sha256 FROM run_image"
        " JOIN decision ON run_image_id = run_image.id WHERE rule = 'by hand') ORDER BY run_image.id"
    ).fetchall()
    faces = f"SELECT {columns} FROM decision WHERE run_image_id = ? ORDER BY position"  # noqa: S608 - our own names
    return [
        Recorded(
            run,
            datetime.fromisoformat(started).replace(tzinfo=UTC),
            text_of(output),
            image_of(tuple(values), tuple(map(face_of, connection.execute(faces, (number,))))),
            *whereabouts_of(json.loads(policy)),
        )
        for number, run, started, output, policy, *values in found
    ]


def drop_of(session: Session, sha256: str, box: Box) -> None:
    """Removes every picture of a face, whichever run it was kept for: a word on the face settles it in all of them."""
    rows = session.execute(
        select(DecisionRow.id, DecisionRow.box_x, DecisionRow.box_y, DecisionRow.box_width, DecisionRow.box_height)
        .join(ReviewCropRow, ReviewCropRow.decision_id == DecisionRow.id)
        .join(RunImageRow, DecisionRow.run_image_id == RunImageRow.id)
        .where(RunImageRow.sha256 == sha256)
    )
    those = [number for number, *place in rows if Box(*place).overlap(box) >= SAME_PLACE]
    session.execute(delete(ReviewCropRow).where(ReviewCropRow.decision_id.in_(those)))


def _decision(session: Session, run: int, image: int, face: int) -> int | None:
    photo = select(RunImageRow.id).where(RunImageRow.run_id == run).order_by(RunImageRow.id).offset(image).limit(1)
    return session.scalar(
        select(DecisionRow.id).where(
            DecisionRow.run_image_id == photo.scalar_subquery(), DecisionRow.position == face - 1
        )
    )


def _deleted(session: Session, which: Any) -> int:
    count = session.scalar(select(func.count()).select_from(ReviewCropRow).where(ReviewCropRow.decision_id.in_(which)))
    session.execute(delete(ReviewCropRow).where(ReviewCropRow.decision_id.in_(which)))
    return count or 0
