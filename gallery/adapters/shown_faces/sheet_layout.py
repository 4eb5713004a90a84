"""How many faces of which size make one page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LARGEST_PAGE = 64_000_000
"""Pixels; a page of colours takes four bytes for each while it is made."""
LONGEST_SIDE = 30_000
NARROWEST = 900
"""Pixels that a page is wide at least, for its headings."""
HEADING = 18
"""Letters of the headings, in pixels."""
BAND = 40
"""Height of a heading with the space around it."""
MARGIN = 56
"""Left of the rows, where each row's first distance stands."""
_TALL = 1.25
"""Height of a page of many faces, in widths."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How one face is shown.

    Attributes:
        side: Of the square picture, in pixels.
        letters: Of the lines under it, in pixels.
        lines: How many.
    """

    side: int
    letters: int = 0
    lines: int = 0

    @property
    def frame(self) -> int:
        """Thickness of the frame around a face that is kept."""
        return max(2, self.side // 20)

    @property
    def pad(self) -> int:
        """From the cell's edge to the picture."""
        return self.frame + max(1, self.side // 24)

    @property
    def line(self) -> int:
        """Height of a line under the picture."""
        return round(self.letters * 1.3)

    @property
    def width(self) -> int:
        """Of the whole cell."""
        return self.side + 2 * self.pad

    @property
    def height(self) -> int:
        """Of the whole cell."""
        return self.width + self.lines * self.line


CELLS = (
    Cell(112, 12, 3),
    Cell(88, 11, 3),
    Cell(64, 10, 2),
    Cell(48, 9, 1),
    Cell(40),
    Cell(32),
    Cell(24),
    Cell(16),
    Cell(12),
    Cell(8),
)
"""From the best to look at to the smallest; below that nothing would be seen."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A page.

    Attributes:
        cell: How each face is shown.
        columns: Faces in a row.
        sections: How many faces each section has, from top to bottom.
    """

    cell: Cell
    columns: int
    sections: tuple[int, ...]

    @property
    def width(self) -> int:
        """Of the page, in pixels."""
        return max(NARROWEST, MARGIN + self.columns * self.cell.width)

    @property
    def height(self) -> int:
        """Of the page, in pixels."""
        return self.top(len(self.sections)) + self.cell.pad

    def top(self, section: int) -> int:
        """Where a section's heading begins; the page's own heading is above the first."""
        return BAND + sum(BAND + self._rows(faces) * self.cell.height for faces in self.sections[:section])

    def place(self, section: int, index: int) -> tuple[int, int]:
        """The upper left corner of the cell of a section's face, counted from 0."""
        row, column = divmod(index, self.columns)
        return MARGIN + column * self.cell.width, self.top(section) + BAND + row * self.cell.height

    def _rows(self, faces: int) -> int:
        return -(-faces // self.columns)


def lay_out(sections: Sequence[int]) -> Layout | None:
    """The page with the largest faces that is not too large itself; None if there is none.

    Args:
        sections: How many faces each section has.
    """
    for cell in CELLS:
        layout = Layout(cell, _columns(sum(sections), cell), tuple(sections))
        if layout.width * layout.height <= LARGEST_PAGE and max(layout.width, layout.height) <= LONGEST_SIDE:
            return layout
    return None


def _columns(faces: int, cell: Cell) -> int:
    least = (NARROWEST - MARGIN) // cell.width
    return max(least, math.ceil(math.sqrt(faces * cell.height / cell.width / _TALL)))
