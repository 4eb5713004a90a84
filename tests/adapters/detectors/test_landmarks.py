"""Landmarks for a detector that gives none."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gallery.adapters.detectors.landmarks import WithLandmarks
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.testing import DETECTOR


@dataclass
class Fixed:
    """Finds the same faces in every picture."""

    found: tuple[Detection, ...]
    card: object = DETECTOR
    settings: dict = field(default_factory=dict)
    looked_at: list[tuple[int, ...]] = field(default_factory=list)

    def detect(self, image):
        self.looked_at.append(image.shape)
        return self.found


def points(x: float, y: float) -> Landmarks:
    return Landmarks((x, y), (x + 10, y), (x + 5, y + 5), (x, y + 10), (x + 10, y + 10))


PICTURE = np.zeros((200, 300, 3), np.uint8)


def test_landmarks_are_found_inside_the_box_and_moved_back():
    inner = Fixed((Detection(Box(45, 45, 30, 40), 0.9, points(50, 60)),))
    finder = WithLandmarks(Fixed((Detection(Box(100, 80, 60, 60), 7.0),)), inner)

    (face,) = finder.detect(PICTURE)

    assert face.box == Box(100, 80, 60, 60), "the box stays the first detector's"
    assert face.score == 7.0
    assert face.landmarks == points(50 + 70, 60 + 50)
    assert inner.looked_at == [(120, 120, 3)], "half the box is added on every side"


def test_the_face_that_fits_the_box_best_is_meant():
    """A small face in the middle of a large box is somebody else's, held up in front of a stranger's, say."""
    inner = Fixed(
        (Detection(Box(50, 50, 22, 22), 0.9, points(1, 1)), Detection(Box(35, 32, 50, 56), 0.5, points(2, 2)))
    )

    finder = WithLandmarks(Fixed((Detection(Box(100, 80, 60, 60), 7.0),)), inner)

    (face,) = (one for one in finder.detect(PICTURE) if one.score == 7.0)

    assert face.landmarks == points(72, 52)


def test_a_face_outside_the_box_is_somebody_else():
    inner = Fixed((Detection(Box(0, 0, 20, 20), 0.9, points(1, 1)),))

    stranger, face = WithLandmarks(Fixed((Detection(Box(100, 80, 60, 60), 7.0),)), inner).detect(PICTURE)

    assert face.landmarks is None
    assert (stranger.box, stranger.score) == (Box(70, 50, 20, 20), 0.9), "and who was seen is blurred, too"


def test_landmarks_that_are_there_are_left_alone():
    inner = Fixed(())
    known = Detection(Box(100, 80, 60, 60), 0.9, points(110, 100))

    assert WithLandmarks(Fixed((known,)), inner).detect(PICTURE) == (known,)
    assert inner.looked_at == []


def test_the_edge_of_the_picture_is_no_obstacle():
    inner = Fixed(())

    WithLandmarks(Fixed((Detection(Box(0, 0, 40, 40), 7.0), Detection(Box(280, 180, 20, 20), 7.0))), inner).detect(
        PICTURE
    )

    assert inner.looked_at == [(60, 60, 3), (30, 30, 3)]


def test_one_face_gives_its_landmarks_to_one_box_only():
    inner = Fixed((Detection(Box(30, 30, 50, 60), 0.9, points(50, 60)),))
    boxes = (Detection(Box(100, 80, 60, 60), 7.0), Detection(Box(104, 84, 60, 60), 7.0))

    found = WithLandmarks(Fixed(boxes), inner).detect(PICTURE)

    assert [face.landmarks is None for face in found].count(False) == 1
    assert len(found) == 2, "the same face, seen in the surroundings of both, is nobody else"


def test_settings_of_both_are_recorded():
    settings = WithLandmarks(Fixed((), settings={"neighbours": 5}), Fixed(())).settings

    assert settings == {"neighbours": 5, "landmarks": DETECTOR.name, "landmarks_sha256": DETECTOR.sha256}
