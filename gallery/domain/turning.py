"""Pictures turned by quarters, and where what was found in them lies in the picture as it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box, Landmarks, Point


def turned_by(image: RGB, quarters: int) -> RGB:
    """The picture turned counter-clockwise by so many quarters; itself where that is none."""
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image


def turned_back(detection: Detection, quarters: int, width: int, height: int) -> Detection:
    """Where a face is in a picture in which it was found after turning the picture counter-clockwise.

    Args:
        detection: In the turned picture.
        quarters: Quarter turns counter-clockwise, from 0 to 3, as `turned_by` makes them.
        width: Of the picture as it is, in pixels.
        height: Of the picture as it is, in pixels.
    """
    back = _BACK[quarters]
    box, marks = detection.box, detection.landmarks
    # A box counts from the edges of pixels, a landmark from the middle of the first pixel.
    corners = [back((x, y), width, height) for x, y in ((box.x, box.y), (box.right, box.bottom))]
    left, top = (min(values) for values in zip(*corners, strict=True))
    right, bottom = (max(values) for values in zip(*corners, strict=True))
    points = None
    if marks is not None:
        moved = (back((x + 0.5, y + 0.5), width, height) for x, y in marks.as_tuple())
        points = Landmarks(*((x - 0.5, y - 0.5) for x, y in moved))
    return Detection(Box(round(left), round(top), round(right - left), round(bottom - top)), detection.score, points)


_BACK: tuple[Callable[[Point, int, int], Point], ...] = (
    lambda point, _width, _height: point,
    lambda point, width, _height: (width - point[1], point[0]),
    lambda point, width, height: (width - point[0], height - point[1]),
    lambda point, _width, height: (point[1], height - point[0]),
)
"""From a point of the turned picture to the one it was, by quarter turns."""
