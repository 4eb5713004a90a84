"""What `gallery evaluate demographics` prints: tables that fit any terminal from 60 columns on, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from gallery.cli.evaluation_documents import head, models_of, rate_of
from gallery.cli.evaluation_tables import as_percent, interval, numbers, ruled_table
from gallery.cli.tables import facts
from gallery.domain.demographics import worst_first

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType
    from rich.table import Table

    from gallery.domain.demographics import Group
    from gallery.usecases.evaluate_demographics import Demographics, LimitResult

WORST = 10
"""Crossings that are shown, unless all are asked for."""
_LIMIT, _GROUP = 25, 28
"""Columns of the terminal that one limit takes, and the name of a group with its number of faces."""


def tables(result: Demographics, least: int, every: bool, width: int) -> Iterator[RenderableType]:
    """One detector with one embedder.

    Args:
        result: What was found.
        least: Faces that a group has to have to be shown.
        every: Whether all crossings are shown, rather than the worst.
        width: Of the terminal.
    """
    yield facts(_facts(result, least), f"{result.detector.name} and {result.embedder.name}")
    side_by_side = max(1, (width - _GROUP) // _LIMIT)
    for start in range(0, len(result.results), side_by_side):
        limits = result.results[start : start + side_by_side]
        for rows, title in _parts(limits[0].groups, least, every):
            yield ""
            yield _table(limits, rows, title)


def _facts(result: Demographics, least: int) -> list[tuple[str, str]]:
    failures = result.failures
    missing = [
        (len(failures.no_face), "without a face"),
        (len(failures.unreadable), "unreadable"),
        (len(failures.doubles), "the same as another"),
    ]
    left_out = ", ".join(f"{count} {why}" for count, why in missing if count)
    pairs = result.faces * (result.faces - 1) // 2
    return [
        ("faces", f"{result.faces:,}, each taken for another person's: {pairs:,} pairs"),
        *([("left out", left_out)] if left_out else []),
        ("rates", "of all pairs within a group: different people who pass for one"),
        ("groups", f"of {least} faces or more; --output writes all of them"),
        ("intervals", "95 %, wider than Wilson's where some faces match many"),
    ]


def _parts(groups: Sequence[Group], least: int, every: bool) -> Iterator[tuple[list[int], str]]:
    """The rows of each table, the worst group first, and its title."""
    yield worst_first(groups, least), "By group, the worst first"
    crossed = worst_first(groups, least, crossed=True)
    if crossed:
        shown = crossed if every else crossed[:WORST]
        yield shown, f"Crossings, the worst {'first' if every else f'{len(shown)} of {len(crossed)}'}"


def _table(limits: Sequence[LimitResult], rows: Sequence[int], title: str) -> Table:
    table = ruled_table(title)
    table.add_column("group", overflow="fold", min_width=12)
    numbers(table, "faces")
    for one in limits:
        numbers(table, f"FMR\n{one.limit.label}", "\n95 %")
    before: tuple[str, ...] | None = None
    for number in rows:
        group = limits[0].groups[number]
        if before is not None and len(group.columns) <= 1 and group.columns != before:
            table.add_section()
        before = group.columns
        cells = [text for one in limits for text in _cells(one.groups[number])]
        table.add_row(escape(_named(group)), f"{group.faces:,}", *cells)
    return table


def _named(group: Group) -> str:
    if len(group.columns) == 1:
        return f"{group.columns[0]} {group.values[0]}"
    return ", ".join(group.values) or "all"


def _cells(group: Group) -> tuple[str, str]:
    return as_percent(group.fmr.value), interval(group.fmr)


def document(results: Sequence[Demographics], inputs: Mapping[str, Path | None]) -> dict[str, Any]:
    """All groups of all models under all limits."""
    return {
        **head("demographics", inputs),
        "intervals": "Wilson score, 95%, widened by the design effect of pairs that share a face",
        "results": [_result(result) for result in results],
    }


def _result(result: Demographics) -> dict[str, Any]:
    failures = result.failures
    return {
        **models_of(result.detector, result.embedder),
        "faces": result.faces,
        "failures": {
            "no_face": list(failures.no_face),
            "unreadable": list(failures.unreadable),
            "doubles": list(failures.doubles),
        },
        "limits": [
            {
                "label": one.limit.label,
                "cosine": one.limit.thresholds.cosine,
                "euclidean": one.limit.thresholds.euclidean,
                "score": one.limit.score,
                "groups": [_group(group) for group in one.groups],
            }
            for one in result.results
        ],
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "group": dict(zip(group.columns, group.values, strict=True)),
        "faces": group.faces,
        "fmr": rate_of(group.fmr),
    }
