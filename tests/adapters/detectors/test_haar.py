"""The original notebook's detector."""

from __future__ import annotations

import numpy as np
import pytest

from gallery import load_detector
from gallery.adapters.detectors.haar import Haar
from gallery.domain.errors import BadArgument, ModelFailed
from gallery.domain.geometry import Box
from portraits import hopper

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def haar():
    return load_detector("haar")


def test_the_portrait_has_one_face_without_landmarks(haar):
    (face,) = haar.detect(hopper())

    assert face.landmarks is None
    assert face.score >= 5, "at least as many hits as neighbours were asked for"
    assert face.box.width == face.box.height
    assert face.box.overlap(Box(150, 120, 220, 220)) > 0.6


def test_the_notebooks_seven_faces(haar, shared_data):
    from PIL import Image

    with Image.open(shared_data / "seed" / "peakyblinders.jpg") as image:
        found = haar.detect(np.asarray(image.convert("RGB")))

    assert sorted(face.box.as_list() for face in found) == sorted(
        [
            [560, 92, 49, 49],
            [209, 126, 36, 36],
            [131, 124, 47, 47],
            [13, 99, 52, 52],
            [377, 98, 51, 51],
            [448, 125, 47, 47],
            [267, 81, 59, 59],
        ]
    )


def test_the_settings_matter():
    careless = load_detector("haar", haar_scale_factor=1.05, haar_neighbours=0)

    assert len(careless.detect(hopper())) > 5


@pytest.mark.parametrize(("factor", "neighbours"), [(1.0, 5), (0.5, 5), (float("nan"), 5), (1.3, -1)])
def test_settings_that_make_no_sense(factor, neighbours):
    with pytest.raises(BadArgument, match="Haar"):
        load_detector("haar", haar_scale_factor=factor, haar_neighbours=neighbours)


def test_no_face_in_a_plain_picture(haar):
    assert haar.detect(np.full((300, 300, 3), 90, np.uint8)) == ()


def test_a_file_that_is_no_cascade(haar, tmp_path):
    file = tmp_path / "broken.xml"
    file.write_text("<nothing/>")

    with pytest.raises(ModelFailed, match="haar cannot load"):
        Haar(haar.card, file)
