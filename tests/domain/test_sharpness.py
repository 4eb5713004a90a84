"""Sharpness."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.domain.sharpness import sharpness


def stripes(width: int) -> np.ndarray:
    return np.repeat(((np.arange(96) // width % 2) * 255).astype(np.uint8)[None, :, None], 96, 0).repeat(3, 2)


def test_the_variance_of_the_laplacian():
    chip = np.zeros((3, 4, 3), np.uint8)
    chip[1, 1] = 100  # the two inner pixels have Laplacians of -400 and 100

    assert sharpness(chip) == pytest.approx(np.var([-400, 100]))


def test_a_plain_picture_has_none():
    assert sharpness(np.full((32, 32, 3), 90, np.uint8)) == pytest.approx(0)


def test_blur_lowers_it():
    sharp = stripes(4)
    soft = np.mean([np.roll(sharp, k, axis=1) for k in range(-3, 4)], axis=0).astype(np.uint8)

    assert sharpness(soft) < sharpness(sharp) / 4


@pytest.mark.parametrize("shape", [(2, 2, 3), (8, 8), (8, 8, 4)])
def test_shapes_it_cannot_measure(shape):
    with pytest.raises(ValueError, match=r"chip"):
        sharpness(np.zeros(shape, np.uint8))
