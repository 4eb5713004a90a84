"""Distances as bars, with the threshold marked in the middle."""

from __future__ import annotations

from rich.text import Text

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(value: float, threshold: float, width: int, ascii_only: bool = False) -> Text:
    """A bar from 0 to twice the threshold, which is marked; a longer one ends in an arrow.

    Args:
        value: The distance.
        threshold: Up to which it matches.
        width: Characters, at least 3.
        ascii_only: Whether the terminal can show nothing else.
    """
    mark, filled = width // 2, _filled(value, threshold, width)
    whole = int(filled)
    full, line, arrow = ("#", "|", ">") if ascii_only else ("█", "│", "▶")
    cells = [full] * min(whole, width) + [" "] * max(0, width - whole)
    rest = int((filled - whole) * 8)
    if whole < width and rest and not ascii_only:
        cells[whole] = _EIGHTHS[rest]
    if filled > width:
        cells[-1] = arrow
    passes = value <= threshold
    drawn = Text("".join(cells), "green" if passes else "yellow")
    drawn.plain = drawn.plain[:mark] + line + drawn.plain[mark + 1 :]
    drawn.stylize("bold red", mark, mark + 1)
    return drawn


def _filled(value: float, threshold: float, width: int) -> float:
    """How many characters are filled. What does not pass always reaches beyond the mark, and what passes never does."""
    mark = width // 2
    if not threshold > 0:
        return 0.0 if value <= threshold else width + 1.0
    length = value / threshold * mark
    if value <= threshold:
        return min(length, float(mark))
    return max(length + 1, mark + 1.125) if length < width else width + 1.0
