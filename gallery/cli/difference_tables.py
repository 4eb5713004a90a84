"""What differs between two runs, as tables, sentences and CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gallery.cli import long_table
from gallery.cli.decision_lists import harmless
from gallery.cli.tables import counted, facts, plain_table, short_path

if TYPE_CHECKING:  # NumPy comes with these
    from gallery.domain.differing import Change, Difference, Numbered
    from gallery.domain.runs import ImageRecord

ROOMY = 112
"""Columns from which on the rules are shown, too."""
NONE = "–"
"""Stands for a face that was not found, and for a distance that there is none of."""

_MOST_NAMED = 20
"""Photos that are named in a sentence."""

_COLUMNS = ("photo", "#", "person", "decision", "cosine", "cause")
_RULE = "rule"

FIELDS = (
    "source",
    "face_before",
    "face_after",
    "person_before",
    "person_after",
    "decision_before",
    "decision_after",
    "rule_before",
    "rule_after",
    "cosine_before",
    "cosine_after",
    "cause",
    "other_causes",
    "normalised_before",
    "normalised_after",
)
"""Of the CSV file."""


def settings(found: Difference) -> Table:
    """What was set otherwise."""
    table = plain_table("Set otherwise")
    table.add_column("", overflow="fold", min_width=12, style="bold")
    for run in (found.before, found.after):
        table.add_column(f"run {run.summary.id}", overflow="fold", min_width=10)
    for one in found.settings:
        table.add_row(escape(one.name), *(escape(_value(value)) for value in (one.before, one.after)))
    return table


def _value(value: object) -> str:
    if value is None:
        return NONE
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def write_changes(out: Console, found: Difference) -> None:
    """One line for each decision that differs, as wide as the console; many in lines that are cut."""
    roomy = out.width >= ROOMY
    head = [*_COLUMNS[:4], _RULE, *_COLUMNS[4:]] if roomy else list(_COLUMNS)
    longest = max(16, out.width - (100 if roomy else 62))
    rows = [_cells(change, roomy, longest) for change in found.changes]
    if len(rows) >= long_table.FROM:
        give = (2, 4, 0) if roomy else (2, 0)
        long_table.write(out.file, out.width, head, rows, frozenset([1]), give=(*give, len(head) - 1))
        return
    table = plain_table()
    for name in head:
        folds = name in ("photo", "person", "cause", _RULE)
        table.add_column(name, overflow="fold", no_wrap=not folds, min_width=8 if folds else None)
    for row in rows:
        table.add_row(*map(escape, row))
    out.print(table)


def _cells(change: Change, roomy: bool, longest: int) -> list[str]:
    return [
        short_path(change.photo.after.source, longest),
        _both(_number(change.before), _number(change.after), once=True),
        _people(change),
        _both(_verdict(change.before), _verdict(change.after)),
        *([_both(_rule(change.before), _rule(change.after))] if roomy else []),
        _both(_cosine(change.before), _cosine(change.after)),
        ", ".join(cause.value for cause in change.causes),
    ]


def _both(before: str, after: str, once: bool = False) -> str:
    """Before and after; of equal words only one, if that is enough."""
    return before if once and before == after else f"{before} → {after}"


def _people(change: Change) -> str:
    before, after = _person(change.before), _person(change.after)
    return _both(before, after, once=True) if NONE not in (before, after) else change.person or NONE


def _number(side: Numbered | None) -> str:
    return str(side.number) if side else NONE


def _verdict(side: Numbered | None) -> str:
    return side.face.decision.verdict.value if side else NONE


def _rule(side: Numbered | None) -> str:
    return side.face.decision.rule.value if side else NONE


def _person(side: Numbered | None) -> str:
    return side.face.decision.candidate.identity if side and side.face.decision.candidate else NONE


def _cosine(side: Numbered | None) -> str:
    return f"{side.face.decision.candidate.cosine:.3f}" if side and side.face.decision.candidate else NONE


def photos(found: Difference) -> Table:
    """The photos of which more is to be said than what was decided."""
    first, second = found.before.summary.id, found.after.summary.id
    failed = [(found.before, [p.before for p in found.failed_once if p.before.failed])]
    failed += [(found.after, [p.after for p in found.failed_once if p.after.failed])]
    listed = [
        (f"only in run {first}", list(found.photos.before)),
        (f"only in run {second}", list(found.photos.after)),
        *((f"failed in run {run.summary.id} only", images) for run, images in failed),
        ("photo changed", [pair.after for pair in found.edited]),
    ]
    return facts((name, f"{len(images)}: {_named(images)}") for name, images in listed if images)


def _named(images: Sequence[ImageRecord]) -> str:
    more = len(images) - _MOST_NAMED
    return ", ".join(short_path(image.source) for image in images[:_MOST_NAMED]) + (
        f" and {more} more; --json names all" if more > 0 else ""
    )


def summary(found: Difference) -> str:
    """How many decisions differ, and why, in a few sentences."""
    first, second = found.before.summary.id, found.after.summary.id
    compared = f"{counted(len(found.photos.both), 'photo')} and {counted(found.faces, 'face')} are in both runs."
    if found.nothing:
        return f"{compared} Nothing changed from run {first} to run {second}."
    if not found.changes:
        return f"{compared} No decision changed."
    why = ", ".join(f"{count} {cause.value}" for cause, count in found.by_cause.items())
    shown, hidden = sum(c.shown for c in found.changes), sum(c.hidden for c in found.changes)
    lines = [
        compared,
        f"{counted(len(found.changes), 'decision')} changed, by decisive cause: {why}.",
        f"Visible only in run {first}: {counted(hidden, 'face')}. Visible only in run {second}: "
        f"{counted(shown, 'face')}.",
    ]
    if any(change.found_once for change in found.changes):
        lines.append(f"{NONE} stands for a face that was not found in that run; there it was not blurred.")
    return "\n".join(lines)


def write_csv(out: IO[str], found: Difference) -> None:
    """The decisions that differ, with a head, for spreadsheets; what would be taken for a formula gets a `'`."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    for change in found.changes:
        writer.writerow([harmless(value) for value in _values(change)])


def _values(change: Change) -> list[object]:
    sides = (change.before, change.after)
    closest = [side.face.decision.candidate if side else None for side in sides]
    return [
        change.photo.after.source,
        *(side.number if side else "" for side in sides),
        *(one.identity if one else "" for one in closest),
        *(side.face.decision.verdict.value if side else "" for side in sides),
        *(side.face.decision.rule.value if side else "" for side in sides),
        *(one.cosine if one else "" for one in closest),
        change.causes[0].value,
        ", ".join(cause.value for cause in change.causes[1:]),
        *("" if one is None or one.normalised is None else one.normalised for one in closest),
    ]
