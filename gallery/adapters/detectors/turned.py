"""Faces that lie on their side or stand on their head."""

from __future__ import annotations

from typing import Any

from gallery.domain.faces import RGB, Detection
from gallery.domain.merging import merge
from gallery.domain.models import ModelCard
from gallery.domain.ports import Detector
from gallery.domain.turning import turned_back, turned_by

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
            seen = self._detector.detect(turned_by(image, quarters))
            found += [turned_back(one, quarters, width, height) for one in seen]
        return merge(found)
