"""Making faces unrecognisable: blur, pixelate, solid colour.

Whatever the method, a region is the face's box grown by a margin, as an ellipse or a box, with a hard edge. Of what
was in it, blur and pixelate leave a small fixed grid of block means, relative to the face and not to the photo, and
solid leaves nothing. Blur only draws that grid smoothly, so undoing the smoothing brings back the grid, never the face.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.block_means import BlockMeans
from gallery.domain.errors import BadArgument
from gallery.domain.faces import RGB, require_rgb
from gallery.domain.geometry import Box

METHODS = ("blur", "pixelate", "solid")
SHAPES = ("ellipse", "box")

MARGIN = 0.25
"""Share of the box added on every side. From (√2 - 1) / 2 = 0.207 upwards the ellipse covers all of the box."""

CELLS = 5
"""Cells of the grid across the grown box, which makes 3.3 across the face itself at the default margin."""

MOST_CELLS = 8
"""Finer grids identify people again: over 600 people of LFW 8 cells leave 2.8 %, 12 leave 19 % (SFace, rank 1)."""

COLOUR = (128, 128, 128)
"""Of the solid method, the same for everybody: a mean colour would tell the skin's."""

_ROWS_AT_A_TIME = 256  # so that a face of 50 megapixels takes no more memory than a small one


@dataclass(frozen=True, slots=True)
class RegionRedactor:
    """Covers each face's region by one method.

    Attributes:
        method: `blur` (the grid of block means, drawn smoothly), `pixelate` (the same, drawn as blocks) or `solid`.
        shape: `ellipse`, inscribed in the grown box, or `box`.
        margin: Share of the box added on every side.
        cells: Cells of the grid across the grown box, in either direction.
        colour: Red, green and blue of `solid`.

    Raises:
        BadArgument: If one of them makes no sense.
    """

    method: str = "blur"
    shape: str = "ellipse"
    margin: float = MARGIN
    cells: int = CELLS
    colour: tuple[int, int, int] = COLOUR

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise BadArgument(f"There is no redaction method {self.method!r}.", f"Choose from {', '.join(METHODS)}.")
        if self.shape not in SHAPES:
            raise BadArgument(f"There is no redaction shape {self.shape!r}.", f"Choose from {', '.join(SHAPES)}.")
        if not (math.isfinite(self.margin) and 0 <= self.margin <= 2):
            raise BadArgument(f"The margin must be a share of the face from 0 to 2, not {self.margin}.")
        if not 1 <= self.cells <= MOST_CELLS:
            raise BadArgument(
                f"The grid must have from 1 to {MOST_CELLS} cells, not {self.cells}.", "More cells show more of a face."
            )
        if len(self.colour) != 3 or not all(0 <= level <= 255 for level in self.colour):
            raise BadArgument(f"A colour is three levels from 0 to 255, not {self.colour}.")

    @property
    def settings(self) -> dict[str, Any]:
        """Method, shape, margin and strength, for the record."""
        strength = {"colour": list(self.colour)} if self.method == "solid" else {"cells": self.cells}
        return {"method": self.method, "shape": self.shape, "margin": self.margin, **strength}

    def redact(self, image: RGB, boxes: Sequence[Box]) -> RGB:
        """A copy of the picture with every box's region covered, and every other pixel as it was.

        Each region is made from the original picture, and regions that overlap are drawn in the order of their
        places, so the order of the boxes makes no difference.

        Args:
            image: `(height, width, 3) uint8` RGB; left as it is.
            boxes: Faces; what lies outside the picture is cut off.

        Raises:
            ValueError: If `image` is not such an array.
        """
        require_rgb(image)
        result = image.copy()
        for box in sorted(boxes):
            region = box.grow(self.margin)
            visible = region.clip(image.shape[1], image.shape[0])
            if visible is not None:
                self._cover(result, region, visible, self._painter(image, region, visible))
        return result

    def _painter(self, image: RGB, region: Box, visible: Box) -> Callable[[Box], NDArray[np.uint8]]:
        if self.method == "solid":
            return self._solid
        grid = BlockMeans.of(image, region, visible, self.cells)
        return grid.smooth if self.method == "blur" else grid.blocks

    def _solid(self, part: Box) -> NDArray[np.uint8]:
        return np.broadcast_to(np.array(self.colour, dtype=np.uint8), (part.height, part.width, 3))

    def _cover(self, result: RGB, region: Box, visible: Box, paint: Callable[[Box], NDArray[np.uint8]]) -> None:
        for top in range(visible.y, visible.bottom, _ROWS_AT_A_TIME):
            part = Box(visible.x, top, visible.width, min(_ROWS_AT_A_TIME, visible.bottom - top))
            pixels = result[part.y : part.bottom, part.x : part.right]
            np.copyto(pixels, paint(part), where=self._inside(region, part)[..., None])

    def _inside(self, region: Box, part: Box) -> NDArray[np.bool_]:
        """Which pixels of a part lie inside the region's shape, judged by their centres."""
        if self.shape == "box":
            return np.ones((part.height, part.width), dtype=bool)
        (x, y), across, down = region.centre, region.width / 2, region.height / 2
        dx = (np.arange(part.x, part.right) + 0.5 - x) / across
        dy = (np.arange(part.y, part.bottom) + 0.5 - y) / down
        return np.asarray(dy[:, None] ** 2 + dx[None, :] ** 2 <= 1)


def redactor(
    method: str,
    *,
    shape: str = "ellipse",
    margin: float = MARGIN,
    cells: int = CELLS,
    colour: tuple[int, int, int] = COLOUR,
) -> RegionRedactor:
    """The redactor of a method; see `RegionRedactor` for the arguments and what is raised."""
    return RegionRedactor(method, shape, margin, cells, colour)
