"""Blurs to compare with."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.adapters.plain_blurs import GRIDS, SIGMAS, GridOfMeans, PlainBlur
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box

FACE = Detection(Box(20, 20, 40, 40), 0.9)


@pytest.mark.parametrize("sigma", [None, *SIGMAS])
def test_only_the_grown_box_is_smoothed(sigma):
    image = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    result = PlainBlur(sigma).redact(image, [FACE, Detection(Box(-90, 0, 5, 5), 0.9)])

    inside = np.zeros((80, 80), bool)
    inside[10:70, 10:70] = True
    assert (result[~inside] == image[~inside]).all()
    assert result[inside].std() < image[inside].std() / 2


def test_a_wider_gaussian_leaves_less():
    image = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    left = [PlainBlur(sigma).redact(image, [FACE])[10:70, 10:70].std() for sigma in SIGMAS]
    assert left == sorted(left, reverse=True)
    assert PlainBlur(0.1).settings["sigma"] == 0.1
    assert PlainBlur().settings["pixels"] == 10


@pytest.mark.parametrize("cells", GRIDS)
def test_a_grid_of_means_depends_on_the_face(cells):
    """What the program's own methods must not do, and the evaluation is there to show."""
    dark = np.full((80, 80, 3), 100, np.uint8)
    light = dark.copy()
    light[20:60, 20:60] = 250
    one, two = (GridOfMeans(cells).redact(image, [FACE]) for image in (dark, light))
    assert (one[2:78, 2:78] != two[2:78, 2:78]).any()
    assert (one[:2] == dark[:2]).all()
    assert GridOfMeans(cells).settings["cells"] == cells
