"""Errors tile by tile, against models that go pixel by pixel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gallery.adapters.verifying.tile_errors import bands, difference, displaced, means, slopes, starts


@pytest.mark.parametrize(
    ("length", "places"),
    [(1, [0]), (15, [0]), (16, [0]), (47, [0]), (48, [0, 32]), (64, [0, 32]), (79, [0, 32]), (80, [0, 32, 64])],
)
def test_less_than_half_a_tile_belongs_to_the_last_one(length, places):
    assert starts(length) == places


def test_bands_lie_side_by_side():
    assert list(bands(79)) == [(0, 32), (32, 79)]
    assert list(bands(80)) == [(0, 32), (32, 64), (64, 80)]


@given(arrays(np.uint8, (3, 4, 2)), arrays(np.uint8, (3, 4, 2)))
def test_a_difference_has_no_sign(one, other):
    assert (difference(one, other) == np.abs(one.astype(int) - other)).all()
    assert difference(one, other).dtype == np.uint8


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 90), st.integers(0, 99))
def test_means_and_slopes_are_those_of_each_tile(rows, width, seed):
    picture = np.random.default_rng(seed).integers(0, 256, (rows, width, 3)).astype(np.uint8)
    places = [*starts(width), width]
    wide = picture.astype(float)

    assert means(picture) == pytest.approx([wide[:, a:b].mean() for a, b in pairwise(places)])

    if min(rows, width) < 16:
        expected = [float(wide.max() - wide.min())] * (len(places) - 1)
    else:
        left, above = np.zeros_like(wide), np.zeros_like(wide)
        left[:, 1:], above[1:] = abs(wide[:, 1:] - wide[:, :-1]), abs(wide[1:] - wide[:-1])
        expected = [(left[:, a:b].mean() + above[:, a:b].mean()) / 2 for a, b in pairwise(places)]
    assert slopes(picture) == pytest.approx(expected)


@pytest.mark.parametrize(("rows", "width", "whole"), [(15, 40, True), (16, 40, False), (40, 15, True), (40, 16, False)])
def test_a_picture_too_small_for_half_a_tile_has_one_slope(rows, width, whole):
    picture = np.zeros((rows, width, 1), np.uint8)
    picture[0, 0] = 200

    assert bool(slopes(picture)[0] == 200) is whole


def test_257_rows_fit():
    assert means(np.full((257, 1, 1), 255, np.uint8)) == [255]


def noise(height: int = 140, width: int = 150) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)


MOVES = [
    (x, y)
    for x in (-2, -1, 0, 1, 2)
    for y in (-2, -1, 0, 1, 2)
    if (x or y) and {abs(x), abs(y)} <= {0, max(abs(x), abs(y))}
]


@pytest.mark.parametrize("move", MOVES)
def test_a_picture_moved_by_a_pixel_or_two_is_displaced(move):
    picture = noise()

    assert displaced(np.roll(picture, move, (1, 0)), picture, 0.8)
    assert not displaced(picture, picture, 0.8)


def test_one_moved_farther_does_not_fit_better():
    picture = noise()
    assert not displaced(np.roll(picture, 3, 1), picture, 0.8)


@pytest.mark.parametrize(("height", "width", "found"), [(128, 128, True), (127, 140, False), (140, 127, False)])
def test_only_pictures_of_four_tiles_either_way_are_judged(height, width, found):
    picture = noise(height, width)
    assert displaced(np.roll(picture, 1, 1), picture, 0.8) is found


@pytest.mark.parametrize(("levels", "found"), [(2, True), (1, False)])
def test_what_is_gained_must_be_half_a_level(levels, found):
    """Columns of 0 and so many levels by turns in one of two channels: in its place the error is half of them."""
    picture = np.zeros((140, 150, 2), np.uint8)
    picture[:, ::2, 0] = levels
    assert displaced(np.roll(picture, 1, 1), picture, 0.8) is (levels * 0.8 / 2 > 0.5) is found


@pytest.mark.parametrize(("share", "found"), [(0.3, False), (0.7, True)])
def test_the_error_must_fall_below_the_share(share, found):
    """Half of the picture is moved, half is not: moving all of it leaves half of the error."""
    picture = noise()
    written = picture.copy()
    written[:, :75] = np.roll(picture, 1, 1)[:, :75]
    written[:, 75:] = 255 - picture[:, 75:]
    still = np.abs(written.astype(int) - picture)
    moved = np.abs(np.roll(written, -1, 1).astype(int) - picture)
    assert 0.3 < moved.mean() / still.mean() < 0.7

    assert displaced(written, picture, share) is found


@pytest.mark.parametrize("rows", [(0, 40), (100, 140)])
def test_rows_are_looked_at_all_over_the_picture(rows):
    """What is moved is a part of the picture; elsewhere is nothing that could be moved."""
    picture = np.full((140, 150, 3), 100, np.uint8)
    picture[rows[0] : rows[1]] = noise()[rows[0] : rows[1]]
    assert displaced(np.roll(picture, 1, 1), picture, 0.8)
