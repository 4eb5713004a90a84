"""Faces at another size, with what is around them."""

from __future__ import annotations

import numpy as np

from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box

_AROUND = 2.0  # of the box on every side: more than any region or crop reaches


class FaceScaler:
    """Implements the port `Scaler` with OpenCV."""

    def scale(self, image: RGB, detection: Detection, side: int) -> tuple[RGB, Detection]:
        """The part of a picture around a face, and the face in it, at another size.

        Args:
            image: `(height, width, 3) uint8` RGB.
            detection: The face.
            side: Length that the longer side of its box gets, in pixels.
        """
        import cv2

        box = detection.box
        around = box.grow(_AROUND).clip(image.shape[1], image.shape[0])
        if around is None:
            raise ValueError(f"{box} lies outside an image of {image.shape[1]}×{image.shape[0]} pixels")
        part = image[around.y : around.bottom, around.x : around.right]
        factor = side / max(box.width, box.height)
        size = max(1, round(around.width * factor)), max(1, round(around.height * factor))
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        scaled = np.asarray(cv2.resize(part, size, interpolation=how), np.uint8)
        across, down = size[0] / around.width, size[1] / around.height
        left, right = (round((x - around.x) * across) for x in (box.x, box.right))
        top, bottom = (round((y - around.y) * down) for y in (box.y, box.bottom))
        landmarks = detection.landmarks
        return scaled, Detection(
            Box(left, top, max(1, right - left), max(1, bottom - top)),
            detection.score,
            landmarks and landmarks.resampled(around.x, around.y, across, down),
        )
