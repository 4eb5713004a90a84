from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.adapters.redactors import COLOUR, METHODS, SHAPES, RegionRedactor, redactor
from gallery.domain.errors import BadArgument
from gallery.domain.geometry import Box

COORDINATES = st.integers(-40, 80)
SIDES = st.integers(1, 60)
BOXES = st.builds(Box, COORDINATES, COORDINATES, SIDES, SIDES)
REDACTORS = st.builds(
    RegionRedactor,
    st.sampled_from(METHODS),
    st.sampled_from(SHAPES),
    st.floats(0, 1),
    st.integers(1, 8),
)


def noise(width: int = 50, height: int = 40, seed: int = 0) -> np.ndarray:
    """Levels from 0 to 99, so that none of them is the solid colour's."""
    return np.random.default_rng(seed).integers(0, 100, (height, width, 3), dtype=np.uint8)


def region_of(box: Box, margin: float, shape: str, width: int, height: int) -> np.ndarray:
    """Which pixels must be covered, worked out one by one."""
    grown = box.grow(margin)
    (x, y), a, b = grown.centre, grown.width / 2, grown.height / 2
    inside = np.zeros((height, width), dtype=bool)
    for row in range(max(0, grown.y), min(height, grown.bottom)):
        for column in range(max(0, grown.x), min(width, grown.right)):
            away = ((column + 0.5 - x) / a) ** 2 + ((row + 0.5 - y) / b) ** 2
            inside[row, column] = shape == "box" or away <= 1
    return inside


@settings(deadline=None)
@given(BOXES, st.sampled_from(SHAPES), st.floats(0, 0.6))
def test_solid_covers_every_pixel_of_the_region_and_no_other(box: Box, shape: str, margin: float) -> None:
    image = noise()
    result = redactor("solid", shape=shape, margin=margin).redact(image, [box])
    inside = region_of(box, margin, shape, 50, 40)
    assert (result[inside] == COLOUR).all()
    assert (result[~inside] == image[~inside]).all()


@settings(deadline=None)
@given(REDACTORS, st.lists(BOXES, max_size=4))
def test_pixels_outside_stay_and_the_picture_given_is_not_touched(method: RegionRedactor, boxes: list[Box]) -> None:
    image = noise()
    image.flags.writeable = False
    result = method.redact(image, boxes)
    covered = np.zeros((40, 50), dtype=bool)
    for box in boxes:
        covered |= region_of(box, method.margin, method.shape, 50, 40)
    assert (result[~covered] == image[~covered]).all()
    assert (image == noise()).all()
    assert result.flags.writeable


@settings(deadline=None)
@given(REDACTORS, st.lists(BOXES, min_size=2, max_size=4), st.randoms())
def test_the_order_of_the_boxes_makes_no_difference(method: RegionRedactor, boxes: list[Box], random: Any) -> None:
    shuffled = list(boxes)
    random.shuffle(shuffled)
    assert (method.redact(noise(), boxes) == method.redact(noise(), shuffled)).all()


@given(SIDES, SIDES)
def test_the_default_ellipse_covers_the_whole_face_box(width: int, height: int) -> None:
    box = Box(60, 60, width, height)
    inside = region_of(box, 0.25, "ellipse", 180, 180)
    assert inside[box.y : box.bottom, box.x : box.right].all()


def cells_of(start: int, length: int, cells: int) -> np.ndarray:
    """The pixel edges of a grid, by the rule of the documentation: nearly equal cells of two pixels or more."""
    count = max(1, min(cells, length // 2))
    return np.array([round(start + length * i / count + 1e-9) for i in range(count + 1)])


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["blur", "pixelate"]),
    st.sampled_from(SHAPES),
    st.integers(4, 8),
    st.integers(4, 8),
    st.integers(0, 10**6),
    st.booleans(),
)
def test_nothing_but_the_block_means_is_left(
    method: str, shape: str, across: int, down: int, seed: int, at_the_border: bool
) -> None:
    """What is drawn does not change when the picture changes inside the cells and keeps their means."""
    box = Box(-10 * across // 2 if at_the_border else 4, 4, 10 * across, 10 * down)
    image = noise(100, 90, seed) + 60  # room for the changes below, upwards and downwards
    changed = image.copy()
    rng = np.random.default_rng(seed)
    columns, rows = cells_of(box.x, box.width, 5), cells_of(box.y, box.height, 5)
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            cell = changed[top:bottom, max(0, left) : max(0, right)]
            if cell.size:
                flat = cell.reshape(-1, 3)
                cell[...] = rng.permutation(flat, axis=0).reshape(cell.shape)
    assert (changed != image).any()
    drawn = redactor(method, shape=shape, margin=0)
    inside = region_of(box, 0, shape, 100, 90)
    before, after = drawn.redact(image, [box]), drawn.redact(changed, [box])
    assert (before[inside] == after[inside]).all()


def test_pixelate_draws_the_block_means_and_blur_stays_between_them() -> None:
    image = noise(50, 50)
    box = Box(0, 0, 50, 50)
    blocks = redactor("pixelate", shape="box", margin=0, cells=5).redact(image, [box])
    means = image.reshape(5, 10, 5, 10, 3).mean(axis=(1, 3))
    assert np.abs(blocks.reshape(5, 10, 5, 10, 3) - means[:, None, :, None]).max() <= 0.5
    smooth = redactor("blur", shape="box", margin=0, cells=5).redact(image, [box])
    assert (smooth >= np.floor(means.min(axis=(0, 1)))).all()
    assert (smooth <= np.ceil(means.max(axis=(0, 1)))).all()
    assert np.abs(np.diff(smooth.astype(int), axis=0)).max() <= 2 < np.abs(np.diff(blocks.astype(int), axis=0)).max()


def test_blur_follows_the_light_of_the_face() -> None:
    image = np.zeros((60, 60, 3), dtype=np.uint8)
    image[:, 30:] = (200, 150, 100)
    result = redactor("blur", shape="box", margin=0).redact(image, [Box(0, 0, 60, 60)])
    assert result[30, 0].max() < 20
    assert np.abs(result[30, 59].astype(int) - (200, 150, 100)).max() < 20
    assert (np.diff(result[30, :, 0].astype(int)) >= 0).all()


def test_a_face_at_the_border_is_not_shown_in_finer_cells() -> None:
    image = noise(100, 100)
    whole = redactor("pixelate", shape="box", margin=0).redact(image, [Box(-50, 0, 100, 100)])
    assert len(np.unique(whole[:, :50].reshape(-1, 3), axis=0)) <= 15  # 2.5 columns of the grid's 5, not all 5
    assert (whole[:, 50:] == image[:, 50:]).all()


@pytest.mark.parametrize("method", ["blur", "pixelate"])
@pytest.mark.parametrize("side", [2, 3, 4, 5, 7])
def test_tiny_regions_are_averaged_too(method: str, side: int) -> None:
    image = noise()
    result = redactor(method, shape="box", margin=0).redact(image, [Box(10, 10, side, side)])
    colours = np.unique(result[10 : 10 + side, 10 : 10 + side].reshape(-1, 3), axis=0)
    assert (result != image).any()
    if method == "pixelate":
        assert len(colours) <= (side // 2) ** 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_extreme_boxes(method: str, shape: str) -> None:
    image = noise()
    anonymise = redactor(method, shape=shape).redact
    assert anonymise(image, [Box(49, 39, 1, 1)]).shape == image.shape
    assert (anonymise(image, [Box(-(10**6), -(10**6), 5, 5), Box(10**6, 0, 5, 5)]) == image).all()
    huge = anonymise(image, [Box(-(10**6), -(10**6), 2 * 10**6, 2 * 10**6)])
    assert (huge == huge[0, 0]).mean() > 0.9
    assert (anonymise(image, [Box(0, 0, 50, 40)]) != image).any(axis=2).mean() > 0.9
    one = image[:1, :1]
    assert anonymise(one, [Box(0, 0, 1, 1)]).shape == (1, 1, 3)
    assert (anonymise(image, []) == image).all()


def test_regions_taller_than_a_band_are_covered_without_a_seam() -> None:
    image = np.random.default_rng(0).integers(0, 256, (700, 30, 3), dtype=np.uint8)
    result = redactor("blur", shape="box", margin=0).redact(image, [Box(0, 0, 30, 700)])
    assert np.abs(np.diff(result.astype(int), axis=0)).max() <= 1


@pytest.mark.parametrize("wrong", [noise()[..., 0], noise().astype(float), noise()[:0]])
def test_other_arrays_are_a_mistake_of_the_program(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="RGB"):
        redactor("blur").redact(wrong, [])


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "gaussian"},
        {"method": ""},
        {"method": "blur", "shape": "star"},
        {"method": "blur", "margin": -0.1},
        {"method": "blur", "margin": float("nan")},
        {"method": "blur", "margin": float("inf")},
        {"method": "blur", "cells": 0},
        {"method": "blur", "cells": 9},
        {"method": "solid", "colour": (0, 0, 256)},
        {"method": "solid", "colour": (-1, 0, 0)},
        {"method": "solid", "colour": (0, 0)},
    ],
)
def test_settings_that_make_no_sense_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        redactor(**arguments)


def test_the_settings_say_what_was_done() -> None:
    assert redactor("blur").settings == {"method": "blur", "shape": "ellipse", "margin": 0.25, "cells": 5}
    solid = redactor("solid", shape="box", margin=0.5, colour=(1, 2, 3)).settings
    assert solid == {"method": "solid", "shape": "box", "margin": 0.5, "colour": [1, 2, 3]}
