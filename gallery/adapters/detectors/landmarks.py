"""Landmarks for a detector that gives none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.merging import SAME_FACE, merge
from gallery.domain.models import ModelCard
from gallery.domain.ports import Detector

LEAST_OVERLAP = 0.3
"""Least intersection over union of the two detectors' boxes of one face. A Haar box has about one half more area than
YuNet's of the same face (0.6), and little in common with that of a small face inside it."""
LOOK_AROUND = 0.5
"""Share of the box added on every side before the second detector looks, which needs to see the whole head."""


class WithLandmarks:
    """Finds faces with one detector, and their landmarks with another that looks inside each box.

    The boxes stay the first detector's own. A face whose landmarks the second cannot find has none, and no two boxes
    get the same face's. Where the second sees a face beside or behind that of the box, it counts as found, too.

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

    @property
    def settings(self) -> dict[str, Any]:
        """What was set of both, for the record."""
        points = self._points.card
        return {**self._detector.settings, "landmarks": points.name, "landmarks_sha256": points.sha256}

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Raises:
            ModelFailed: If either detector fails.
        """
        found = self._detector.detect(image)
        seen = [self._seen(image, detection.box) if detection.landmarks is None else () for detection in found]
        # Each face that the second detector sees gives its landmarks to the one box it fits best.
        fits = sorted(
            ((d.box.overlap(s.box), row, s) for row, d in enumerate(found) for s in seen[row]),
            key=lambda fit: (-fit[0], fit[1]),
        )
        given: dict[int, Landmarks] = {}
        taken: list[Box] = []
        for overlap, row, face in fits:
            if overlap < LEAST_OVERLAP or row in given or face.landmarks is None:
                continue
            if all(face.box.overlap(other) < SAME_FACE for other in taken):
                given[row] = face.landmarks
                taken.append(face.box)
        whole = [Detection(d.box, d.score, given[row]) if row in given else d for row, d in enumerate(found)]
        return tuple(sorted((*whole, *_besides(found, seen)), key=lambda one: one.box))

    def _seen(self, image: RGB, box: Box) -> tuple[Detection, ...]:
        """What the second detector sees in and around a box, in the coordinates of the picture."""
        around = box.grow(LOOK_AROUND).clip(image.shape[1], image.shape[0])
        if around is None:
            return ()
        return tuple(
            d.shifted(around.x, around.y)
            for d in self._points.detect(image[around.y : around.bottom, around.x : around.right])
        )


def _besides(found: Sequence[Detection], seen: Sequence[Sequence[Detection]]) -> tuple[Detection, ...]:
    """What the second detector saw that is none of the first one's faces."""
    others = [face for faces in seen for face in faces]
    return merge([face for face in others if all(face.box.overlap(d.box) < LEAST_OVERLAP for d in found)])
