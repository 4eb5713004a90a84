"""Faces that lie on their side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.detectors.turned import Turned
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.turning import turned_back
from gallery.testing import FakeDetector

WIDTH, HEIGHT = 30, 20


@given(st.integers(0, 3), st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.data())
def test_a_box_and_its_points_are_found_where_they_are(quarters, x, y, data):
    """A marked box and a marked pixel are turned, found in the turned picture, and turned back."""
    box = Box(x, y, data.draw(st.integers(1, WIDTH - x)), data.draw(st.integers(1, HEIGHT - y)))
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    picture[box.y : box.bottom, box.x : box.right] = 1
    picture[y, x] = 2
    rows, columns = np.nonzero(np.rot90(picture, quarters))
    (row,), (column,) = np.nonzero(np.rot90(picture, quarters) == 2)
    found = Box(
        int(columns.min()),
        int(rows.min()),
        int(columns.max() - columns.min() + 1),
        int(rows.max() - rows.min() + 1),
    )
    marks = Landmarks(*[(float(column), float(row))] * 5)

    back = turned_back(Detection(found, 0.9, marks), quarters, WIDTH, HEIGHT)

    assert back.box == box
    assert back.landmarks.as_tuple() == ((float(x), float(y)),) * 5
    assert back.score == 0.9


class Upright:
    """Finds one bright spot, and is the surer the nearer it is to the top."""

    card, settings = FakeDetector().card, {"score": 0.5}

    def detect(self, image):
        rows, columns = np.nonzero(image[..., 0] == 255)
        if not len(rows) or rows.min() > image.shape[0] // 2:
            return ()
        box = Box(int(columns.min()), int(rows.min()), int(np.ptp(columns) + 1), int(np.ptp(rows) + 1))
        return (Detection(box, 1 - rows.min() / image.shape[0]),)


def test_the_surest_look_at_each_face_counts():
    image = np.zeros((40, 60, 3), np.uint8)
    image[25:35, 2:12] = 255
    assert Upright().detect(image) == ()

    (found,) = Turned(Upright()).detect(image)

    assert found.box == Box(2, 25, 10, 10)
    assert found.score == pytest.approx(1 - 2 / 60)


def test_it_says_what_it_does_on_record():
    assert Turned(Upright()).settings == {"score": 0.5, "turns": 4}


@pytest.mark.models
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_portrait_on_its_side_is_found_and_recognised(quarters):
    from gallery.bootstrap import Bootstrap
    from portraits import hopper

    boot = Bootstrap.of()
    upright = boot.recogniser(boot.registry().card("sface"), "yunet")
    (face,) = upright.describe(hopper(), upright.detect(hopper()))
    image = np.ascontiguousarray(np.rot90(hopper(), quarters))

    (turned,) = upright.describe(image, Turned(upright.detector).detect(image))

    assert 1 - float(turned.embedding @ face.embedding) < 0.05
