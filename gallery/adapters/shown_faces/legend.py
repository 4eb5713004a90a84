"""The list under an annotated picture: what is to be said of each face, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gallery.adapters.shown_faces.face_words import FaceWords
from gallery.adapters.shown_faces.frames import BLURRED, DARK, KEPT
from gallery.adapters.shown_faces.lettering import Lettering, Line

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

LEAST = 8
"""Letters that are not made smaller, in pixels."""
_NAME = 24
"""Room for a name, in widths of the letters' size, where the picture is wide enough."""

_Row = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Legend:
    """A list that was laid out.

    Attributes:
        rows: For each face its cells.
        kept: For each face whether it stays visible.
        widths: Of the cells of a row, in pixels, with the space after each.
        columns: How many rows stand side by side.
        line: Height of a row.
        size: Of the letters.
    """

    rows: tuple[_Row, ...]
    kept: tuple[bool, ...]
    widths: tuple[int, ...]
    columns: int
    line: int
    size: int

    @property
    def height(self) -> int:
        """Of the whole list, in pixels."""
        return -(-len(self.rows) // self.columns) * self.line + self.size

    def draw(self, on: ImageDraw, top: int, width: int) -> None:
        """Draws the list over the picture's whole width, from that row on."""
        on.rectangle((0, top, width - 1, top + self.height - 1), fill=DARK)
        tall = -(-len(self.rows) // self.columns)
        for index, (row, kept) in enumerate(zip(self.rows, self.kept, strict=True)):
            x = self.size // 2 + index // tall * (width // self.columns)
            y = top + self.size // 2 + index % tall * self.line
            for cell, wide in zip(row, self.widths, strict=True):
                cell.draw(on, x, y, KEPT if kept else BLURRED)
                x += wide


def lay_out(lettering: Lettering, words: Sequence[FaceWords], size: int, width: int, height: int) -> Legend:
    """Lays the list out, with smaller letters where it would become too high.

    Args:
        lettering: Sets the text.
        words: One entry per face.
        size: Of the letters, in pixels.
        width: The picture's.
        height: Pixels that there are for the list.
    """
    while True:
        legend = _of_size(lettering, words, size, width)
        if legend.height <= height or size <= LEAST:
            return legend
        size = max(LEAST, size * 4 // 5)


def _of_size(lettering: Lettering, words: Sequence[FaceWords], size: int, width: int) -> Legend:
    gap = size
    cells = [(str(w.number), w.verdict, w.distance, w.rule) for w in words]
    fixed = [tuple(lettering.line(cell, size) for cell in row) for row in cells]
    widths = [
        max(line.width for line in column) + (gap if any(line.width for line in column) else 0)
        for column in zip(*fixed, strict=True)
    ]
    room = max(size, width - sum(widths) - gap)
    names = [lettering.line(w.name, size, min(room, _NAME * size)) for w in words]
    widths.append(max(line.width for line in names) + gap)
    columns = max(1, width // (sum(widths) + gap))
    rows = tuple((*row, name) for row, name in zip(fixed, names, strict=True))
    return Legend(
        rows,
        tuple(w.verdict == "kept" for w in words),
        tuple(widths),
        columns,
        round(size * 1.3),
        size,
    )
