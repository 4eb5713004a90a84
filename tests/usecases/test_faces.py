"""Faces are found whichever way up some viewer may show a photo, and described in batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery.domain.errors import BadPhoto
from gallery.domain.faces import Detection, Photo
from gallery.domain.geometry import Box
from gallery.testing import FakeCropper, FakeDetector, FakeEmbedder
from gallery.usecases.faces import BATCH, MOST_FACES, Recogniser, found_in


class OnlyUpright:
    """Finds marks whose dark row is their top one; the higher it is, the surer."""

    card, settings = FakeDetector().card, FakeDetector().settings

    def detect(self, image):
        rows, columns = np.nonzero(image[..., 0] == 255)
        if not len(rows):
            return ()
        box = Box(int(columns.min()), int(rows.min()), int(np.ptp(columns) + 1), int(np.ptp(rows) + 1))
        dark = image[box.y : box.bottom, box.x : box.right, 1] == 0
        return (Detection(box, 0.9),) if dark[0].all() and not dark[-1].all() else ()


MARK = Box(5, 8, 6, 4)


def photo(turns=(), alpha=None) -> Photo:
    """A mark that is upright after the picture was turned by one quarter, counter-clockwise."""
    upright = np.full((30, 20, 3), 9, np.uint8)
    upright[MARK.y : MARK.bottom, MARK.x : MARK.right] = 255
    upright[MARK.y, MARK.x : MARK.right, 1] = 0
    return Photo(Path("a.png"), "0" * 64, np.ascontiguousarray(np.rot90(upright, -1)), "PNG", alpha, turns=turns)


@pytest.mark.parametrize("turns", [(1,), (1, 2), (1, 2, 3)])
@pytest.mark.parametrize("clear", [False, True])
def test_a_face_that_only_another_viewer_shows_upright_is_found(turns, clear):
    alpha = np.zeros((20, 30), np.uint8) if clear else None
    assert found_in(photo((), alpha), OnlyUpright()) == ()
    assert found_in(photo((2, 3), alpha), OnlyUpright()) == ()
    (found,) = found_in(photo(turns, alpha), OnlyUpright())
    assert found.box == Box(30 - MARK.bottom, MARK.x, MARK.height, MARK.width)


class Unsure:
    """Finds one face in every picture, the surer the taller the picture is."""

    card, settings = FakeDetector().card, FakeDetector().settings

    def detect(self, image):
        return (Detection(Box(0, 0, image.shape[1], image.shape[0]), min(1.0, image.shape[0] / 100)),)


def test_the_surer_of_two_looks_at_one_face_counts():
    (found,) = found_in(photo((1,)), Unsure())
    assert found.score == 0.3


def test_many_faces_are_embedded_in_batches_in_their_order():
    """A crowd embedded at once took 0.33 MB for each face."""
    embedder = FakeEmbedder()
    recogniser = Recogniser(FakeDetector(), FakeCropper(), embedder)
    image = np.zeros((2, 2 * BATCH + 3, 3), np.uint8)
    image[..., 0] = np.arange(2 * BATCH + 3) % 200
    image[..., 2] = 200
    crowd = [Detection(Box(x, 0, 1, 2), 0.9) for x in range(2 * BATCH + 3)]

    faces = recogniser.describe(image, crowd)

    assert embedder.batches == [BATCH, BATCH, 3]
    assert [face.detection for face in faces] == crowd
    whole = FakeEmbedder().embed(FakeCropper().crop(image, crowd).pixels)
    assert np.array_equal(np.stack([face.embedding for face in faces]), whole)


def test_a_picture_made_of_faces_is_refused_before_any_is_embedded():
    embedder = FakeEmbedder()
    recogniser = Recogniser(FakeDetector(), FakeCropper(), embedder)
    crowd = [Detection(Box(0, 0, 1, 1), 0.9)] * (MOST_FACES + 1)

    with pytest.raises(BadPhoto, match="5,001 faces were found"):
        recogniser.describe(np.zeros((9, 9, 3), np.uint8), crowd)

    assert embedder.batches == []
