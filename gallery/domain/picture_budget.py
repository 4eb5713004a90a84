"""How large the pictures of a report may be, so that the page stays one that a phone can open."""

from __future__ import annotations

import math
from dataclasses import dataclass

ROOM = 16_000_000
"""Bytes of all pictures of a page together. Written as text they take a third more, 21.3 MB, which leaves 8 MB of the
30 MB that a page may have for what is said of the faces."""
LARGEST, SMALLEST = 1280, 160
"""Pixels of a picture's longer side. A phone shows no more than the one; on less than the other no face is seen."""
MOST, LEAST = 300_000, 3_000
"""Bytes of a picture: what `LARGEST` pixels need at quality 75 with a little to spare, and what `SMALLEST` need at
quality 30, the lowest that is used (2.9 kB, the median of 50 photographs of groups). Where there is room for less, some
photos go without."""
_PER_PIXEL = 0.16
"""Bytes of a JPEG file per pixel at quality 75, chroma subsampled. Medians of the same photographs: 0.18 at 380 pixels,
0.13 at 800, 0.11 at 1280. A picture that needs more is encoded again at a lower quality, and then smaller."""
_FLATNESS = 0.7
"""Height by width of the usual photo, between 2:3 and 3:4 (3:4 is the median there)."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What one picture must fit into.

    Attributes:
        side: Longer side in pixels, at most.
        size: Bytes, at most.
    """

    side: int
    size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The pictures of a page.

    Attributes:
        fit: Of each.
        photos: How many photos get theirs.
    """

    fit: Fit
    photos: int


def plan(photos: int, each: int = 1, room: int = ROOM) -> Plan:
    """Divides the room.

    Args:
        photos: How many there are to show.
        each: Pictures of each: 2 with the original beside it.
        room: Bytes of all together.
    """
    if photos < 0 or each < 1 or room < 0:
        raise ValueError(f"no plan for {photos} photos of {each} pictures in {room} bytes")
    shown = min(photos, room // (LEAST * each))
    share = room // (shown * each) if shown else LEAST
    size = max(LEAST, min(MOST, share))
    return Plan(Fit(_side(size), size), shown)


def _side(size: int) -> int:
    """The longer side of a photo that is about that large."""
    return max(SMALLEST, min(LARGEST, round(math.sqrt(size / (_PER_PIXEL * _FLATNESS)))))
