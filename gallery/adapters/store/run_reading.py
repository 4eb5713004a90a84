"""Reading of runs, without SQLAlchemy (see `gallery.adapters.store.run_rows`)."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from gallery.adapters.store.run_rows import FACE, IMAGE, RUN, face_of, image_of, reviewed_by, settings_of, summary_of
from gallery.domain.by_hand import SAME_PLACE
from gallery.domain.deciding import WAITING
from gallery.domain.errors import UnknownName
from gallery.domain.geometry import Box
from gallery.domain.runs import Counts, DecidedFace, DoneBefore, ImageRecord, Run, RunSummary

LARGEST_NUMBER = 2**63 - 1
"""SQLite's largest whole number; its driver fails at a larger one."""

_WAITING = ", ".join(f"'{rule.value}'" for rule in sorted(WAITING))
_PHOTOS = """
    SELECT run_id, count(*), sum(status IN ('failed', 'not verified')), sum(status = 'done before'),
        sum(status NOT IN ('failed', 'not verified')
            AND NOT EXISTS (SELECT 1 FROM decision WHERE run_image_id = run_image.id))
    FROM run_image {where} GROUP BY run_id
"""
_FACES = f"""
    SELECT run_id, sum(verdict = 'keep'), sum(verdict = 'blur'), sum(rule IN ({_WAITING}))
    FROM decision JOIN run_image ON run_image.id = run_image_id {{where}} GROUP BY run_id
"""  # noqa: S608 - the values of our own enumeration
_PLACE = ("box_x", "box_y", "box_width", "box_height")
_SETTLED = f"""
    SELECT run_id, decision.id, {", ".join(f"decision.{side}, override.{side}" for side in _PLACE)}
    FROM override JOIN run_image ON run_image.sha256 = override.sha256 JOIN decision ON run_image_id = run_image.id
    WHERE rule IN ({_WAITING}) {{where}}
"""  # noqa: S608 - likewise
_RUN = ", ".join(f'"{name}"' for name in RUN)
_IMAGE = ", ".join(f'"{name}"' for name in IMAGE)
_FACE = ", ".join(f'decision."{name}"' for name in FACE)


def summaries(connection: sqlite3.Connection) -> list[RunSummary]:
    """All runs, the newest first; SQLite does the counting."""
    connection.execute("BEGIN")  # all queries see one state
    try:
        rows = connection.execute(f"SELECT {_RUN} FROM run ORDER BY id DESC").fetchall()  # noqa: S608 - our own names
        counts, settled = _counts(connection, "", ()), _settled(connection, "", ())
    finally:
        connection.execute("ROLLBACK")
    named = [_named(row) for row in rows]
    rewritten = _rewritten((row["id"], row["policy"]) for row in reversed(named))
    return [
        summary_of(row, counts.get(row["id"], Counts()), settled[row["id"]], rewritten.get(row["id"], ()))
        for row in named
    ]


def run(connection: sqlite3.Connection, number: int) -> Run:
    """One run without its photos.

    Raises:
        UnknownName: If there is no run of that number.
    """
    row = None
    if abs(number) <= LARGEST_NUMBER:
        row = connection.execute(f"SELECT {_RUN} FROM run WHERE id = ?", (number,)).fetchone()  # noqa: S608
    if row is None:
        raise UnknownName(f"There is no run {number}.", "'gallery audit' lists all runs.")
    named = _named(row)
    settled = _settled(connection, "AND run_id = ?", (number,))[number]
    later = connection.execute("SELECT id, policy FROM run WHERE id > ? ORDER BY id", (number,))
    summary = summary_of(named, count(connection, number), settled, _rewritten(later).get(number, ()))
    return Run(summary, settings_of(named))


def count(connection: sqlite3.Connection, number: int) -> Counts:
    """The photos and faces of a run that are there."""
    return _counts(connection, "WHERE run_id = ?", (number,)).get(number, Counts())


def images(connection: sqlite3.Connection, number: int) -> Iterator[ImageRecord]:
    """The photos of a run with their faces, one after the other, as they were when the first was asked for.

    Args:
        connection: To the gallery, within a transaction.
        number: The run's.
    """
    faces = _faces(connection, number)
    later = next(faces, None)
    query = f"SELECT id, {_IMAGE} FROM run_image WHERE run_id = ? ORDER BY id"  # noqa: S608 - our own names
    for image, *values in connection.execute(query, (number,)):
        found: list[DecidedFace] = []
        while later is not None and later[0] == image:
            found.append(later[1])
            later = next(faces, None)
        yield image_of(tuple(values), tuple(found))


def done_before(
    connection: sqlite3.Connection, settings: str, photo: str, state: str, output: str
) -> DoneBefore | None:
    """The last run that did a photo like that and verified it.

    Args:
        connection: To the gallery, within a transaction.
        settings: `RunSettings.fingerprint`.
        photo: SHA-256 of the photo.
        state: `ImageRecord.state`.
        output: SHA-256 of the output.
    """
    names = ", ".join(f'run_image."{name}"' for name in IMAGE)
    found = connection.execute(
        f"SELECT run_image.id, run_id, {names} FROM run_image JOIN run ON run.id = run_id"  # noqa: S608 - our own names
        " WHERE output_sha256 = ? AND sha256 = ? AND state = ? AND run_image.status = 'ok' AND verified IS NOT NULL"
        " AND settings_sha256 = ? ORDER BY run_image.id DESC LIMIT 1",
        (output, photo, state, settings),
    ).fetchone()
    if found is None:
        return None
    image, run, *values = found
    query = f"SELECT {_FACE} FROM decision WHERE run_image_id = ? ORDER BY position"  # noqa: S608 - our own names
    return DoneBefore(run, image_of(tuple(values), tuple(map(face_of, connection.execute(query, (image,))))))


def _faces(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, DecidedFace]]:
    query = (
        f"SELECT run_image.id, {_FACE} FROM run_image JOIN decision ON run_image_id = run_image.id"  # noqa: S608
        " WHERE run_id = ? ORDER BY run_image.id, position"
    )
    for image, *values in connection.execute(query, (number,)):
        yield image, face_of(tuple(values))


def _counts(connection: sqlite3.Connection, where: str, values: tuple[int, ...]) -> dict[int, Counts]:
    faces = {run: numbers for run, *numbers in connection.execute(_FACES.format(where=where), values)}
    found = {}
    for run, images, failed, before, faceless in connection.execute(_PHOTOS.format(where=where), values):
        kept, blurred, waiting = faces.get(run, (0, 0, 0))
        found[run] = Counts(images, failed, kept, blurred, waiting, before, faceless)
    return found


def _settled(connection: sqlite3.Connection, where: str, values: tuple[int, ...]) -> Counter[int]:
    """How many of the faces that waited somebody has decided on since, by the run."""
    found: set[tuple[int, int]] = set()
    for run, face, *both in connection.execute(_SETTLED.format(where=where), values):
        if Box(*both[::2]).overlap(Box(*both[1::2])) >= SAME_PLACE:
            found.add((run, face))
    return Counter(run for run, _ in found)


def _rewritten(policies: Iterable[tuple[int, str]]) -> dict[int, list[int]]:
    """The runs that wrote photos of another anew, by the number of that one."""
    found: dict[int, list[int]] = {}
    for run, policy in policies:
        reviewed = reviewed_by(policy)
        if reviewed is not None:
            found.setdefault(reviewed, []).append(run)
    return found


def _named(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(RUN, row, strict=True))
