"""How one picture is looked at in several sizes and pieces, so that tiny and huge faces are both found.

A detector such as YuNet sees faces within a range of sizes only. The full picture shows it the small faces; coarser
levels, each up to three times smaller than the one before, bring larger ones into its range; the coarsest shows it a
face that fills the frame. Large levels are cut into overlapping tiles, which keeps memory flat (a 50-megapixel picture
at once took 3.7 GB and twice the time; see `tests/benchmarks/bench_detection.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gallery.domain.geometry import Box

COARSEST = 320
"""Longer side of the coarsest level in pixels: the size YuNet was made for. A face that fills it is found there."""
LARGEST = 192
"""Longer side, in a level's own pixels, of the largest face taken as sure at any level but the coarsest. YuNet invents
faces inside faces of more than about 300. A larger one counts where a coarser level shows none (`Level.believes`)."""
STEP = 3
"""A level is at most this many times smaller than the one before, so that a face of `LARGEST` pixels, which is the
last to be sure at one level, still has 64 at the next. YuNet finds faces from about 10, but small ones less often: with
a step of 8 faces of 190 to 340 pixels were missed in photos of 2,048 to 2,560
(`tests/benchmarks/measure_face_sizes.py`)."""
ENLARGE = 1.5
"""A picture of up to `SMALL` pixels is looked at this many times larger, too. On CMU+MIT that finds 96.9 % of the faces
instead of 95.3 %, at one false alarm in five pictures either way (`gallery evaluate detection`)."""
SMALL = 1536
"""Longer side, in pixels, up to which a picture is also enlarged; in larger ones it would take too long."""
TILE = 1536
"""Side of a tile in pixels."""


@dataclass(frozen=True, slots=True)
class Level:
    """One size at which a picture is looked at.

    Attributes:
        width: In pixels.
        height: In pixels.
        largest: Longer side of the largest face that is sure, in this level's pixels; None for any.
    """

    width: int
    height: int
    largest: int | None

    def tiles(self) -> Iterator[Box]:
        """Pieces that cover the level and overlap so far that every believable face lies whole in one of them.

        All are of the same size, to the pixel or one less, because a network is made ready for each size that it meets.
        """
        if self.largest is None:
            yield Box(0, 0, self.width, self.height)
            return
        for top, bottom in _spans(self.height, self.largest):
            for left, right in _spans(self.width, self.largest):
                yield Box(left, top, right - left, bottom - top)

    def believes(self, face: Box, tile: Box) -> bool:
        """Whether a face found in a tile is sure, in level coordinates.

        Large ones are surer at a coarser level, and those cut by an inner edge in the neighbouring tile, which shows
        them whole. What is not sure still counts where nothing else shows that face: see `gallery.domain.merging`.
        """
        if self.largest is not None and max(face.width, face.height) > self.largest:
            return False
        cut_left = tile.x > 0 and face.x <= tile.x
        cut_top = tile.y > 0 and face.y <= tile.y
        cut_right = tile.right < self.width and face.right >= tile.right
        cut_bottom = tile.bottom < self.height and face.bottom >= tile.bottom
        return not (cut_left or cut_top or cut_right or cut_bottom)


def _spans(length: int, overlap: int) -> list[tuple[int, int]]:
    """Equal parts of a length, none longer than a tile, that overlap at least so far."""
    count = max(1, math.ceil((length - overlap) / (TILE - overlap)))
    size = math.ceil((length + (count - 1) * overlap) / count)
    last = length - size
    return [(start, start + size) for start in (round(place * last / max(1, count - 1)) for place in range(count))]


def levels(width: int, height: int, enlarge: bool = True) -> list[Level]:
    """The levels for a picture of that size, the largest first.

    Args:
        width: Of the picture.
        height: Of the picture.
        enlarge: Whether small pictures are looked at enlarged, too.
    """
    longer = max(width, height)
    larger = enlarge and longer <= SMALL
    enlarged = [Level(round(width * ENLARGE), round(height * ENLARGE), LARGEST)] if larger else []
    if longer <= COARSEST:
        return [*enlarged, Level(width, height, None)]
    steps = math.ceil(math.log(longer / COARSEST, STEP))
    found = enlarged
    for step in range(steps + 1):
        scale = (COARSEST / longer) ** (step / steps)
        last = step == steps
        found.append(
            Level(max(1, round(width * scale)), max(1, round(height * scale)), None if last else LARGEST),
        )
    return found
