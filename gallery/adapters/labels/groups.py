"""Tables of what is known of faces: a CSV file with a column `file`; every other column puts the faces into groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from gallery.adapters.labels.boxes import photo_files
from gallery.adapters.labels.lines import lines_of, text_of
from gallery.domain.errors import BadLabels
from gallery.domain.paths import shown

FILE = "file"
"""The column that names the photos, by their paths below the folder of photos."""


def read_groups(file: Path, folder: Path) -> dict[Path, dict[str, str]]:
    """Reads what is known of each photo's face: by column, an empty text where nothing is.

    Raises:
        BadLabels: If the table cannot be read, has no column `file` or no other, a column without a name or two of one
            name, or names fewer than two photos, one twice or one that is not there.
    """
    lines = csv.reader(io.StringIO(text_of(file), newline=""), strict=True)
    try:
        columns = [name.strip() for name in next(lines, [])]
        _require_columns(file, columns)
        found: dict[str, dict[str, str]] = {}
        for row in lines:
            if row:
                _add(found, _row(file, lines.line_num, columns, row), f"{shown(file)}, line {lines.line_num}")
    except csv.Error as error:
        raise BadLabels(f"{shown(file)}, line {lines.line_num}, is not CSV: {error}.", "Correct the line.") from error
    if len(found) < 2:
        raise BadLabels(f"{shown(file)} names {len(found)} photos; two are needed.", "Give a line for each photo.")
    return photo_files(folder, found, file)


def without_repeated(known: Mapping[Path, dict[str, str]], file: Path) -> dict[Path, dict[str, str]]:
    """What is known of photos of different people, where some of them show the same.

    Args:
        known: As `read_groups` gives it.
        file: On each line photos that show one person, by their names, with or without the ending; the first that is
            there stays.

    Raises:
        BadLabels: If the file cannot be read, names no photo that is there, or has a line of a single name.
    """
    by_name = {name: path for path in known for name in (path.stem, path.name)}
    again: set[Path] = set()
    for line in lines_of(file):
        if len(line.words) < 2:
            line.refuse("a person's: two or more photos that show the same one")
        again.update(list(dict.fromkeys(by_name[word] for word in line.words if word in by_name))[1:])
    if not again:
        raise BadLabels(
            f"{shown(file)} names no two photos that are compared.", "Check that it belongs to these photos."
        )
    return {path: said for path, said in known.items() if path not in again}


def _require_columns(file: Path, columns: list[str]) -> None:
    if FILE not in columns or len(columns) < 2 or not all(columns):
        raise BadLabels(
            f"{shown(file)} must begin with a line of column names, with {FILE!r} and at least one other among them.",
            "As in: file,age,gender",
        )
    if len(set(columns)) < len(columns):
        raise BadLabels(f"{shown(file)} has two columns of one name.", "Give each column a name of its own.")


def _row(file: Path, number: int, columns: list[str], row: list[str]) -> dict[str, str]:
    if len(row) != len(columns):
        raise BadLabels(
            f"{shown(file)}, line {number}: {len(row)} values do not go with {len(columns)} columns.",
            "Correct the line.",
        )
    return dict(zip(columns, (value.strip() for value in row), strict=True))


def _add(found: dict[str, dict[str, str]], row: dict[str, str], where: str) -> None:
    name = row.pop(FILE)
    if not name:
        raise BadLabels(f"{where}: no photo is named.", "Correct the line.")
    if name in found:
        raise BadLabels(f"{where}: the photo {name!r} stands there twice.", "Keep one of the lines.")
    found[name] = row
