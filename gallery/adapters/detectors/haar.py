"""The original notebook's detector: a Haar cascade (Viola and Jones 2001; Lienhart and Maydt 2002), run by OpenCV 4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gallery.adapters.forking import ForkedLock
from gallery.domain.errors import BadArgument, ModelFailed
from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box
from gallery.domain.models import ModelCard
from gallery.installed import installing

SCALE_FACTOR = 1.3
"""Ratio of one search size to the next, as in the original notebook."""
NEIGHBOURS = 5
"""Overlapping hits that make a face, as in the original notebook."""


LEAST_SCALE, MOST_SCALE, MOST_NEIGHBOURS = 1.01, 2.0, 30
"""Beyond these the search takes for ever, or passes over nearly every face."""


class Haar:
    """Boxes only: no landmarks, and for a score the number of merged hits.

    Args:
        card: Its entry in the registry.
        weights: Path of the cascade's XML file.
        scale_factor: Ratio of one search size to the next, above 1. Nearer to 1 finds more and takes longer.
        neighbours: Overlapping hits that make a face, at least 0. More finds fewer faces, and fewer that are none.
    """

    def __init__(
        self, card: ModelCard, weights: Path, scale_factor: float = SCALE_FACTOR, neighbours: int = NEIGHBOURS
    ) -> None:
        import cv2

        if not LEAST_SCALE <= scale_factor <= MOST_SCALE or not 0 <= neighbours <= MOST_NEIGHBOURS:
            raise BadArgument(
                f"The Haar detector cannot use scale factor {scale_factor} with {neighbours} neighbours.",
                f"Use a factor from {LEAST_SCALE} to {MOST_SCALE} and 0 to {MOST_NEIGHBOURS} neighbours; the defaults "
                f"are {SCALE_FACTOR} and {NEIGHBOURS}.",
            )
        self.card = card
        self._scale_factor, self._neighbours = scale_factor, neighbours
        self._lock = ForkedLock()
        if not hasattr(cv2, "CascadeClassifier"):
            raise ModelFailed(
                f"OpenCV {cv2.__version__} has no Haar cascade classifier.",
                f"Use --detector yunet, or run: {installing(['opencv-python-headless<5'])}",
            )
        try:
            self._cascade = cv2.CascadeClassifier(str(weights))
        except (cv2.error, SystemError) as error:
            raise self._failed(f"cannot load {weights}") from error
        if self._cascade.empty():
            raise self._failed(f"cannot load {weights}")

    @property
    def settings(self) -> dict[str, Any]:
        """What was set, for the record."""
        return {"scale_factor": self._scale_factor, "neighbours": self._neighbours}

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Args:
            image: `(height, width, 3) uint8` RGB, upright.

        Raises:
            ModelFailed: If OpenCV reports an error.
        """
        import cv2

        require_rgb(image)
        try:
            with self._lock:
                boxes, hits = self._cascade.detectMultiScale2(
                    cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
                    scaleFactor=self._scale_factor,
                    minNeighbors=self._neighbours,
                )
        except cv2.error as error:
            raise self._failed("cannot run") from error
        found = [
            Detection(Box(*(int(v) for v in box)), float(count))
            for box, count in zip(boxes, np.ravel(hits), strict=True)
        ]
        return tuple(sorted(found, key=lambda d: d.box))

    def _failed(self, what: str) -> ModelFailed:
        return ModelFailed(
            f"The detector {self.card.name} {what}.",
            "Check its file with 'gallery models verify', or choose another with --detector.",
        )
