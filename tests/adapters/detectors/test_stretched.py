"""Faces in the dark, in fog, and wherever else a viewer could stretch the contrast."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery import load_detector
from gallery.adapters.detectors.stretched import Stretched, flat_parts, stretched
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.testing import FakeDetector
from portraits import collins, hopper


def people():
    """Two portraits beside each other."""
    return np.concatenate([hopper()[:500], collins()[:500]], axis=1)


def darker(image, by=0.05):
    return (image * by).astype(np.uint8)


def lamp(image):
    found = darker(image)
    found[:60, :60] = 255
    return found


def dark_half(image):
    found = image.copy()
    found[:, : image.shape[1] // 2] = darker(found[:, : image.shape[1] // 2], 0.03)
    return found


def one_channel(image, channel):
    found = np.full_like(image, 200)
    found[..., channel] = 200 + image.mean(axis=2) * 0.1
    return found


KINDS = {
    "dark": lambda image: darker(image, 0.03),
    "washed out": lambda image: (240 + image * 0.05).astype(np.uint8),
    "grey": lambda image: (120 + image * 0.04).astype(np.uint8),
    "a lamp in the dark": lamp,
    "a dark half": dark_half,
    "red only": lambda image: one_channel(image, 0),
    "green only": lambda image: one_channel(image, 1),
    "blue only": lambda image: one_channel(image, 2),
    "noise": lambda image: np.clip(image * 0.05 + np.random.default_rng(0).normal(0, 1, image.shape), 0, 255).astype(
        np.uint8
    ),
}


@pytest.mark.models
@pytest.mark.parametrize("kind", KINDS)
def test_faces_that_stretching_would_show_are_found(kind):
    yunet = load_detector("yunet")
    expected = [face.box for face in yunet.detect(people())]
    assert len(expected) == 2

    found = [face.box for face in yunet.detect(KINDS[kind](people()))]

    assert all(any(box.overlap(other) > 0.4 for other in found) for box in expected)


@pytest.mark.models
def test_the_second_look_sees_with_the_same_eyes():
    from gallery.bootstrap import Bootstrap

    boot = Bootstrap.of()

    for turned in (False, True):
        recogniser = boot.recogniser(boot.registry().card("sface"), "yunet", turned=turned)

        assert len(recogniser.detect(darker(people()))) >= 2


class Bright:
    """Finds the pixels that are brighter than 200, if there are any."""

    card, settings = FakeDetector().card, {"score": 0.5}

    def __init__(self):
        self.looks = []

    def detect(self, image):
        self.looks.append(image.shape[:2])
        rows, columns = np.nonzero(image.max(axis=2) > 200)
        if not len(rows):
            return ()
        x, y = int(columns.min()), int(rows.min())
        box = Box(x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1)
        return (Detection(box, 0.9, Landmarks(*[(float(x), float(y))] * 5)),)


def checked(height, width, low, high):
    """A chequered picture: full of contrast, or nearly without."""
    rows, columns = np.indices((height, width)) // 4
    return np.where((rows + columns) % 2, low, high).astype(np.uint8)[..., None].repeat(3, axis=2)


def test_a_picture_with_contrast_is_looked_at_once():
    detector = Bright()

    Stretched(detector).detect(checked(300, 400, 20, 190))

    assert detector.looks == [(300, 400)]


def test_nothing_is_looked_for_where_there_is_no_contrast_at_all():
    assert flat_parts(np.full((300, 400, 3), 90, np.uint8)) == []


def test_only_the_dark_part_is_looked_at_again_and_what_is_found_there_moved_back():
    picture = checked(480, 640, 20, 190)
    picture[200:480, 400:640] = np.random.default_rng(0).integers(4, 24, (280, 240, 1))
    detector, again = Bright(), Bright()

    (found,) = Stretched(detector, again).detect(picture)

    assert detector.looks == [(480, 640)]
    (look,) = again.looks
    assert max(look) < 400
    assert found.box.x >= 360
    assert found.box.y >= 160
    assert found.landmarks.right_eye[0] >= 360


def test_it_says_on_record_what_its_detector_says():
    assert Stretched(Bright()).settings == {"score": 0.5}


@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 255), st.integers(0, 12))
def test_pictures_of_any_size_are_cut_into_parts_that_lie_inside(width, height, level, depth):
    image = np.random.default_rng(width).integers(level, level + depth + 1, (height, width, 3)).clip(0, 255)

    parts = flat_parts(image.astype(np.uint8))

    assert all(part.clip(width, height) == part for part in parts)
    for part in parts:
        assert stretched(image.astype(np.uint8)[part.y : part.bottom, part.x : part.right]).shape[2] == 3


def test_a_channel_that_tells_nothing_shows_what_the_others_do():
    image = np.zeros((320, 320, 3), np.uint8)
    image[..., 2] = np.random.default_rng(0).integers(0, 20, (320, 320))

    found = stretched(image)

    assert np.ptp(found[..., 2]) > 100
    assert (found[..., 0] == found[..., 2]).all()


def test_what_is_found_in_a_reduced_copy_of_a_large_photo_is_where_it_is(monkeypatch):
    monkeypatch.setattr("gallery.adapters.detectors.stretched.LARGEST", 320)
    picture = checked(480, 640, 20, 190)
    picture[200:480, 400:640] = np.random.default_rng(0).integers(4, 24, (280, 240, 1))
    again = Bright()

    (found,) = Stretched(Bright(), again).detect(picture)

    assert max(again.looks[0]) < 200
    assert found.box.intersect(Box(400, 200, 240, 280)).area > 0.5 * 240 * 280
    assert found.box.clip(640, 480) == found.box
