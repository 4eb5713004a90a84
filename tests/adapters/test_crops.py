"""Chips: what an embedder gets to see."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.crops import ARCFACE_TEMPLATE, FaceCropper, similarity
from gallery.bootstrap import Bootstrap
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import Crop
from gallery.testing import EMBEDDER
from portraits import hopper, scaled

SPEC = dataclasses.replace(EMBEDDER.spec, input_size=(112, 112))
ALIGNED = dataclasses.replace(SPEC, crop=Crop.ALIGNED)


def landmarks(points: np.ndarray) -> Landmarks:
    return Landmarks(*(tuple(map(float, p)) for p in points))


@given(st.floats(-math.pi, math.pi), st.floats(0.1, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_a_similarity_is_recovered_exactly(angle, scale, dx, dy):
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    moved = ARCFACE_TEMPLATE @ turn.T + (dx, dy)

    matrix = similarity(ARCFACE_TEMPLATE, moved)

    assert matrix[:, :2] == pytest.approx(turn, abs=1e-8 * max(1, scale))
    assert matrix[:, 2] == pytest.approx([dx, dy], abs=1e-5)


def test_a_mirror_image_is_not_taken_for_a_turn():
    matrix = similarity(ARCFACE_TEMPLATE, ARCFACE_TEMPLATE * (-1, 1))

    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize("factor", [1.0, 1.5, 2.0, 4.0, 9.0])
def test_landmarks_land_where_they_belong(factor):
    picture = np.zeros((1400, 1400, 3), np.uint8)
    points = ARCFACE_TEMPLATE * factor + 150
    for x, y in points:
        cv2.circle(picture, (round(x), round(y)), max(1, round(2 * factor)), (255, 255, 255), -1)

    chips = FaceCropper(ALIGNED).crop(picture, [Detection(Box(150, 150, 900, 900), 1.0, landmarks(points))])

    assert chips.as_meant == (True,)
    grey = chips.pixels[0, :, :, 0].astype(float)
    for x, y in ARCFACE_TEMPLATE:
        around = grey[round(y) - 4 : round(y) + 5, round(x) - 4 : round(x) + 5]
        rows, columns = np.mgrid[-4:5, -4:5]
        assert around.sum() > 0
        assert (columns * around).sum() / around.sum() == pytest.approx(x - round(x), abs=0.7)
        assert (rows * around).sum() / around.sum() == pytest.approx(y - round(y), abs=0.7)


def test_a_box_as_the_notebook_cut_it():
    picture = np.random.default_rng(0).integers(0, 255, (90, 90, 3), dtype=np.uint8)

    chips = FaceCropper(SPEC).crop(picture, [Detection(Box(10, 20, 50, 50), 1.0)])

    assert (chips.pixels[0] == cv2.resize(picture[20:70, 10:60], (112, 112), interpolation=cv2.INTER_LINEAR)).all()
    assert chips.as_meant == (True,)


def test_a_tall_box_is_made_square_not_squeezed():
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[:, 40:60] = 255

    (chip,) = FaceCropper(SPEC).crop(picture, [Detection(Box(40, 20, 20, 60), 1.0)]).pixels

    white = (chip[56, :, 0] > 127).sum()
    assert white == pytest.approx(112 / 3, abs=2), "a third of the square's width, as in the picture"


def test_a_box_at_the_border_repeats_the_border():
    picture = np.full((40, 40, 3), 77, np.uint8)

    (chip,) = (
        FaceCropper(dataclasses.replace(SPEC, margin=0.5)).crop(picture, [Detection(Box(0, 0, 40, 40), 1.0)]).pixels
    )

    assert (chip == 77).all()


def test_without_landmarks_alignment_falls_back_to_the_box_and_says_so():
    chips = FaceCropper(ALIGNED).crop(hopper(), [Detection(Box(183, 120, 170, 212), 1.0)])

    assert chips.as_meant == (False,)
    assert chips.pixels[0].std() > 10


def test_no_faces_no_chips():
    chips = FaceCropper(ALIGNED).crop(hopper(), [])

    assert chips.pixels.shape == (0, 112, 112, 3)


@pytest.mark.models
@pytest.mark.parametrize("factor", [0.3, 0.5, 1.0])
def test_alignment_agrees_with_opencvs(factor):
    boot = Bootstrap.of()
    card = boot.registry().card("sface")
    recogniser = cv2.FaceRecognizerSF.create(str(boot.weights().verified(card).path), "")
    picture = scaled(hopper(), factor)
    (face,) = boot.detector("yunet").detect(picture)
    row = np.array([[*face.box.as_list(), *np.ravel(face.landmarks.as_tuple()), face.score]], np.float32)

    theirs = recogniser.alignCrop(picture, row).astype(int)
    (ours,) = FaceCropper(card.spec).crop(picture, [face]).pixels.astype(int)

    # Where the face is reduced more than twofold we average, and OpenCV skips pixels: so a looser bound there.
    assert np.abs(ours - theirs).mean() < (2.0 if factor < 0.6 else 9.0)
