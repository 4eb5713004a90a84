"""Blurs to compare with."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.adapters.plain_blurs import SIGMAS, PlainBlur
from gallery.domain.geometry import Box


@pytest.mark.parametrize("sigma", [None, *SIGMAS])
def test_only_the_grown_box_is_smoothed(sigma):
    image = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    result = PlainBlur(sigma).redact(image, [Box(20, 20, 40, 40), Box(-90, 0, 5, 5)])

    inside = np.zeros((80, 80), bool)
    inside[10:70, 10:70] = True
    assert (result[~inside] == image[~inside]).all()
    assert result[inside].std() < image[inside].std() / 2


def test_a_wider_gaussian_leaves_less():
    image = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    left = [PlainBlur(sigma).redact(image, [Box(20, 20, 40, 40)])[10:70, 10:70].std() for sigma in SIGMAS]
    assert left == sorted(left, reverse=True)
    assert PlainBlur(0.1).settings["sigma"] == 0.1
    assert PlainBlur().settings["pixels"] == 10
