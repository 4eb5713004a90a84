"""Decisions of a run as one list: a table of single lines, or CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from rich.console import Console

from gallery.cli import long_table
from gallery.cli.tables import short_path

if TYPE_CHECKING:
    from gallery.domain.auditing import Found

COLUMNS = ("photo", "#", "closest", "cosine", "of limit", "decision", "reason")

_LEAST_PATH, _THE_REST = 16, 58
"""Columns that a path gets at least, and that the other cells take as a rule."""

FIELDS = (
    "source",
    "face",
    "x",
    "y",
    "width",
    "height",
    "decision",
    "rule",
    "reason",
    "closest",
    "reference",
    "cosine",
    "euclidean",
    "share_of_threshold",
    "runner_up",
    "runner_up_cosine",
    "size",
    "sharpness",
    "residual",
    "output",
)
"""Of the CSV file."""


def write_table(out: Console, found: Sequence[Found]) -> None:
    """One line for each face, as wide as the console."""
    room = max(_LEAST_PATH, out.width - _THE_REST)
    rows = [_cells(one, room) for one in found]
    long_table.write(out.file, out.width, COLUMNS, rows, frozenset([1, 3, 4]), give=(2, 6, 0))


def _cells(one: Found, room: int) -> list[str]:
    decision, closest = one.face.decision, one.face.decision.candidate
    return [
        short_path(one.image.source, room),
        str(one.number),
        closest.identity if closest else "–",
        f"{closest.cosine:.3f}" if closest else "–",
        f"{one.share:.2f}" if math.isfinite(one.share) else "–",
        decision.verdict.value,
        decision.rule.value,
    ]


def write_csv(out: IO[str], found: Sequence[Found]) -> None:
    """All that is known of each face, with a head, for spreadsheets; what would be taken for a formula gets a `'`."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for one in found:
        writer.writerow([_harmless(value) for value in _values(one)])


def _values(one: Found) -> list[object]:
    face, decision = one.face, one.face.decision
    closest, second = decision.candidate, decision.runner_up
    return [
        one.image.source,
        one.number,
        *face.detection.box.as_list(),
        decision.verdict.value,
        decision.rule.value,
        decision.reason,
        *((closest.identity, closest.reference, closest.cosine, closest.euclidean) if closest else ("", "", "", "")),
        one.share if math.isfinite(one.share) else "",
        *((second.identity, second.cosine) if second else ("", "")),
        face.quality.size,
        face.quality.sharpness,
        "" if face.residual is None else face.residual,
        one.image.output or "",
    ]


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
