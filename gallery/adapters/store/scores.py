"""Reading of what statistics need of the decisions, without SQLAlchemy and without an object for each of them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import numpy as np

from gallery.adapters.store import run_reading
from gallery.adapters.store.run_rows import RUN, settings_of, summary_of
from gallery.domain.deciding import Verdict
from gallery.domain.runs import Counts, ImageStatus, RunStatus
from gallery.domain.score_statistics import RULES, ScoredRun, Scores

_FAILED = (ImageStatus.FAILED.value, ImageStatus.UNVERIFIED.value)
_RUNS = ", ".join(f'"{name}"' for name in RUN)
_PHOTOS = "SELECT id, run_id, status, coalesce(earlier, 0) FROM run_image {where} ORDER BY id"
_FACES = """
    SELECT run_image_id, verdict, rule, identity, cosine FROM decision
    JOIN run_image ON run_image.id = run_image_id {where}
"""


def scores(connection: sqlite3.Connection, run: int | None) -> Scores:
    """All decisions of one run, or of all.

    Args:
        connection: To the gallery.
        run: The run's number; None for all runs.

    Raises:
        UnknownName: If there is no run of that number.
    """
    where, values = ("", ()) if run is None else ("WHERE run_id = ?", (run,))
    connection.execute("BEGIN")  # all queries see one state
    try:
        if run is not None:
            run_reading.run(connection, run)
        query = f"SELECT {_RUNS} FROM run {where.replace('run_id', 'id')} ORDER BY id"  # noqa: S608 - our own names
        runs = tuple(_run(dict(zip(RUN, row, strict=True))) for row in connection.execute(query, values))
        photos = connection.execute(_PHOTOS.format(where=where), values).fetchall()
        faces = connection.execute(_FACES.format(where=where), values).fetchall()
    finally:
        connection.execute("ROLLBACK")
    return _columns(runs, photos, faces)


def _run(row: dict[str, Any]) -> ScoredRun:
    settings, summary = settings_of(row), summary_of(row, Counts())
    return ScoredRun(
        summary.id,
        summary.started,
        summary.status is RunStatus.RUNNING,
        settings.space,
        settings.thresholds,
        len(settings.personal),
        None if row["counts"] is None else Counts(**json.loads(row["counts"])),
    )


def _columns(runs: tuple[ScoredRun, ...], photos: list[tuple[Any, ...]], faces: list[tuple[Any, ...]]) -> Scores:
    ids, of_runs, statuses, earlier = zip(*photos, strict=True) if photos else ((), (), (), ())
    of_photos, verdicts, rules, names, cosines = zip(*faces, strict=True) if faces else ((), (), (), (), ())
    places = {rule.value: place for place, rule in enumerate(RULES)}
    known = tuple(sorted({name for name in names if name is not None}))
    persons: dict[str | None, int] = {name: place for place, name in enumerate(known)}
    return Scores(
        runs=runs,
        names=known,
        photo_run=np.searchsorted([run.id for run in runs], np.array(of_runs, np.int64)),
        photo_failed=np.isin(np.array(statuses, object), _FAILED),
        photo_earlier=np.array(earlier, np.int64),
        face_photo=np.searchsorted(np.array(ids, np.int64), np.array(of_photos, np.int64)),
        face_kept=np.array([verdict == Verdict.KEEP.value for verdict in verdicts], np.bool_),
        face_rule=np.array([places[rule] for rule in rules], np.int64),
        face_person=np.array([persons.get(name, -1) for name in names], np.int64),
        face_cosine=np.array(cosines, np.float64),  # None becomes what is not a number
    )
