"""Blurs that do not hold, to compare with: `gallery evaluate redaction` measures them, nothing else offers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gallery.domain.faces import RGB, require_rgb
from gallery.domain.geometry import Box

NOTEBOOK_PIXELS = 10
"""Side of the box blur of the original notebook, in pixels of the photo, however large the face is."""

SIGMAS = (0.05, 0.1, 0.2)
"""Standard deviations of a Gaussian, as shares of the face's width."""

_MARGIN = 0.25  # of the face on every side; as a box


@dataclass(frozen=True, slots=True)
class PlainBlur:
    """Smooths each face's box, grown by a quarter on every side.

    Attributes:
        sigma: Of a Gaussian, as a share of the face's width; None for the notebook's box blur.
    """

    sigma: float | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Method, shape, margin and strength, for the record."""
        if self.sigma is None:
            return {"method": "box blur", "shape": "box", "margin": _MARGIN, "pixels": NOTEBOOK_PIXELS}
        return {"method": "Gaussian", "shape": "box", "margin": _MARGIN, "sigma": self.sigma}

    def redact(self, image: RGB, boxes: Sequence[Box], regions: Sequence[Box] = ()) -> RGB:
        """A copy of the picture with every box smoothed, grown as ever, and the regions likewise.

        Raises:
            ValueError: If `image` is not `(height, width, 3) uint8`.
        """
        require_rgb(image)
        result = image.copy()
        for box in (*boxes, *regions):
            region = box.grow(_MARGIN).clip(image.shape[1], image.shape[0])
            if region is not None:
                part = image[region.y : region.bottom, region.x : region.right]
                result[region.y : region.bottom, region.x : region.right] = self._smooth(part, box.width)
        return result

    def _smooth(self, part: RGB, width: int) -> RGB:
        import cv2

        if self.sigma is None:
            return np.asarray(cv2.blur(part, (NOTEBOOK_PIXELS, NOTEBOOK_PIXELS)), np.uint8)
        return np.asarray(cv2.GaussianBlur(part, (0, 0), max(0.5, self.sigma * width)), np.uint8)
