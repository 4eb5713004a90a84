"""Cuts faces out for an embedder: aligned by five landmarks, or the detector's box as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import RGB, Chips, Detection, require_rgb
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import Crop, EmbedderSpec

ARCFACE_TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)], np.float64
)
"""Where the five landmarks belong in a 112×112 chip, in pixels: right eye, left eye, nose, right and left corner of the
mouth (Deng et al. 2019, "ArcFace", the authors' reference code; `cv2.FaceRecognizerSF.alignCrop` uses the same)."""
ARCFACE_SIDE = 112


class FaceCropper:
    """Implements the port `Cropper` for one embedder.

    Args:
        spec: The embedder's input size, crop and margin.
    """

    def __init__(self, spec: EmbedderSpec) -> None:
        self._spec = spec

    def crop(self, image: RGB, detections: Sequence[Detection]) -> Chips:
        """One chip per detection, in the same order.

        Args:
            image: `(height, width, 3) uint8` RGB, upright.
            detections: Faces of that picture.

        Returns:
            Chips of the embedder's input size. A face without landmarks that should have been aligned is cut out by
            its box instead, and marked.
        """
        require_rgb(image)
        width, height = self._spec.input_size
        chips = np.zeros((len(detections), height, width, 3), np.uint8)
        as_meant = []
        for chip, detection in zip(chips, detections, strict=True):
            if self._spec.crop is Crop.ALIGNED and detection.landmarks is not None:
                chip[:] = _aligned(image, detection.landmarks, (width, height), self._spec.margin)
            else:
                chip[:] = _boxed(image, detection.box, (width, height), self._spec.margin)
            as_meant.append(self._spec.crop is Crop.BOX or detection.landmarks is not None)
        return Chips(chips, tuple(as_meant))


def _aligned(image: RGB, landmarks: Landmarks, size: tuple[int, int], margin: float) -> NDArray[np.uint8]:
    import cv2

    scale = np.array(size) / ARCFACE_SIDE
    inner = (ARCFACE_TEMPLATE - ARCFACE_SIDE / 2) / (1 + 2 * margin) + ARCFACE_SIDE / 2
    matrix = similarity(np.array(landmarks.as_tuple(), np.float64), inner * scale)
    # Only the part the chip can show: OpenCV refuses to warp pictures of more than 32,767 pixels a side.
    part, offset = _around(image, landmarks, margin)
    shrink = 1 / float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if shrink > 2:
        # A large face is first reduced by block means: bilinear sampling alone would skip most of its pixels.
        part, back = _reduced(part, 2 / shrink)
    else:
        back = np.eye(3)
    back[:2, 2] += offset
    return np.asarray(cv2.warpAffine(part, matrix @ back, size, flags=cv2.INTER_LINEAR), np.uint8)


def _reduced(image: RGB, factor: float) -> tuple[RGB, NDArray[np.float64]]:
    """A smaller picture, and the matrix from its pixels' centres to the larger one's."""
    import cv2

    small = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    back = np.diag([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0], 1.0])
    back[:2, 2] = (np.diag(back)[:2] - 1) / 2
    return small, back


def _around(image: RGB, landmarks: Landmarks, margin: float) -> tuple[RGB, tuple[int, int]]:
    """The part of a picture that an aligned chip can show, and where it starts."""
    points = np.array(landmarks.as_tuple())
    reach = 3 * (1 + 2 * margin) * max(float(np.ptp(points[:, 0])), float(np.ptp(points[:, 1])), 1.0)
    x, y = points.mean(axis=0)
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    return image[top : int(y + reach) + 1, left : int(x + reach) + 1], (left, top)


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift that bring points nearest to others in the least-squares sense.

    Umeyama 1991, "Least-squares estimation of transformation parameters between two point patterns", equations 40-42.

    Args:
        source: `(K, 2)` points.
        target: `(K, 2)` points.

    Returns:
        `(2, 3)` matrix, without reflection.
    """
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, singular, vt = np.linalg.svd(b.T @ a / len(a))
    sign = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    variance = (a**2).sum() / len(a)
    scale = float((singular * sign).sum() / variance) if variance > 0 else 1.0
    rotation = u @ np.diag(sign) @ vt
    matrix = np.zeros((2, 3))
    matrix[:, :2] = scale * rotation
    matrix[:, 2] = target.mean(axis=0) - matrix[:, :2] @ source.mean(axis=0)
    return matrix


def _boxed(image: RGB, box: Box, size: tuple[int, int], margin: float) -> NDArray[np.uint8]:
    """The box made square and grown, resized; what lies outside the picture repeats its border."""
    import cv2

    wanted = box.square().grow(margin)
    height, width = image.shape[:2]
    inside = wanted.clip(width, height)
    if inside is None:
        raise ValueError(f"{box} lies outside an image of {width}×{height} pixels")
    piece = image[inside.y : inside.bottom, inside.x : inside.right]
    padded = cv2.copyMakeBorder(
        piece,
        inside.y - wanted.y,
        wanted.bottom - inside.bottom,
        inside.x - wanted.x,
        wanted.right - inside.right,
        cv2.BORDER_REPLICATE,
    )
    shrinking = padded.shape[1] > size[0]
    return np.asarray(
        cv2.resize(padded, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR), np.uint8
    )
