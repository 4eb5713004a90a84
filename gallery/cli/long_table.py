"""A table of thousands of rows. Rich would take seconds to lay one out: it wraps every cell by itself.

It looks like the other tables, but for two things: every row is one line, and what does not fit is cut with `…`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import IO

from rich.cells import cell_len, set_cell_size

FROM = 200
"""Rows from which on a table is written this way."""
LEAST = 8
"""Columns to which a cell is narrowed at most."""


def write(
    out: IO[str],
    width: int,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: frozenset[int],
    give: Sequence[int],
) -> None:
    """Writes a table.

    Args:
        out: Where to.
        width: Of the console, in columns.
        head: A name for each column.
        rows: Their cells, one line each.
        right: Columns to be set flush right.
        give: Columns that are narrowed where the table is too wide, the first first.
    """
    widths = [max(map(cell_len, column)) for column in zip(head, *rows, strict=True)]
    for column in give:
        excess = sum(widths) + len(widths) - 1 - width
        if excess > 0:
            widths[column] = max(min(LEAST, widths[column]), widths[column] - excess)
    write_lines(out, head, rows, right, widths)


def write_lines(
    out: IO[str], head: Sequence[str], rows: Iterable[Sequence[str]], right: frozenset[int], widths: Sequence[int]
) -> None:
    """Writes a table whose widths are known, each row as soon as it is there.

    Args:
        out: Where to.
        head: A name for each column.
        rows: Their cells, one line each.
        right: Columns to be set flush right.
        widths: Of the columns.
    """
    out.write(_line(head, widths, right) + "\n" + "─".join("─" * wide for wide in widths) + "\n")
    out.writelines(_line(row, widths, right) + "\n" for row in rows)


def _line(cells: Sequence[str], widths: Sequence[int], right: frozenset[int]) -> str:
    parts = [_cell(cell, wide, place in right) for place, (cell, wide) in enumerate(zip(cells, widths, strict=True))]
    return " ".join(parts).rstrip()


def _cell(cell: str, width: int, right: bool) -> str:
    length = len(cell) if cell.isascii() else cell_len(cell)
    if length > width:
        return set_cell_size(cell, width - 1) + "…"
    space = " " * (width - length)
    return space + cell if right else cell + space
