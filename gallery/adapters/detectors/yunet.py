"""YuNet (Wu et al. 2023, "YuNet: A Tiny Millisecond-level Face Detector"), run by OpenCV."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.detectors.pyramid import SAME_FACE, levels, merge
from gallery.domain.errors import ModelFailed
from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import ModelCard

SCORE = 0.6
"""Least score of a face. Lower finds more faces and more that are none, which are blurred without harm."""
_MOST = 5000
"""Boxes considered before suppression in one tile."""
_LEAST = 64
"""Least width and height given to the network; smaller pieces are padded with black. OpenCV 4.14 reads memory it never
wrote where the padded picture is 32 pixels high, and then makes up faces (see the test on narrow pictures)."""


class YuNet:
    """The default detector: boxes, scores and five landmarks.

    Args:
        card: Its entry in the registry.
        weights: Path of the ONNX file.
        score: Least score of a face, from 0 to 1.
    """

    def __init__(self, card: ModelCard, weights: Path, score: float = SCORE) -> None:
        self.card = card
        self._score = score
        self._file = weights
        self._weights = np.frombuffer(weights.read_bytes(), np.uint8)
        self._own = threading.local()
        self._net()

    @property
    def settings(self) -> dict[str, Any]:
        """What was set, for the record."""
        return {"score": self._score}

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Args:
            image: `(height, width, 3) uint8` RGB, upright.

        Raises:
            ModelFailed: If OpenCV reports an error.
        """
        import cv2

        require_rgb(image)
        height, width = image.shape[:2]
        found: list[Detection] = []
        for level in levels(width, height):
            scaled = (
                image
                if (level.width, level.height) == (width, height)
                else cv2.resize(image, (level.width, level.height), interpolation=cv2.INTER_AREA)
            )
            for tile in level.tiles():
                piece = scaled[tile.y : tile.bottom, tile.x : tile.right]
                offset = np.array([tile.x, tile.y, 0, 0, *[tile.x, tile.y] * 5, 0], np.float32)
                for row in self._run(cv2.cvtColor(piece, cv2.COLOR_RGB2BGR)) + offset:
                    if level.believes(_box(row, 1, 1), tile):
                        detection = _detection(row, width / level.width, height / level.height, width, height)
                        found += [detection] if detection else []
        return merge(found)

    def _net(self) -> Any:
        """This thread's own network, so that several photos can be searched at once."""
        import cv2

        if not hasattr(self._own, "net"):
            nothing, size = np.zeros(0, np.uint8), (320, 320)
            try:
                self._own.net = cv2.FaceDetectorYN.create(
                    "onnx", self._weights, nothing, size, self._score, SAME_FACE, _MOST
                )
            except cv2.error as error:
                raise _failed(self.card, f"cannot load {self._file}", error) from error
        return self._own.net

    def _run(self, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        import cv2

        below, right = max(0, _LEAST - bgr.shape[0]), max(0, _LEAST - bgr.shape[1])
        if below or right:
            bgr = np.pad(bgr, ((0, below), (0, right), (0, 0)))
        try:
            net = self._net()
            net.setInputSize((bgr.shape[1], bgr.shape[0]))
            done, rows = net.detect(bgr)
        except cv2.error as error:
            raise _failed(self.card, "cannot run", error) from error
        if not done:
            raise _failed(self.card, "cannot run", "OpenCV reported no success")
        if rows is None:
            return np.zeros((0, 15), np.float32)
        if not (np.abs(rows) < 100 * max(bgr.shape)).all():  # also where a value is not a number
            raise _failed(self.card, "cannot run", "it gave values that make no sense")
        return np.array(rows, np.float32)


def _box(row: NDArray[np.float32], sx: float, sy: float) -> Box:
    x, y, width, height = (float(v) for v in row[:4])
    return Box(round(x * sx), round(y * sy), max(1, round(width * sx)), max(1, round(height * sy)))


def _detection(row: NDArray[np.float32], sx: float, sy: float, width: int, height: int) -> Detection | None:
    box = _box(row, sx, sy).clip(width, height)
    if box is None:
        return None
    points = [(float(x) * sx, float(y) * sy) for x, y in row[4:14].reshape(5, 2)]
    return Detection(box, float(row[14]), Landmarks(*points))


def _failed(card: ModelCard, what: str, why: Any) -> ModelFailed:
    return ModelFailed(
        f"The detector {card.name} {what}: {str(why).strip().splitlines()[-1]}.",
        "Check its file with 'gallery models verify', or choose another with --detector.",
    )
