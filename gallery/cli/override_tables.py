"""What was decided by hand, as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from gallery.cli import long_table
from gallery.cli.tables import box_text, plain_table, short_path

if TYPE_CHECKING:
    from rich.table import Table

    from gallery.domain.by_hand import Override
    from gallery.usecases.overrides import Overridden

COLUMNS = ("no.", "photo", "hash", "box", "verdict", "by", "made", "note")
HASH_SHOWN = 7
"""Characters of a photo's SHA-256 that a table shows."""


def print_overrides(out: Console, overrides: Sequence[Override]) -> None:
    """All of them, however many."""
    if len(overrides) < long_table.FROM:
        out.print(table(overrides))
    else:
        rows = [[" ".join(cell.split()) for cell in cells(one)] for one in overrides]
        long_table.write(out.file, out.width, COLUMNS, rows, frozenset([0]), give=(7, 1, 4, 5))


def table(overrides: Sequence[Override]) -> Table:
    """One line for each."""
    made = plain_table()
    least = {"photo": 8, "box": 9, "verdict": 7, "by": 6, "note": 8}
    for name in COLUMNS:
        fixed = name not in least
        made.add_column(
            name,
            justify="right" if name == "no." else "left",
            no_wrap=fixed,
            overflow="ellipsis" if fixed else "fold",
            min_width=least.get(name),
        )
    for one in overrides:
        made.add_row(*map(escape, cells(one)))
    return made


def cells(one: Override) -> tuple[str, ...]:
    """One line, a cell for each of `COLUMNS`."""
    return (
        str(one.number),
        short_path(one.source),
        one.sha256[:HASH_SHOWN],
        box_text(one.box.as_list()),
        _verdict(one),
        one.by or "–",
        f"{one.made:%Y-%m-%d}",
        one.note,
    )


def _verdict(one: Override) -> str:
    """What it does; of one to keep a face, for whom, and why it does not."""
    if one.verdict == "blur":
        return "blur"
    return f"keep {one.keeps or 'nobody'}" + (f" ({one.ended})" if one.ended else "")


def remembered(done: Overridden) -> str:
    """What will happen to which face."""
    word = done.override
    whom = f" for {word.keeps}" if word.keeps is not None else ""
    will = f"will be {_done(word)}{whom}"
    which = f"face {done.face} of {done.faces}," if done.face else "the face"
    return f"Override {done.override.number}: {which} {_face(done.override)}, {will}."


def removed(override: Override) -> str:
    """What no longer happens."""
    return f"Override {override.number} is removed: the face {_face(override)} was {_done(override)} by hand."


def _face(override: Override) -> str:
    return f"at {box_text(override.box.as_list())} of {override.source}"


def _done(override: Override) -> str:
    return "kept" if override.verdict == "keep" else "blurred"
