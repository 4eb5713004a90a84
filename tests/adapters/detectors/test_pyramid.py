"""Sizes and pieces in which a picture is looked at."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.detectors.pyramid import COARSEST, LARGEST, SMALL, STEP, TILE, levels
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
