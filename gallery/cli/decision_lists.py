"""Decisions of a run as one list: a table of single lines, or CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from rich.console import Console

from gallery.cli import long_table
from gallery.cli.tables import short_path

if TYPE_CHECKING:
    from gallery.domain.auditing import Found
    from gallery.domain.runs import ImageRecord, RunSettings, RunSummary

COLUMNS = ("photo", "#", "closest", "cosine", "of limit", "decision", "reason")

_RIGHT = frozenset([1, 3, 4])
_PATH, _NAME, _LONGEST_NAME, _OTHERS = 21, 12, 24, (6, 8, 8, 16)
"""Widths in 80 columns; where there is more room, the name gets some of it, and the path the rest."""

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
    "normalised",
    "age",
)
"""Of the CSV file."""


def write_table(out: Console, found: Iterable[Found]) -> tuple[int, int]:
    """One line for each face, as wide as the console and as soon as it is there.

    Returns:
        How many faces there were, and in how many photos.
    """
    faces, photos = 0, set()

    def rows(room: int) -> Iterator[list[str]]:
        nonlocal faces
        for one in found:
            faces += 1
            photos.add(one.image.source)
            yield _cells(one, room)

    _write(out, rows)
    return faces, len(photos)


def write_photos(out: Console, images: Iterable[ImageRecord], settings: RunSettings) -> int:
    """One line for each face of the photos, and one for each photo without; returns how many photos there were."""
    from gallery.domain.auditing import Question, faces_among

    count = 0

    def rows(room: int) -> Iterator[list[str]]:
        nonlocal count
        for count, image in enumerate(images, 1):  # noqa: B007 - it is told in the end
            yield from (_cells(one, room) for one in faces_among(settings, [image], Question()))
            if not image.faces:
                why = image.status.value if image.failed else "no face found"
                yield [short_path(image.source, room), "–", "–", "–", "–", "–", why]

    _write(out, rows)
    return count


def _write(out: Console, rows: Callable[[int], Iterator[list[str]]]) -> None:
    more = max(0, out.width - _WIDTH)
    name = min(_LONGEST_NAME, _NAME + more // 3)
    path = _PATH + more - (name - _NAME)
    long_table.write_lines(out.file, COLUMNS, rows(path), _RIGHT, (path, 3, name, *_OTHERS))


_WIDTH = 80


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


def write_csv(out: IO[str], found: Iterable[Found]) -> None:
    """All that is known of each face, with a head, for spreadsheets; what would be taken for a formula gets a `'`."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for one in found:
        writer.writerow([harmless(value) for value in _values(one)])


RUNS = ("run", "started (UTC)", "status", "by", "photos", "faces", "kept", "blurred", "review", "failed", "time")
"""Columns of a long list of runs."""


def write_runs(out: Console, runs: Sequence[RunSummary]) -> None:
    """One line for each of many runs."""
    from gallery.cli.tables import duration

    rows = [
        [
            *(str(run.id), f"{run.started:%Y-%m-%d %H:%M}", "pruned" if run.pruned else run.status.value, run.by),
            *map(str, (run.images, run.kept + run.blurred, run.kept, run.blurred)),
            *("–" if run.pruned else str(run.still_waiting), str(run.failed), duration(run.seconds)),
        ]
        for run in runs
    ]
    long_table.write(out.file, out.width, RUNS, rows, frozenset([0, *range(4, 11)]), give=(1, 3, 2))


def write_runs_csv(out: IO[str], runs: Iterable[RunSummary]) -> None:
    """One line for each run, with a head."""
    from gallery.cli.documents import of_summary

    writer = csv.writer(out, lineterminator="\n")
    for place, run in enumerate(runs):
        known = of_summary(run)
        limits = known.pop("thresholds")
        known["rewritten_in"] = " ".join(map(str, run.rewritten_in))
        known |= {"cosine": limits["cosine"], "euclidean": limits["euclidean"], "origin": limits["origin"]}
        if place == 0:
            writer.writerow(known)
        writer.writerow(["" if value is None else harmless(value) for value in known.values()])


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
        *(("" if value is None else value) for value in ((closest.normalised, closest.age) if closest else ("", ""))),
    ]


def harmless(value: object) -> object:
    """What a spreadsheet takes for text: what would be a formula gets a `'` before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
