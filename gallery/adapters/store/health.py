"""Examines a gallery file: whether SQLite finds it sound, and whether every value in it is one that a gallery holds.

What is found names rows by their numbers, and never says what is in them.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from sqlalchemy import Column, Table
from sqlalchemy.dialects.sqlite import pysqlite

from gallery.adapters.store import spaces
from gallery.adapters.store.columns import AnyText, JsonText, LandmarksText, UtcTime, WordsText
from gallery.adapters.store.connection import connect
from gallery.adapters.store.decisions import decided_face
from gallery.adapters.store.drivers import is_drivers
from gallery.adapters.store.faces import detection_of, quality_of
from gallery.adapters.store.failures import explain
from gallery.adapters.store.files import BUSY_TIMEOUT, GalleryFile
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.overriding import word_of
from gallery.adapters.store.schema import open_file, this_schema
from gallery.adapters.store.shape import differences
from gallery.adapters.store.tables import Base
from gallery.adapters.store.vectors import STORED
from gallery.domain.errors import GalleryError
from gallery.domain.gallery_file import Checked, Finding
from gallery.domain.geometry import Landmarks
from gallery.domain.models import Thresholds
from gallery.domain.people import FaceCrop

LENGTH_TOLERANCE = 1e-3
"""How far from one the length of an embedding may be that its model scales to length one: rounding to float32 makes
less than a thousandth of it, an overwritten value more."""

WITH_THRESHOLDS = ("calibration", "personal_threshold", "own_threshold", "run")
"""Tables whose values make thresholds, which refuse bad numbers as if a user had given them."""

_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, GalleryError)
"""What Python, SQLAlchemy and the domain say of values that are none of theirs."""

_DIALECT = pysqlite.dialect()


@dataclass
class _Tally:
    """How many rows were read."""

    rows: int = 0
    templates: int = 0


def check(path: Path, keys: Keys | None = None, timeout: float = BUSY_TIMEOUT) -> Checked:
    """Examines a gallery.

    Args:
        path: The gallery.
        keys: Where its key is found.
        timeout: Seconds to wait for another process that holds it.

    Raises:
        StoreUnusable: If it is missing, not a gallery, of another schema, or so damaged that it cannot be opened.
    """
    file = open_file(path, create=False, timeout=timeout, keys=keys, as_made=False)
    tally = _Tally()
    with closing(connect(file)) as connection:
        findings = [
            *(Finding(what, how) for what, how in differences(connection, this_schema())),
            *_sound(file, connection),
            *_fitting(file, connection),
            *_readable(file, connection, tally),
            *_templates(file, connection, tally),
        ]
    return Checked(str(path), tally.rows, tally.templates, tuple(dict.fromkeys(findings)))


def unreadable(file: GalleryFile, tables: Collection[str] | None = None) -> Iterator[Finding]:
    """The rows that cannot be read, or that refer to rows which are not there; pictures and templates are left out.

    Args:
        file: The gallery.
        tables: Where to look; everywhere if None.
    """
    with closing(connect(file)) as connection:
        yield from _readable(file, connection, _Tally(), tables)
        if tables is None:
            yield from _fitting(file, connection)


def _sound(file: GalleryFile, connection: sqlite3.Connection) -> Iterator[Finding]:
    """What SQLite finds, and SQLCipher, which has a checksum of every page."""
    pragmas = ["integrity_check"] if file.key is None else ["cipher_integrity_check", "integrity_check"]
    for pragma in pragmas:
        with _reported(file, "the file") as report:
            for (said,) in connection.execute(f"PRAGMA {pragma}"):
                if said != "ok":
                    report.append(Finding("the file", " ".join(str(said).split())))
        yield from report


def _fitting(file: GalleryFile, connection: sqlite3.Connection) -> Iterator[Finding]:
    with _reported(file, "the file") as report:
        for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
            report.append(Finding(f"{table} {row}", f"refers to a row of {parent} that is not there"))
    yield from report


def _readable(
    file: GalleryFile, connection: sqlite3.Connection, tally: _Tally, tables: Collection[str] | None = None
) -> Iterator[Finding]:
    connection.text_factory = _text
    for table in Base.metadata.sorted_tables:
        if tables is not None and table.name not in tables:
            continue
        readers = [_Reader.of(column) for column in table.columns]
        with _reported(file, f"table {table.name}") as report:
            for number, *values in connection.execute(_query(table)):
                tally.rows += 1
                report.extend(_row(table.name, number, dict(zip(readers, values, strict=True))))
        yield from report
    connection.text_factory = str


def _query(table: Table) -> str:
    """All rows; of a template or a picture only whether it is one, because reading them takes long."""
    shown = (
        f"CASE typeof(\"{c.name}\") WHEN 'blob' THEN x'00' END" if _is_blob(c) else f'"{c.name}"' for c in table.columns
    )
    return f'SELECT rowid, {", ".join(shown)} FROM "{table.name}"'  # noqa: S608 - all names are the program's own


def _row(table: str, number: int, values: dict[_Reader, Any]) -> list[Finding]:
    """What is wrong with a row: single values, or else what they make together."""
    row, findings = {}, []
    for reader, value in values.items():
        try:
            row[reader.column] = reader.read(value)
        except _UNREADABLE:
            findings.append(Finding(f"{table} {number}", f"{reader.column} cannot be read"))
    make = _WHOLE.get(table)
    if make is not None and not findings:
        try:
            make(SimpleNamespace(**row))
        except _UNREADABLE:
            findings.append(Finding(f"{table} {number}", "its values do not fit together"))
    return findings


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the values of one column as the program would."""

    column: str
    nullable: bool
    wanted: type | tuple[type, ...]
    convert: Callable[[Any], Any] | None

    @classmethod
    def of(cls, column: Column[Any]) -> _Reader:
        wanted = _WANTED.get(type(column.type)) or _PLAIN.get(column.type.python_type, column.type.python_type)
        convert = column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
        return cls(column.name, bool(column.nullable), wanted, convert)

    def read(self, value: Any) -> Any:
        if value is None and self.nullable:
            return None
        found = value if self.convert is None else self.convert(value)
        if self.wanted is bool and value not in {0, 1}:
            raise TypeError
        if not isinstance(found, self.wanted) or (isinstance(found, float) and not math.isfinite(found)):
            raise TypeError
        return found


_PLAIN: dict[type, type | tuple[type, ...]] = {float: (float, int)}
_WANTED: dict[type, type | tuple[type, ...]] = {
    UtcTime: datetime,
    AnyText: str,
    JsonText: dict,
    WordsText: tuple,
    LandmarksText: Landmarks,
}


def _is_blob(column: Column[Any]) -> bool:
    return not isinstance(column.type, tuple(_WANTED)) and column.type.python_type is bytes


def _text(raw: bytes) -> str | None:
    """Text as SQLite has it; None for what is none, which no column that is read as text takes for a value."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _NoText.NO_TEXT  # type: ignore[return-value]


class _NoText(Enum):
    """Stands for text that is not UTF-8."""

    NO_TEXT = 0


def _run(row: Any) -> None:
    Thresholds(row.cosine, row.euclidean)
    for own in row.policy.get("personal", {}).values():
        Thresholds(**own)


def _thresholds(row: Any) -> None:
    Thresholds(row.cosine, row.euclidean)


def _face(row: Any) -> None:
    detection_of(row)
    quality_of(row)


_WHOLE: dict[str, Callable[[Any], object]] = {
    "model": spaces.space_of,
    "reference": _face,
    "decision": decided_face,
    "run": _run,
    "calibration": _thresholds,
    "personal_threshold": _thresholds,
    "own_threshold": _thresholds,
    "override": word_of,
    "crop": lambda row: FaceCrop(row.picture, row.x, row.y, row.scale),
}
"""What the values of a row make together, by table."""

_TEMPLATES = """
    SELECT template.reference_id, model.name, model.preparation, model.dimension, template.vector
    FROM template JOIN model ON model.id = template.model_id
"""


def _templates(file: GalleryFile, connection: sqlite3.Connection, tally: _Tally) -> Iterator[Finding]:
    """Templates of the wrong dimension or length, or with values that are no numbers."""
    with _reported(file, "table template") as report:
        for reference, model, preparation, dimension, vector in connection.execute(_TEMPLATES):
            tally.templates += 1
            wrong = _wrong_with(vector, dimension, "l2" in preparation.split(", "))
            if wrong:
                report.append(Finding(f"template of reference {reference} under {model}", wrong))
    yield from report


def _wrong_with(vector: Any, dimension: int, unit: bool) -> str:
    if not isinstance(vector, bytes) or len(vector) != dimension * STORED.itemsize:
        return f"has not the {dimension} values of its model"
    values = np.frombuffer(vector, STORED).astype(np.float64)
    if not np.isfinite(values).all():
        return "holds values that are no numbers"
    length = float(np.linalg.norm(values))
    if unit and abs(length - 1) > LENGTH_TOLERANCE:
        return f"has length {length:.4g}, where its model's have length 1"
    return ""


@contextmanager
def _reported(file: GalleryFile, where: str) -> Iterator[list[Finding]]:
    """Collects findings; an error while reading ends the collecting, and is one of them."""
    report: list[Finding] = []
    try:
        yield report
    except _UNREADABLE:
        report.append(Finding(where, "cannot be read to its end"))
    except Exception as error:
        if not is_drivers(error):
            raise
        said = explain(error, file.path).message
        report.append(Finding(where, said.removeprefix(f"The gallery {file.path} ").rstrip(".")))
