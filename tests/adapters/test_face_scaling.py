"""Faces at another size."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.adapters.face_scaling import FaceScaler
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks


@pytest.mark.parametrize("side", [40, 400])
@pytest.mark.parametrize("box", [Box(60, 70, 60, 80), Box(0, 70, 50, 80), Box(150, 130, 50, 70)])
def test_face_and_landmarks_are_where_they_were(box, side):
    image = np.zeros((200, 200, 3), np.uint8)
    image[box.y : box.bottom, box.x : box.right] = 255
    middle = box.centre[0] - 0.5, box.centre[1] - 0.5
    scaled, face = FaceScaler().scale(image, Detection(box, 0.9, Landmarks(*[middle] * 5)), side)

    assert abs(max(face.box.width, face.box.height) - side) <= 1
    assert scaled[face.box.y : face.box.bottom, face.box.x : face.box.right].mean() > 240
    assert scaled.mean() < 255 * 1.1 * face.box.area / scaled[..., 0].size
    assert face.landmarks is not None
    assert np.abs(np.array(face.landmarks.nose) + 0.5 - face.box.centre).max() <= 1
    assert (face.box.x == 0) == (box.x == 0)
    assert (face.box.right == scaled.shape[1]) == (box.right == 200)
