"""Faces are found whichever way up some viewer may show a photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery.domain.faces import Detection, Photo
from gallery.domain.geometry import Box
from gallery.testing import FakeDetector
from gallery.usecases.faces import found_in


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
