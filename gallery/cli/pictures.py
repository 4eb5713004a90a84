"""Small pictures in the terminal, two pixels to a character.

A few lines on Rich instead of a dependency: rich-pixels 3.0.1 (MIT) tells Rich no width, so that a picture takes a
whole row of a table, and only skips pixels when it makes one smaller; textual-image (LGPL) asks the terminal what it
can show as soon as it is imported, and reads the answer from what the user types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.color import Color
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

if TYPE_CHECKING:  # NumPy comes with these, and commands that show no picture do without it
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from gallery.domain.faces import RGB

WIDTH = 16
"""Characters across. A face is recognised from so many pixels by those who know it (Sinha et al. 2006, "Face
recognition by humans: nineteen results", result 1), and four of them fit side by side into 80 columns."""

_ENOUGH_COLOURS = frozenset(("256", "truecolor"))  # in sixteen, a face is a few blots
_UPPER_HALF = "▀"


def shows_pictures(console: Console) -> bool:
    """Whether pictures can be drawn there.

    Not in a pipe or file, not in a terminal that is dumb, has fewer than 256 colours or cannot show the characters, and
    not where NO_COLOR is set. FORCE_COLOR makes a terminal of a pipe, as for everything Rich draws.
    """
    return (
        console.is_terminal
        and not console.is_dumb_terminal
        and not console.no_color
        and console.color_system in _ENOUGH_COLOURS
        and not console.options.ascii_only
    )


def picture(pixels: RGB, width: int = WIDTH) -> RenderableType:
    """A picture as half blocks, which Rich can print, put into a table's cell or set side by side in `Columns`.

    It is exactly that wide wherever it stands; where there is less room it is cut, never folded. It is in colour where
    the terminal has them all, in grey where it has 256.

    Args:
        pixels: `(height, width, 3) uint8` RGB, of any size.
        width: Characters across, at least 1. The height follows from the picture's shape, a character being one pixel
            wide and two high.
    """
    return _Picture(pixels, width)


class _Picture:
    def __init__(self, pixels: RGB, width: int) -> None:
        rows = max(1, round(width * pixels.shape[0] / pixels.shape[1] / 2))
        lines = _block_means(pixels, 2 * rows, width)
        self._lines = [list(zip(*pair, strict=True)) for pair in zip(lines[::2], lines[1::2], strict=True)]
        self._width = width

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colour = _coloured if console.color_system == "truecolor" else _grey
        for line in self._lines:
            for upper, lower in line[: options.max_width]:
                yield Segment(_UPPER_HALF, Style(color=colour(upper), bgcolor=colour(lower)))
            yield Segment.line()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(self._width, self._width).with_maximum(options.max_width)


def _coloured(pixel: list[int]) -> Color:
    return Color.from_rgb(*pixel)


def _grey(pixel: list[int]) -> Color:
    """Its luma (ITU-R BT.601). Of 256 colours, 26 are greys, and few are like skin: faces come out in olive patches."""
    red, green, blue = pixel
    return Color.from_rgb(*[0.299 * red + 0.587 * green + 0.114 * blue] * 3)


def _block_means(pixels: RGB, rows: int, columns: int) -> list[list[list[int]]]:
    """The picture in another size: means of blocks where it is larger, pixels repeated where it is smaller."""
    import numpy as np

    resized = pixels.astype(np.float64)
    for axis, cells in enumerate((rows, columns)):
        length = resized.shape[axis]
        edges = np.arange(cells + 1) * length // cells
        counts = np.maximum(1, np.diff(edges)).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        resized = np.add.reduceat(resized, edges[:-1], axis=axis) / counts
    lines: list[list[list[int]]] = np.rint(resized).astype(int).tolist()
    return lines
