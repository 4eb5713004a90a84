"""Plots of characters: histograms with thresholds marked, spans and bars. Without blocks where they cannot be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEIGHT = 7
"""Lines of a histogram."""
MOST_BINS = 120
"""More columns would show chance more than anything else."""
_TICKS = 10
"""Columns that the name of a place on the axis takes, at least."""


@dataclass(frozen=True, slots=True)
class Characters:
    """What plots are drawn with.

    Attributes:
        levels: From empty to full, by height.
        parts: From empty to full, by length.
        line: Of an axis.
        corner: Where the axes meet.
        upright: The axis upwards, and a threshold.
        mark: Points at a threshold from below.
        span: From the least to the most.
        middle: The median.
        cross: The nearest that was too far.
        none: Stands for no value.
    """

    levels: str
    parts: str
    line: str
    corner: str
    upright: str
    mark: str
    span: str
    middle: str
    cross: str
    none: str


BLOCKS = Characters(" ▁▂▃▄▅▆▇█", " ▏▎▍▌▋▊▉█", "─", "└", "│", "▲", "━", "┿", "×", "–")
ASCII = Characters(" .:#", " #", "-", "+", "|", "^", "=", "+", "x", "-")


def characters(encoding: str) -> Characters:
    """Blocks, or ASCII where the output's encoding has none."""
    try:
        "".join(getattr(BLOCKS, name) for name in BLOCKS.__slots__).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def bins(width: int, most: int) -> int:
    """How many bins a histogram has in a console that is so wide, its largest number being `most` at most."""
    return max(10, min(MOST_BINS, width - len(str(most)) - 2))


def histogram(counts: NDArray[np.int64], marks: Sequence[float], used: Characters) -> Iterator[str]:
    """Lines of a histogram, from its top down to its axis.

    Args:
        counts: `(B,)`: of each bin. A bin that holds anything can be seen.
        marks: Places of thresholds, as shares of the axis, from 0 to 1.
        used: Characters to draw with.
    """
    most, size = int(counts.max(initial=0)), len(used.levels) - 1
    heights = np.ceil(counts * (HEIGHT * size / max(1, most))).astype(int)
    marked = {_column(place, len(counts)) for place in marks}
    for row in range(HEIGHT - 1, -1, -1):
        filled = np.clip(heights - row * size, 0, size)
        cells = (used.upright if not n and place in marked else used.levels[n] for place, n in enumerate(filled))
        name = str(most) if row == HEIGHT - 1 else ""
        yield f"{name:>{len(str(most))}} {used.upright}{''.join(cells)}".rstrip()
    yield f"{0:>{len(str(most))}} {used.corner}{used.line * len(counts)}"


def axis(bins: int, scale: float, marks: Sequence[float], indent: int, used: Characters) -> Iterator[str]:
    """The names of places below the lowest histogram, and below them where the thresholds are.

    Args:
        bins: Columns of the axis.
        scale: Where it ends.
        marks: Thresholds.
        indent: Columns before it.
        used: Characters to draw with.
    """
    steps = max(1, bins // _TICKS)
    step = next((one for one in (0.05, 0.1, 0.2, 0.25, 0.5) if scale / one <= steps), 1.0)
    names = {_column(place / scale, bins): f"{place:.2g}" for place in np.arange(0, scale + 1e-9, step)}
    yield " " * indent + _placed(names)
    for mark in marks:
        column, name = _column(mark / scale, bins), f"threshold {mark:.3f}"
        fits = column + len(name) + 2 <= bins
        line = f"{' ' * column}{used.mark} {name}" if fits else f"{name:>{max(0, column - 1)}} {used.mark}"
        yield " " * indent + line


def _placed(names: dict[int, str]) -> str:
    line = ""
    for column, name in sorted(names.items()):
        line = line.ljust(column) + name
    return line


def _column(share: float, columns: int) -> int:
    return min(columns - 1, max(0, int(share * columns)))


def span(
    width: int,
    scale: float,
    kept: tuple[float, float, float] | None,
    nearest: float | None,
    mark: float | None,
    used: Characters,
) -> str:
    """One person's distances on a line.

    Args:
        width: Columns.
        scale: The distance at the end of the line.
        kept: Smallest, median and largest distance of those kept.
        nearest: Smallest of those too far away.
        mark: The threshold.
        used: Characters to draw with.
    """
    cells = [" "] * width
    if mark is not None:
        cells[_column(mark / scale, width)] = used.upright
    if kept is not None:
        least, middle, most = (_column(value / scale, width) for value in kept)
        cells[least : most + 1] = used.span * (most + 1 - least)
        cells[middle] = used.middle
    if nearest is not None:
        cells[_column(nearest / scale, width)] = used.cross
    return "".join(cells)


def bar(share: float, width: int, used: Characters) -> str:
    """A share from 0 to 1 as a bar in a field that is so wide."""
    size = len(used.parts) - 1
    steps = round(share * width * size)
    full, rest = divmod(steps, size)
    return (used.parts[-1] * full + (used.parts[rest] if rest else "")).ljust(width)
