"""Faces that lie on their side or stand on their head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gallery.adapters.detectors.pyramid import merge
from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box, Landmarks, Point
from gallery.domain.models import ModelCard
from gallery.domain.ports import Detector

QUARTERS = 4


class Turned:
    """Looks at a picture four times, each time turned by a quarter more, with another detector.

    Of detections of one face the surest counts. Boxes and landmarks are those of the picture as it is; landmarks tell
    how a face is turned, so it is aligned and recognised as if it were upright.

    Args:
        detector: Looks each time. Its scores must be comparable; those of `haar`, numbers of hits, are, too.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    @property
    def card(self) -> ModelCard:
        """The detector's entry in the registry."""
        return self._detector.card

    @property
    def settings(self) -> dict[str, Any]:
        """What was set of it, for the record."""
        return {**self._detector.settings, "turns": QUARTERS}

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right, however they are turned.

        Raises:
            ModelFailed: If the detector fails.
        """
        height, width = image.shape[:2]
        found: list[Detection] = []
        for quarters in range(QUARTERS):
            turned = np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image
            found += [turned_back(one, quarters, width, height) for one in self._detector.detect(turned)]
        return merge(found)


def turned_back(detection: Detection, quarters: int, width: int, height: int) -> Detection:
    """Where a face is in a picture in which it was found after turning the picture counter-clockwise.

    Args:
        detection: In the turned picture.
        quarters: Quarter turns counter-clockwise, from 0 to 3, as `numpy.rot90` makes them.
        width: Of the picture as it is.
        height: Likewise.
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
