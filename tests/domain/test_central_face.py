"""Which face of a portrait is meant."""

from __future__ import annotations

from gallery.domain.central_face import central
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box


def test_the_nearest_to_the_middle_whatever_its_size():
    large, middle = Detection(Box(0, 0, 40, 40), 0.9), Detection(Box(46, 46, 8, 8), 0.5)

    assert central([large, middle], 100, 100) is middle


def test_of_two_equally_near_the_larger():
    small, large = Detection(Box(45, 45, 10, 10), 0.9), Detection(Box(40, 40, 20, 20), 0.5)

    assert central([small, large], 100, 100) is large
