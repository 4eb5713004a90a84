"""Sizes and pieces in which a picture is looked at."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.detectors.pyramid import COARSEST, LARGEST, SMALL, STEP, TILE, Level, levels
from gallery.domain.geometry import Box

SIZES = st.integers(1, 12_000)


@given(SIZES, SIZES)
def test_from_the_full_picture_down_to_the_coarsest(width, height):
    found = levels(width, height)

    if max(width, height) <= SMALL:
        enlarged = found.pop(0)
        assert (enlarged.width, enlarged.height) == (round(1.5 * width), round(1.5 * height))
    assert (found[0].width, found[0].height) == (width, height)
    assert max(found[-1].width, found[-1].height) <= COARSEST
    assert found[-1].largest is None, "a face that fills the frame is believed at the coarsest level"
    for finer, coarser in itertools.pairwise(found):
        assert max(finer.width, finer.height) <= STEP * max(coarser.width, coarser.height) * 1.01


@given(st.integers(8, 9_000), st.integers(500, 9_000))
def test_every_size_of_face_is_within_range_of_some_level(face, longer):
    if face > longer:
        return
    scales = [(max(level.width, level.height) / longer, level.largest) for level in levels(longer, longer // 2)]

    seen = [face * scale for scale, largest in scales if largest is None or face * scale <= largest]

    assert any(min(face, LARGEST / STEP / 1.01) <= size <= 330 for size in seen), "large enough to be found well"


@given(st.integers(1, 7_000), st.integers(1, 7_000), st.data())
def test_every_face_lies_whole_in_a_tile_that_believes_it(width, height, data):
    level = levels(width, height)[0]
    width, height = level.width, level.height
    if level.largest is None:
        return
    side = data.draw(st.integers(1, min(LARGEST, width, height)))
    face = Box(data.draw(st.integers(0, width - side)), data.draw(st.integers(0, height - side)), side, side)

    tiles = [tile for tile in level.tiles() if tile.intersect(face) == face]

    assert any(level.believes(face, tile) for tile in tiles)


@given(st.integers(1, 7_000), st.integers(1, 7_000))
def test_tiles_stay_inside_and_small(width, height):
    for level in levels(width, height):
        for tile in level.tiles():
            assert tile.clip(level.width, level.height) == tile
            assert max(tile.width, tile.height) <= max(TILE, COARSEST)


def test_a_large_face_is_left_to_a_coarser_level():
    fine, coarse = levels(2000, 1500)[0], levels(2000, 1500)[-1]
    whole = Box(0, 0, 320, 240)

    assert not fine.believes(Box(10, 10, 193, 100), next(iter(fine.tiles())))
    assert coarse.believes(Box(0, 0, 300, 240), whole)


def test_a_face_cut_by_an_inner_edge_is_left_to_the_neighbour():
    level = levels(4000, 1000)[0]
    first, second = list(level.tiles())[:2]

    assert not level.believes(Box(first.right - 60, 10, 60, 80), first)
    assert level.believes(Box(first.right - 60, 10, 60, 80), second)
    assert level.believes(Box(0, 10, 60, 80), first), "an edge of the picture itself cuts nothing"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((320, 240), [(480, 360, 192), (320, 240, None)]),
        ((1, 1), [(2, 2, 192), (1, 1, None)]),
        ((400, 100), [(600, 150, 192), (400, 100, 192), (320, 80, None)]),
        ((960, 480), [(1440, 720, 192), (960, 480, 192), (320, 160, None)]),
        ((480, 961), [(720, 1442, 192), (480, 961, 192), (277, 555, 192), (160, 320, None)]),
        ((1536, 1000), [(2304, 1500, 192), (1536, 1000, 192), (701, 456, 192), (320, 208, None)]),
        ((1537, 1000), [(1537, 1000, 192), (701, 456, 192), (320, 208, None)]),
        ((8640, 10), [(8640, 10, 192), (2880, 3, 192), (960, 1, 192), (320, 1, None)]),
    ],
)
def test_the_levels_of_some_pictures(size, expected):
    assert [(level.width, level.height, level.largest) for level in levels(*size)] == expected


@pytest.mark.parametrize(
    ("length", "spans"),
    [
        (192, [(0, 192)]),
        (1536, [(0, 1536)]),
        (1537, [(0, 865), (672, 1537)]),
        (2880, [(0, 1536), (1344, 2880)]),
        (2881, [(0, 1089), (896, 1985), (1792, 2881)]),
        (4000, [(0, 1462), (1269, 2731), (2538, 4000)]),
    ],
)
def test_tiles_are_of_one_size_and_overlap_by_the_largest_face(length, spans):
    wide, tall = Level(length, 50, 192), Level(60, length, 192)

    assert [(tile.x, tile.right) for tile in wide.tiles()] == spans
    assert [(tile.y, tile.bottom) for tile in tall.tiles()] == spans
    assert {(tile.y, tile.height) for tile in wide.tiles()} == {(0, 50)}
    assert list(Level(length, 9, None).tiles()) == [Box(0, 0, length, 9)]


@pytest.mark.parametrize(("side", "sure"), [(192, True), (193, False)])
def test_the_largest_face_that_is_sure(side, sure):
    tile, level = Box(0, 0, 1000, 900), Level(1000, 900, 192)

    assert level.believes(Box(10, 10, side, 20), tile) is sure
    assert level.believes(Box(10, 10, 20, side), tile) is sure
    assert Level(1000, 900, None).believes(Box(10, 10, side, 20), tile)


@pytest.mark.parametrize(
    ("face", "sure"),
    [
        ((100, 140, 50, 50), False),
        ((101, 140, 50, 50), True),
        ((90, 140, 50, 50), False),
        ((140, 100, 50, 50), False),
        ((140, 101, 50, 50), True),
        ((350, 140, 50, 50), False),
        ((349, 140, 50, 50), True),
        ((140, 350, 50, 50), False),
        ((140, 349, 50, 50), True),
    ],
)
def test_a_face_at_an_inner_edge_is_not_sure(face, sure):
    tile = Box(100, 100, 300, 300)

    assert Level(1000, 1000, 192).believes(Box(*face), tile) is sure
    assert Level(400, 400, 192).believes(Box(*face), Box(0, 0, 400, 400)), "where no tile is beyond, nothing cuts it"


@pytest.mark.parametrize(
    ("tile", "face"),
    [
        ((0, 50, 99, 99), (0, 80, 9, 9)),
        ((50, 0, 99, 99), (80, 0, 9, 9)),
        ((901, 50, 99, 99), (991, 80, 9, 9)),
        ((50, 901, 99, 99), (80, 991, 9, 9)),
    ],
)
def test_a_face_at_the_pictures_own_edge_is_sure(tile, face):
    assert Level(1000, 1000, 192).believes(Box(*face), Box(*tile))


def test_a_tile_that_begins_one_pixel_inside_has_inner_edges():
    assert not Level(1000, 1000, 192).believes(Box(1, 80, 9, 9), Box(1, 50, 99, 99))
    assert not Level(1000, 1000, 192).believes(Box(80, 1, 9, 9), Box(50, 1, 99, 99))
