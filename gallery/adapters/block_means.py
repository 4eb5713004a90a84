"""A small grid of a face's block means in a few shades: a blur that depends on the face, for comparison only."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import RGB
from gallery.domain.geometry import Box
from gallery.domain.sharpness import GREY

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SKIN = (172, 136, 116)
"""Red, green and blue that every face is drawn in: between light and dark skin, and the same for everybody, so that a
covered face still looks like one and its colour says nothing."""

STEPS = (64, 128, 192)
"""Brightness at which a cell's next shade begins, of 255. Only the shade is kept: two bits of each cell."""

SHADES = (0.625, 0.875, 1.125, 1.375)
"""What the colour is multiplied by in each shade: half the contrast that the steps themselves have. It is for the eye;
who knows the shades reads the steps from them all the same."""

_LEAST_PIXELS = 2  # of a cell in either direction, so that a tiny region is averaged too
_SPREAD = 0.6  # of a cell: standard deviation of the smoothing; from 0.5 downwards cells show, from 1 all turns flat


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """The grid's cells in one direction, those without a pixel in the picture left out.

    Attributes:
        edges: `(n + 1,) int` first pixel of each cell, and the one behind the last; clipped to the picture.
        centres: `(n,) float32` middles of the cells as they were before clipping.
        pitch: Length of a cell in pixels.
    """

    edges: NDArray[np.int64]
    centres: Floats
    pitch: float

    @classmethod
    def of(cls, start: int, stop: int, low: int, high: int, cells: int) -> _Axis:
        """Divides the pixels from `start` up to `stop`, of which those from `low` up to `high` are in the picture."""
        cells = max(1, min(cells, (stop - start) // _LEAST_PIXELS))
        whole = np.linspace(start, stop, cells + 1).round().astype(np.int64)
        clipped = whole.clip(low, high)
        kept = clipped[:-1] < clipped[1:]
        centres = ((whole[:-1] + whole[1:]) / 2)[kept].astype(np.float32)
        return cls(np.append(clipped[:-1][kept], high), centres, (stop - start) / cells)

    def weights(self, first: int, count: int) -> Floats:
        """`(count, n) float32` each cell's share in each pixel from `first` on, falling off like a Gaussian.

        Beyond the grid the shares are those at its end.
        """
        places = np.arange(first, first + count, dtype=np.float32) + 0.5
        places = places.clip(self.edges[0], self.edges[-1])
        distance = (places[:, None] - self.centres) / np.float32(_SPREAD * self.pitch)
        weights = np.exp(-(distance**2) / 2)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class BlockMeans:
    """The grid of one region. Nothing that is drawn depends on anything but this.

    Attributes:
        means: `(rows, columns, 3) float32` what each cell is drawn in; at first the mean of its pixels.
        down: The cells from top to bottom.
        across: The cells from left to right.
    """

    means: Floats
    down: _Axis
    across: _Axis

    @classmethod
    def of(cls, image: RGB, region: Box, visible: Box, cells: int) -> BlockMeans:
        """Reduces a region.

        The grid is laid over the whole region, also where it juts out of the picture: a face at the border is not
        shown in finer cells than one in the middle. Cells are of nearly equal size, on whole pixels.

        Args:
            image: The picture.
            region: What to reduce.
            visible: The part of it inside the picture.
            cells: Cells in either direction; fewer where the region has less than two pixels for each.
        """
        down = _Axis.of(region.y, region.bottom, visible.y, visible.bottom, cells)
        across = _Axis.of(region.x, region.right, visible.x, visible.right, cells)
        means = [
            [image[top:bottom, left:right].mean(axis=(0, 1)) for left, right in _pairs(across.edges)]
            for top, bottom in _pairs(down.edges)
        ]
        return cls(np.array(means, dtype=np.float32), down, across)

    def shaded(self) -> BlockMeans:
        """The grid with nothing left of each mean but which of the four shades its brightness comes to."""
        shade = np.digitize(self.means @ GREY.astype(np.float32), STEPS)
        drawn = np.array(SHADES, np.float32)[shade][..., None] * np.array(SKIN, np.float32)
        return replace(self, means=drawn.astype(np.float32))

    def smooth(self, part: Box) -> Pixels:
        """`(height, width, 3) uint8` a part of the visible region, drawn smoothly.

        Every pixel is the cells' mean weighted by their distance (Nadaraya 1964, Watson 1964), so it stays between
        the darkest and the lightest of them.
        """
        rows = np.tensordot(self.down.weights(part.y, part.height), self.means, axes=1)
        pixels: Floats = self.across.weights(part.x, part.width) @ rows
        return np.rint(pixels).astype(np.uint8)


def _pairs(edges: NDArray[np.int64]) -> list[tuple[int, int]]:
    return list(itertools.pairwise(edges.tolist()))
