"""The film over a group of covered faces that touch each other, and two ways to draw it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.covers import Cover, Ellipse, of_region
from gallery.adapters.membrane import Film, Mask, film
from gallery.domain.faces import RGB
from gallery.domain.geometry import Box

TONE = 150.0
"""Level towards which the oval that says "here was a face" is shaded, in all three colours: darker than a bright
surrounding and brighter than a dark one."""

SHADING = 0.25
"""How far the middle of that oval is shaded towards `TONE`, as a share. From 0.4 it looks painted on, at 0.1 it cannot
be seen on a plain background (judged by eye on pictures of groups)."""

RIM = 0.35
"""How far beyond a cover the pixels lie that its film is made of, as a share of the cover on every side."""

_CELLS = 12  # of the film across the smallest face of a group: with fewer, the rim shows; more cost time
_MOST_CELLS = 512  # of the film of a large group, in either direction
_SAMPLES = 4  # of a cell, in either direction, that its mean is made of
_SMOOTH = 4  # times: how far a film is enlarged by cubic interpolation; the rest of the way by linear, in less time
_OVAL = 0.6  # of the face's box: half the axes of the oval at which the shading ends


_LEAST_BLOCK = 2  # pixels

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """A film over a part of a picture.

    Attributes:
        levels: `(rows, columns, 3) uint8`: the colour of each cell.
        part: The part of the picture, from whose upper left corner cells are counted.
        cell: Side of a cell in pixels.
    """

    levels: RGB
    part: Box
    cell: int

    @classmethod
    def of(cls, image: RGB, own: Sequence[Cover], covers: Sequence[Cover], avoided: Sequence[Box]) -> Span:
        """The film for a group of covers.

        Args:
            image: `(height, width, 3) uint8` RGB; nothing that any cover hides is read.
            own: The group, at least one of it touching the picture.
            covers: All covers of the picture.
            avoided: What no colour is taken from, either.
        """
        whole = Box(0, 0, image.shape[1], image.shape[0])
        part = _around([cover.bounds.grow(RIM) for cover in own]).intersect(whole) or whole
        smallest = min(min(cover.face.width, cover.face.height) for cover in own)
        longer = max(part.width, part.height)
        cell = max(1, min(smallest // _CELLS, longer), math.ceil(longer / _MOST_CELLS))
        step = max(1, cell // _SAMPLES)
        samples = image[part.y : part.bottom : step, part.x : part.right : step]
        seen = np.full(samples.shape[:2], 255, np.uint8)
        for cover in covers:
            _hide(seen, part, step, cover)
        for box in avoided:
            _hide(seen, part, step, of_region(box))
        colours = film(samples, seen, (-(-part.width // cell), -(-part.height // cell)))
        for cover in own:
            if cover.oval:
                _shade(colours, part, cell, cover.face)
        return cls(np.rint(colours).astype(np.uint8), part, cell)

    def smooth(self, _cover: Cover, part: Box) -> RGB:
        """`(height, width, 3) uint8` a part of the picture as the film passes over it."""
        import cv2

        left, right = self._cells(part.x - self.part.x, part.right - self.part.x, self.levels.shape[1])
        top, bottom = self._cells(part.y - self.part.y, part.bottom - self.part.y, self.levels.shape[0])
        piece = np.ascontiguousarray(self.levels[top:bottom, left:right])
        for times, way in ((min(self.cell, _SMOOTH), cv2.INTER_CUBIC), (self.cell, cv2.INTER_LINEAR)):
            piece = cv2.resize(piece, ((right - left) * times, (bottom - top) * times), interpolation=way)
        x, y = part.x - self.part.x - left * self.cell, part.y - self.part.y - top * self.cell
        return np.asarray(piece[y : y + part.height, x : x + part.width])

    def _cells(self, start: int, stop: int, count: int) -> tuple[int, int]:
        """The cells over some pixels, and two more on either side, of which their colours depend."""
        return max(0, start // self.cell - 2), min(count, -(-stop // self.cell) + 2)

    def blocks(self, cover: Cover, part: Box, across: int) -> RGB:
        """`(height, width, 3) uint8` a part of the picture as blocks of the film, so many across the face."""
        side = max(_LEAST_BLOCK, round(cover.face.width / across))
        columns = self._middles(np.arange(part.x, part.right), cover.face.x, side, self.part.x, self.levels.shape[1])
        rows = self._middles(np.arange(part.y, part.bottom), cover.face.y, side, self.part.y, self.levels.shape[0])
        few, of = np.unique(rows, return_inverse=True)
        return np.asarray(self.levels[few][:, columns][of])

    def _middles(self, pixels: Places, anchor: int, side: int, origin: int, cells: int) -> Places:
        """For each pixel the cell in the middle of its block, of which one begins at `anchor`."""
        middles = anchor + (pixels - anchor) // side * side + side // 2 - origin
        return (middles // self.cell).clip(0, cells - 1)


def _around(boxes: Sequence[Box]) -> Box:
    """The smallest box around some."""
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(x, y, max(box.right for box in boxes) - x, max(box.bottom for box in boxes) - y)


def _hide(seen: Mask, part: Box, step: int, cover: Cover) -> None:
    """Takes what a cover hides out of what is seen of a part, of which every `step`th pixel is looked at."""
    touched = cover.bounds.intersect(part)
    if touched is None:
        return
    left, top = -((part.x - touched.x) // step), -((part.y - touched.y) // step)
    x, y = part.x + left * step, part.y + top * step
    if x < touched.right and y < touched.bottom:
        hidden = cover.hides(Box(x, y, touched.right - x, touched.bottom - y), step)
        seen[top : top + hidden.shape[0], left : left + hidden.shape[1]][hidden] = 0


def _shade(colours: Film, part: Box, cell: int, face: Box) -> None:
    """Draws the oval of a face into a film."""
    xs = part.x + (np.arange(colours.shape[1], dtype=np.float32) + 0.5) * cell
    ys = part.y + (np.arange(colours.shape[0], dtype=np.float32) + 0.5) * cell
    reach = face.grow(_OVAL - 0.5)
    columns, rows = (
        slice(*np.searchsorted(middles, ends))
        for middles, ends in ((xs, (reach.x, reach.right)), (ys, (reach.y, reach.bottom)))
    )
    oval = Ellipse(*face.centre, _OVAL * face.width, _OVAL * face.height)
    share = SHADING * (1 - oval.away(xs[columns], ys[rows]) ** 2).clip(0)
    there = colours[rows, columns]
    there += share[..., None] * (TONE - there)
