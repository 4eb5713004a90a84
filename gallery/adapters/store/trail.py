"""The chain of hashes over runs, photos and decisions; see `gallery.domain.trail`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from gallery.domain.trail import FIRST, Event, Row, digest, entry_hash

TIME = "%Y-%m-%d %H:%M:%S.%f"
"""How the tables keep a moment (see `gallery.adapters.store.columns.UtcTime`)."""

Query = Callable[[str, tuple[Any, ...]], Iterator[tuple[Any, ...]]]
"""Asks the gallery and gives the rows as SQLite keeps them."""

RUN = (
    *("status", "started", "finished", "by", "program", "model", "model_sha256", "preparation", "dimension"),
    *("detector", "detector_sha256", "cosine", "euclidean", "threshold_origin", "policy", "redaction"),
    *("identities", "templates", "output", "settings_sha256", "pruned", "pruned_by", "counts"),
)
IMAGE = (
    *("run_id", "source", "status", "sha256", "width", "height", "output", "output_sha256", "error", "remarks"),
    *("verified", "state", "earlier", "output_mark"),
)
DECISION = (
    *("id", "position", "verdict", "rule", "reason", "identity_id", "identity", "reference_id", "cosine", "euclidean"),
    *("runner_up_id", "runner_up", "runner_up_reference_id", "runner_up_cosine", "runner_up_euclidean", "residual"),
    *("box_x", "box_y", "box_width", "box_height", "score", "landmarks", "size", "sharpness", "as_meant"),
    *("keeps_id", "keeps"),
    *("normalised", "age", "runner_up_normalised", "runner_up_age"),
)
"""What a digest covers. Columns may be added, if those of older rows hold nothing; none may be taken away."""

Key = tuple[int, int | None]
"""A record: the number of the run, and that of the photo's row; None for the run itself."""


def new_salt() -> str:
    """A salt that nobody can guess."""
    return secrets.token_hex(16)


def asking(session: Session) -> Query:
    """Asks within a transaction."""
    connection = session.connection()
    return lambda query, values: iter(connection.exec_driver_sql(query, values))


def run_digest(ask: Query, run: int) -> str:
    """The digest of a run's record as it is now, its photos left aside."""
    (salt, row), *_ = _salted(ask, "run", RUN, "id = ?", run)
    return digest(salt, [row])


def digest_before_end(ask: Query, run: int) -> str:
    """The digest that a run's record had before the run ended, of the record as it is now."""
    (salt, row), *_ = _salted(ask, "run", RUN, "id = ?", run)
    return digest(salt, [{**row, "status": "running", "finished": None}])


def image_digest(ask: Query, image: int) -> str:
    """The digest of a photo's record as it is now, with its decisions."""
    (salt, row), *_ = _salted(ask, "run_image", IMAGE, "id = ?", image)
    return digest(salt, [row, *_rows(ask, "decision", DECISION, "run_image_id = ? ORDER BY position", image)])


def digests(ask: Query) -> dict[Key, str]:
    """The digests of all records as they are now."""
    found: dict[Key, str] = {}
    for (run,) in list(ask("SELECT id FROM run ORDER BY id", ())):
        found[run, None] = run_digest(ask, run)
        for image, made in image_digests(ask, run):
            found[run, image] = made
    return found


def image_digests(ask: Query, run: int) -> Iterator[tuple[int, str]]:
    """The digests of a run's photos as they are now, by their rows' numbers, in order; two queries for all."""
    decisions = _decisions(ask, run)
    later = next(decisions, None)
    names = ", ".join(f'"{name}"' for name in IMAGE)
    query = f"SELECT id, salt, {names} FROM run_image WHERE run_id = ? ORDER BY id"  # noqa: S608 - our own names
    for image, salt, *values in list(ask(query, (run,))):
        rows: list[Row] = [dict(zip(IMAGE, values, strict=True))]
        while later is not None and later[0] == image:
            rows.append(later[1])
            later = next(decisions, None)
        yield image, digest(salt, rows)


def last_digests(ask: Query) -> dict[Key, str]:
    """What the trail says of each record: the digest of the last entry about it."""
    rows = ask("SELECT run, image, digest FROM trail ORDER BY id", ())
    return {(run, image): made for run, image, made in rows}


def append(session: Session, event: Event, record: Key, made: str, now: datetime) -> None:
    """Adds an entry.

    Args:
        session: A writing transaction, so that nobody else adds one meanwhile.
        event: What it is about.
        record: Which record.
        made: Its digest.
        now: The moment.
    """
    run, image = record
    connection = session.connection()
    last = connection.exec_driver_sql("SELECT sha256 FROM trail ORDER BY id DESC LIMIT 1").first()
    # SQLite's own count of numbers given, so that the gap stays where somebody removed the last entries.
    given = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'trail'").scalar()
    number, previous = (given or 0) + 1, last[0] if last else FIRST
    at = now.astimezone(UTC).strftime(TIME)
    sealed = entry_hash(number, at, event.value, run, image, made, previous)
    connection.exec_driver_sql(
        "INSERT INTO trail (id, at, event, run, image, digest, previous, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, at, event.value, run, image, made, previous, sealed),
    )


def seal_run(session: Session, event: Event, run: int, now: datetime) -> None:
    """Adds an entry with the digest of a run's record as it is now."""
    session.flush()
    append(session, event, (run, None), run_digest(asking(session), run), now)


def seal_image(session: Session, event: Event, run: int, image: int, now: datetime) -> None:
    """Adds an entry with the digest of a photo's record as it is now."""
    session.flush()
    append(session, event, (run, image), image_digest(asking(session), image), now)


def seal_rewritten(session: Session, before: dict[Key, str], now: datetime) -> None:
    """Adds entries for the records that were rightly rewritten, and gives them new salts.

    A record that did not fit the trail before is left as it is: it must not come to fit it by this.

    Args:
        session: A writing transaction.
        before: `digests`, before they were rewritten.
        now: The moment.
    """
    session.flush()
    session.expire_all()
    ask = asking(session)
    said = last_digests(ask)
    for (run, image), made in digests(ask).items():
        if made == before.get((run, image)) or said.get((run, image)) != before.get((run, image)):
            continue
        table, key = ("run", run) if image is None else ("run_image", image)
        salted = f"UPDATE {table} SET salt = ? WHERE id = ?"  # noqa: S608 - one of our own two tables
        session.connection().exec_driver_sql(salted, (new_salt(), key))
        anew = run_digest(ask, run) if image is None else image_digest(ask, image)
        append(session, Event.FORGOTTEN, (run, image), anew, now)


def _salted(ask: Query, table: str, columns: tuple[str, ...], where: str, value: int) -> list[tuple[str, Row]]:
    rows = _rows(ask, table, ("salt", *columns), where, value)
    return [(str(row["salt"]), {name: row[name] for name in columns}) for row in rows]


def _rows(ask: Query, table: str, columns: tuple[str, ...], where: str, value: int) -> list[Row]:
    names = ", ".join(f'"{name}"' for name in columns)
    found = ask(f'SELECT {names} FROM "{table}" WHERE {where}', (value,))  # noqa: S608 - our own names
    return [dict(zip(columns, row, strict=True)) for row in found]


def _decisions(ask: Query, run: int) -> Iterator[tuple[int, Row]]:
    names = ", ".join(f'decision."{name}"' for name in DECISION)
    query = (
        f"SELECT run_image_id, {names} FROM decision JOIN run_image ON run_image.id = run_image_id"  # noqa: S608
        " WHERE run_id = ? ORDER BY run_image_id, position"
    )
    for image, *values in ask(query, (run,)):
        yield image, dict(zip(DECISION, values, strict=True))
