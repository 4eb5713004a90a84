from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.adapters.block_means import SHADES, SKIN
from gallery.adapters.redactors import COLOUR, METHODS, SHAPES, RegionRedactor, completed
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
SKIN_SHADES = np.array(SHADES)[:, None] * np.array(SKIN)
"""`(4, 3)` all colours that a cell can have."""


def noise(width: int = 50, height: int = 40, seed: int = 0) -> np.ndarray:
    """Levels from 0 to 99, so that none of them is the solid colour's."""
    return np.random.default_rng(seed).integers(0, 100, (height, width, 3), dtype=np.uint8)


def whole_face(box: Box, width: int, height: int) -> Box:
    """A box that ends at the border goes on: by its own length, or to the shape of a face, three by four at least."""
    wider, taller = max(box.width, -(-3 * box.height // 4) - box.width), max(box.height, box.width - box.height)
    x, right = box.x - (wider if box.x == 0 else 0), box.right + (wider if box.right == width else 0)
    y, bottom = box.y - (taller if box.y == 0 else 0), box.bottom + (taller if box.bottom == height else 0)
    return Box(x, y, right - x, bottom - y)


def region_of(box: Box, margin: float, shape: str, width: int, height: int) -> np.ndarray:
    """Which pixels must be covered, worked out one by one."""
    grown = whole_face(box, width, height).grow(margin)
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
    result = RegionRedactor("solid", shape=shape, margin=margin).redact(image, [box])
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
    inside = region_of(box, 0.45, "ellipse", 180, 180)
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
    columns, rows = cells_of(box.x, box.width, 3), cells_of(box.y, box.height, 3)
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            cell = changed[top:bottom, max(0, left) : max(0, right)]
            if cell.size:
                flat = cell.reshape(-1, 3)
                cell[...] = rng.permutation(flat, axis=0).reshape(cell.shape)
    assert (changed != image).any()
    drawn = RegionRedactor(method, shape=shape, margin=0)
    inside = region_of(box, 0, shape, 100, 90)
    before, after = drawn.redact(image, [box]), drawn.redact(changed, [box])
    assert (before[inside] == after[inside]).all()


def test_pixelate_draws_the_shade_of_each_block_and_blur_stays_between_them() -> None:
    """Worked out by hand: the mean of each block, its brightness, one of four shades of one colour."""
    rng = np.random.default_rng(0)
    levels = rng.integers(10, 246, (5, 5, 3)).repeat(10, axis=0).repeat(10, axis=1)
    image = (levels + rng.integers(-10, 10, levels.shape)).astype(np.uint8)
    padded = np.zeros((60, 60, 3), np.uint8)
    padded[5:55, 5:55] = image
    box = Box(5, 5, 50, 50)
    blocks = RegionRedactor("pixelate", shape="box", margin=0, cells=5).redact(padded, [box])[5:55, 5:55]
    means = image.reshape(5, 10, 5, 10, 3).mean(axis=(1, 3))
    shade = (means @ (0.299, 0.587, 0.114) // 64).astype(int)
    assert set(shade.ravel()) == {0, 1, 2, 3} or len(set(shade.ravel())) >= 3
    assert np.abs(blocks.reshape(5, 10, 5, 10, 3) - SKIN_SHADES[shade][:, None, :, None]).max() <= 0.5
    smooth = RegionRedactor("blur", shape="box", margin=0, cells=5).redact(padded, [box])[5:55, 5:55]
    drawn = SKIN_SHADES[shade]
    assert (smooth >= np.floor(drawn.min(axis=(0, 1)))).all()
    assert (smooth <= np.ceil(drawn.max(axis=(0, 1)))).all()
    assert np.abs(np.diff(smooth.astype(int), axis=0)).max() <= 8 < np.abs(np.diff(blocks.astype(int), axis=0)).max()


def test_blur_follows_the_light_of_the_face() -> None:
    image = np.zeros((60, 60, 3), dtype=np.uint8)
    image[:, 30:] = (255, 250, 245)
    result = RegionRedactor("blur", shape="box", margin=0).redact(image, [Box(2, 2, 56, 56)])
    assert (np.abs(result[30, 3] - SKIN_SHADES[0]) < 20).all()
    assert (np.abs(result[30, 56] - SKIN_SHADES[3]) < 20).all()
    assert (np.diff(result[30, 2:58, 0].astype(int)) >= 0).all()


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 8), st.integers(0, 10**6), BOXES)
def test_a_region_holds_no_more_than_the_shades_of_its_cells(cells: int, seed: int, box: Box) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    result = RegionRedactor("pixelate", cells=cells).redact(image, [box])
    covered = result[region_of(box, 0.45, "ellipse", 50, 40)]
    allowed = {tuple(int(level) for level in np.rint(colour)) for colour in SKIN_SHADES}
    assert {tuple(colour.tolist()) for colour in np.unique(covered, axis=0)} <= allowed


def test_neither_skin_nor_exposure_within_a_shade_makes_a_difference() -> None:
    """Two faces of other colours, but of one brightness, are the same when they are covered."""
    reddish, bluish = np.zeros((60, 60, 3), np.uint8), np.zeros((60, 60, 3), np.uint8)
    reddish[:], bluish[:] = (150, 90, 70), (80, 110, 130)
    for method in ("blur", "pixelate"):
        drawn = [RegionRedactor(method).redact(image, [Box(20, 20, 18, 22)])[30, 30] for image in (reddish, bluish)]
        assert (drawn[0] == drawn[1]).all()


@pytest.mark.parametrize("method", METHODS)
def test_runs_agree_byte_for_byte(method: str) -> None:
    image, boxes = noise(300, 300), [Box(20, 30, 90, 120), Box(0, 200, 40, 80)]
    first, second = (RegionRedactor(method, feather=0.2).redact(image, boxes).tobytes() for _ in range(2))
    assert first == second


def test_a_face_that_juts_out_of_the_photo_is_not_shown_in_finer_cells() -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8)
    image[:, :50] //= 4
    drawn = RegionRedactor("pixelate", shape="box", margin=0, cells=5)
    whole = drawn.redact(image, [Box(-50, 1, 100, 98)])
    assert changes(whole[50, :50]) <= 2  # 2.5 columns of the grid's 5, not all 5
    assert (whole[:, 50:] == image[:, 50:]).all()


def changes(row: np.ndarray) -> int:
    return int((np.diff(row.astype(int), axis=0) != 0).any(axis=1).sum())


@given(st.integers(40, 120), st.floats(0.75, 1), st.floats(0.2, 1), st.booleans(), st.booleans())
def test_a_face_cut_off_by_the_border_is_not_shown_in_finer_cells(
    height: int, slimness: float, seen: float, sideways: bool, far: bool
) -> None:
    """A detector reports only the part inside; the cells are at least as large as those of the whole face."""
    width = round(slimness * height)
    across = max(1, round(width * seen)) if sideways else width
    down = height if sideways else max(1, round(height * seen))
    x, y = ((400 - across) * far, 50) if sideways else (50, (400 - down) * far)
    found = completed(Box(x, y, across, down), 400, 400)
    assert found.width >= (min(width, 0.75 * height, 2 * across) if sideways else width)
    if seen >= 0.5:
        assert found.width >= width - 1
        assert found.height >= height - 1
    assert found.clip(400, 400) == Box(x, y, across, down)


def test_a_face_within_the_photo_is_as_large_as_it_was_found() -> None:
    assert completed(Box(1, 1, 98, 30), 100, 100) == Box(1, 1, 98, 30)


@settings(deadline=None)
@given(st.sampled_from(METHODS), st.sampled_from(SHAPES), st.floats(0, 0.5), st.lists(BOXES, min_size=1, max_size=3))
def test_a_feather_fades_outwards_only(method: str, shape: str, feather: float, boxes: list[Box]) -> None:
    """What is covered stays covered as without, and nothing beyond the feather changes."""
    image = noise()
    soft = RegionRedactor(method, shape=shape, feather=feather).redact(image, boxes[:1])
    hard = RegionRedactor(method, shape=shape).redact(image, boxes[:1])
    core = region_of(boxes[0], 0.45, shape, 50, 40)
    assert (soft[core] == hard[core]).all()
    reach = region_of(boxes[0], 0.45 + feather, shape, 50, 40)
    assert (soft[~reach] == image[~reach]).all()


def test_the_feather_of_one_face_shows_nothing_of_another() -> None:
    image = np.full((80, 160, 3), 10, np.uint8)
    image[20:60, 30:60] = 250
    left, right = Box(30, 20, 30, 40), Box(62, 20, 30, 40)
    covered = RegionRedactor("solid", shape="box", margin=0, feather=0.5).redact(image, [left, right])
    assert (covered[20:60, 30:60] == COLOUR).all()


@pytest.mark.parametrize("method", ["blur", "pixelate"])
@pytest.mark.parametrize("side", [2, 3, 4, 5, 7])
def test_tiny_regions_are_averaged_too(method: str, side: int) -> None:
    image = noise()
    result = RegionRedactor(method, shape="box", margin=0).redact(image, [Box(10, 10, side, side)])
    colours = np.unique(result[10 : 10 + side, 10 : 10 + side].reshape(-1, 3), axis=0)
    assert (result != image).any()
    if method == "pixelate":
        assert len(colours) <= min(4, (side // 2) ** 2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_extreme_boxes(method: str, shape: str) -> None:
    image = noise()
    anonymise = RegionRedactor(method, shape=shape).redact
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
    result = RegionRedactor("blur", shape="box", margin=0).redact(image, [Box(0, 0, 30, 700)])
    assert np.abs(np.diff(result.astype(int), axis=0)).max() <= 1


@pytest.mark.parametrize("wrong", [noise()[..., 0], noise().astype(float), noise()[:0]])
def test_other_arrays_are_a_mistake_of_the_program(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="RGB"):
        RegionRedactor("blur").redact(wrong, [])


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "gaussian"},
        {"method": ""},
        {"method": "blur", "shape": "star"},
        {"method": "blur", "margin": -0.1},
        {"method": "blur", "margin": float("nan")},
        {"method": "blur", "margin": float("inf")},
        {"method": "blur", "feather": -0.1},
        {"method": "blur", "feather": 0.6},
        {"method": "blur", "feather": float("nan")},
        {"method": "blur", "cells": 0},
        {"method": "blur", "cells": 9},
        {"method": "solid", "colour": (0, 0, 256)},
        {"method": "solid", "colour": (-1, 0, 0)},
        {"method": "solid", "colour": (0, 0)},
    ],
)
def test_settings_that_make_no_sense_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        RegionRedactor(**arguments)


def test_the_settings_say_what_was_done() -> None:
    assert RegionRedactor("blur").settings == {
        "method": "blur",
        "shape": "ellipse",
        "margin": 0.45,
        "feather": 0.0,
        "cells": 3,
        "colour": [172, 136, 116],
        "steps": [64, 128, 192],
        "shades": [0.625, 0.875, 1.125, 1.375],
    }
    solid = RegionRedactor("solid", shape="box", margin=0.5, colour=(1, 2, 3), feather=0.1).settings
    assert solid == {"method": "solid", "shape": "box", "margin": 0.5, "feather": 0.1, "colour": [1, 2, 3]}


@settings(deadline=None)
@given(REDACTORS, BOXES)
def test_a_region_is_covered_exactly_corners_included(method: RegionRedactor, region: Box) -> None:
    image = noise()
    result = method.redact(image, [], [region])
    inside = np.zeros(image.shape[:2], dtype=bool)
    inside[max(0, region.y) : max(0, region.bottom), max(0, region.x) : max(0, region.right)] = True
    assert (result[~inside] == image[~inside]).all()
    if method.method == "solid":
        assert (result[inside] == COLOUR).all()


@settings(deadline=None)
@given(REDACTORS, BOXES, BOXES)
def test_regions_lie_over_faces(method: RegionRedactor, face: Box, region: Box) -> None:
    image = noise()
    both, alone = method.redact(image, [face], [region]), method.redact(image, [], [region])
    part = region.clip(image.shape[1], image.shape[0])
    if part is not None:
        place = slice(part.y, part.bottom), slice(part.x, part.right)
        assert (both[place] == alone[place]).all()
