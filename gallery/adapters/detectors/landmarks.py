"""Landmarks for a detector that gives none."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import ModelCard
from gallery.domain.ports import Detector

LOOK_AROUND = 0.5
"""Share of the box added on every side before the second detector looks, which needs to see the whole head."""


class WithLandmarks:
    """Finds faces with one detector, and their landmarks with another that looks inside each box.

    The boxes stay the first detector's own. A face whose landmarks the second cannot find has none.

    Args:
        detector: Finds the faces.
        points: Gives landmarks, such as YuNet.
    """

    def __init__(self, detector: Detector, points: Detector) -> None:
        self._detector, self._points = detector, points

    @property
    def card(self) -> ModelCard:
        """The first detector's entry in the registry."""
        return self._detector.card

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Raises:
            ModelFailed: If either detector fails.
        """
        return tuple(self._completed(image, detection) for detection in self._detector.detect(image))

    def _completed(self, image: RGB, detection: Detection) -> Detection:
        if detection.landmarks is not None:
            return detection
        around = detection.box.grow(LOOK_AROUND).clip(image.shape[1], image.shape[0])
        if around is None:
            return detection
        seen = self._points.detect(image[around.y : around.bottom, around.x : around.right])
        landmarks = _of_the_same_face(detection.box.shift(-around.x, -around.y), seen)
        if landmarks is None:
            return detection
        moved = Landmarks(*((x + around.x, y + around.y) for x, y in landmarks.as_tuple()))
        return Detection(detection.box, detection.score, moved)


def _of_the_same_face(box: Box, seen: Sequence[Detection]) -> Landmarks | None:
    """The landmarks of the detection whose centre is nearest to the box's, if its centre lies inside the box."""
    inside = [
        d
        for d in seen
        if box.x <= d.box.centre[0] < box.right and box.y <= d.box.centre[1] < box.bottom and d.landmarks
    ]
    if not inside:
        return None
    x, y = box.centre
    return min(inside, key=lambda d: (d.box.centre[0] - x) ** 2 + (d.box.centre[1] - y) ** 2).landmarks
