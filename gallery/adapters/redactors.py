"""Making faces unrecognisable: blur, pixelate, solid colour.

Whatever the method, a region is the face's box grown by a margin, as an ellipse or a box. Of what was in it, blur and
pixelate leave a small fixed grid of shades, relative to the face and not to the photo, and solid leaves nothing. Blur
only draws that grid smoothly, so undoing the smoothing brings back the grid, never the face.

The margin and the grid are what `gallery evaluate redaction` has measured; see `gallery.domain.redacting`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.block_means import SHADES, SKIN, STEPS, BlockMeans
from gallery.domain.errors import BadArgument
from gallery.domain.faces import RGB, require_rgb
from gallery.domain.geometry import Box
from gallery.domain.redacting import CELLS, MARGIN, MOST_CELLS, MOST_FEATHER, MOST_MARGIN

METHODS = ("blur", "pixelate", "solid")
SHAPES = ("ellipse", "box")

COLOUR = (128, 128, 128)
"""Of the solid method, the same for everybody: a mean colour would tell the skin's."""

SLIMMEST = 0.75
"""Width of a whole face as a share of its height, at least; what is slimmer at the photo's border was cut off there."""

_ROWS_AT_A_TIME = 256  # so that a face of 50 megapixels takes no more memory than a small one


@dataclass(frozen=True, slots=True)
class RegionRedactor:
    """Covers each face's region by one method.

    Attributes:
        method: `blur` (the grid of shades, drawn smoothly), `pixelate` (the same, drawn as blocks) or `solid`.
        shape: `ellipse`, inscribed in the grown box, or `box`.
        margin: Share of the box added on every side.
        cells: Cells of the grid across the grown box, in either direction.
        feather: Share of the box, beyond the margin, over which the region fades into the photo. It never thins out
            what the margin covers.
        colour: Red, green and blue of `solid`.

    Raises:
        BadArgument: If one of them makes no sense.
    """

    method: str = "blur"
    shape: str = "ellipse"
    margin: float = MARGIN
    cells: int = CELLS
    feather: float = 0.0
    colour: tuple[int, int, int] = COLOUR

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise BadArgument(f"There is no redaction method {self.method!r}.", f"Choose from {', '.join(METHODS)}.")
        if self.shape not in SHAPES:
            raise BadArgument(f"There is no redaction shape {self.shape!r}.", f"Choose from {', '.join(SHAPES)}.")
        if not (math.isfinite(self.margin) and 0 <= self.margin <= MOST_MARGIN):
            raise BadArgument(f"The margin must be a share of the face from 0 to {MOST_MARGIN}, not {self.margin}.")
        if not 1 <= self.cells <= MOST_CELLS:
            raise BadArgument(
                f"The grid must have from 1 to {MOST_CELLS} cells, not {self.cells}.", "More cells show more of a face."
            )
        if not (math.isfinite(self.feather) and 0 <= self.feather <= MOST_FEATHER):
            raise BadArgument(f"The feather must be a share of the face from 0 to {MOST_FEATHER}, not {self.feather}.")
        if len(self.colour) != 3 or not all(0 <= level <= 255 for level in self.colour):
            raise BadArgument(f"A colour is three levels from 0 to 255, not {self.colour}.")

    @property
    def settings(self) -> dict[str, Any]:
        """Method, shape, margin, feather and strength, for the record."""
        strength: dict[str, Any] = {"colour": list(self.colour)}
        if self.method != "solid":
            strength = {"cells": self.cells, "colour": list(SKIN), "steps": list(STEPS), "shades": list(SHADES)}
        return {
            "method": self.method,
            "shape": self.shape,
            "margin": self.margin,
            "feather": self.feather,
            **strength,
        }

    def redact(self, image: RGB, boxes: Sequence[Box], regions: Sequence[Box] = ()) -> RGB:
        """A copy of the picture with every box's region covered, and every other pixel as it was.

        All are made from the original picture. Of faces that overlap the larger is drawn over the smaller, so that no
        part of a face is shown in finer cells than its own; the order of the boxes makes no difference. Regions lie
        over all, and nothing is left of what was in them, whatever the method: many small ones would add up to a grid.

        Args:
            image: `(height, width, 3) uint8` RGB; left as it is.
            boxes: Faces; what lies outside the picture is cut off.
            regions: What is covered besides: these boxes, without margin or feather, in one colour.

        Raises:
            ValueError: If `image` is not such an array.
        """
        require_rgb(image)
        result = image.copy()
        for box in sorted(boxes, key=lambda one: (one.area, one)):
            self._redact_one(image, result, completed(box, image.shape[1], image.shape[0]))
        for region in regions:
            part = region.clip(image.shape[1], image.shape[0])
            if part is not None:
                result[part.y : part.bottom, part.x : part.right] = self.colour
        return result

    def _redact_one(self, image: RGB, result: RGB, face: Box) -> None:
        region, reach = face.grow(self.margin), face.grow(self.margin + self.feather)
        touched = reach.clip(image.shape[1], image.shape[0])
        if touched is not None:
            self._cover(result, region, reach, touched, self._painter(image, region))

    def _painter(self, image: RGB, region: Box) -> Callable[[Box], NDArray[np.uint8]]:
        visible = region.clip(image.shape[1], image.shape[0])
        if self.method == "solid" or visible is None:  # None where only the feather reaches into the picture
            return self._solid
        grid = BlockMeans.of(image, region, visible, self.cells).shaded()
        return grid.smooth if self.method == "blur" else grid.blocks

    def _solid(self, part: Box) -> NDArray[np.uint8]:
        return np.broadcast_to(np.array(self.colour, dtype=np.uint8), (part.height, part.width, 3))

    def _cover(
        self, result: RGB, region: Box, reach: Box, touched: Box, paint: Callable[[Box], NDArray[np.uint8]]
    ) -> None:
        for top in range(touched.y, touched.bottom, _ROWS_AT_A_TIME):
            part = Box(touched.x, top, touched.width, min(_ROWS_AT_A_TIME, touched.bottom - top))
            pixels = result[part.y : part.bottom, part.x : part.right]
            painted, inside = paint(part), self._inside(region, part)
            if self.feather:
                # Onto what is there by now: the original would shine through where another face is covered.
                share = self._share(region, reach, part)[..., None]
                np.copyto(pixels, np.rint(share * painted + (1 - share) * pixels).astype(np.uint8), where=share > 0)
            np.copyto(pixels, painted, where=inside[..., None])

    def _inside(self, region: Box, part: Box) -> NDArray[np.bool_]:
        """Which pixels of a part lie inside the region's shape, judged by their centres."""
        return self._away(region, part) <= 1

    def _away(self, region: Box, part: Box) -> NDArray[np.float64]:
        """The square of how far each pixel's centre is from the region's, 1 at the edge of its shape."""
        (x, y), across, down = region.centre, region.width / 2, region.height / 2
        dx = ((np.arange(part.x, part.right) + 0.5 - x) / across)[None, :]
        dy = ((np.arange(part.y, part.bottom) + 0.5 - y) / down)[:, None]
        return np.asarray(np.maximum(dy**2, dx**2) if self.shape == "box" else dy**2 + dx**2)

    def _share(self, region: Box, reach: Box, part: Box) -> NDArray[np.float64]:
        """How much of the paint each pixel of a part takes: all inside the region, none from `reach` on."""
        inner, outer = np.sqrt(self._away(region, part)) - 1, 1 - np.sqrt(self._away(reach, part))
        share = outer.clip(0) / (outer.clip(0) + inner.clip(0)).clip(np.finfo(np.float64).tiny)
        return np.asarray(np.where(inner <= 0, 1.0, share))


def completed(box: Box, width: int, height: int) -> Box:
    """The box of a whole face of which the photo's border may have cut something off.

    A detector reports only what is inside the photo. A grid laid over half a face would show that half in cells half as
    wide, so a face that touches the border is taken to go on beyond it: by as much again as is to be seen, and at least
    as far as makes it a face's shape.

    Args:
        box: The face as detected.
        width: Of the photo.
        height: Of the photo.
    """
    left, right = box.x == 0, box.right == width
    up, down = box.y == 0, box.bottom == height
    wider = max(box.width, math.ceil(SLIMMEST * box.height) - box.width)
    taller = max(box.height, box.width - box.height)
    x, y = box.x - wider * left, box.y - taller * up
    return Box(x, y, box.right + wider * right - x, box.bottom + taller * down - y)
