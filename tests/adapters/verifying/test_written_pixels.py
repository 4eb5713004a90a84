"""What is told of a written picture, at the bounds of what is told."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.adapters.verifying.written_pixels import Laid, near, rows_near, same, same_where_kept, uncovered
from gallery.domain.geometry import Box


def grey(level: float, height: int = 70, width: int = 80) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def test_the_same_is_the_same_to_the_bit():
    picture = np.random.default_rng(1).integers(0, 256, (70, 40, 3)).astype(np.uint8)
    assert same(picture, Laid(picture))
    for row in (0, 31, 32, 69):
        other = picture.copy()
        other[row, 3, 1] ^= 1
        assert not same(other, Laid(picture))


def test_what_is_kept_must_be_the_same_where_it_is_opaque():
    before = grey(100)
    promised = before.copy()
    promised[10:20, 10:20] = 0
    alpha = np.full((70, 80), 255, np.uint8)
    wrong, covered = promised.copy(), promised.copy()
    wrong[66, 40], covered[15, 15] = 101, 9

    assert same_where_kept(promised, promised, before, None)
    assert same_where_kept(covered, promised, before, alpha), "what is covered is judged elsewhere"
    assert not same_where_kept(wrong, promised, before, None)
    assert not same_where_kept(wrong, promised, before, alpha)
    for opacity, passes in ((127, True), (128, False)):
        alpha[66, 40] = opacity
        assert same_where_kept(wrong, promised, before, alpha) is passes
    one_channel = promised.copy()
    one_channel[5, 5, 2] += 1
    assert not same_where_kept(one_channel, promised, before, None)


@pytest.mark.parametrize(
    ("error", "levels", "passes"), [(5, 5.0, True), (5, 4.99, False), (0, 0.0, True), (1, 0.0, False)]
)
def test_a_tile_may_be_off_by_so_many_levels(error, levels, passes):
    assert rows_near(grey(100 + error, 32), grey(100, 32), levels) is passes


def test_one_tile_that_is_too_far_is_enough():
    promised = grey(100, 96, 96)
    for level, passes in ((110, False), (105, True)):
        written = promised.copy()
        written[64:, 64:] = level
        assert near(written, Laid(promised), 6) is passes


@pytest.mark.parametrize(("levels", "passes"), [(7.0, True), (5.0, False)])
def test_where_there_is_more_to_see_more_is_allowed(levels, passes):
    """Stripes of 0 and 20 have a slope of about 10, of which 0.7 are allowed on top."""
    promised = grey(0, 32, 32)
    promised[:, ::2] = 20
    slope = 20 * 31 / 32 / 2
    written = promised + np.uint8(13)

    assert rows_near(written, promised, levels) is (levels + 0.7 * slope >= 13) is passes


def test_a_displaced_picture_is_not_near_unless_it_is_laid_on_white():
    picture = np.random.default_rng(1).integers(0, 9, (140, 140, 3)).astype(np.uint8)
    moved = np.roll(picture, 1, 1)

    assert near(moved, Laid(picture, np.full((140, 140), 255, np.uint8)), 30)
    assert not near(moved, Laid(picture), 30)
    assert near(picture, Laid(picture), 30)


def shows(box: Box, share: float, made: float, levels: float = 0.0, part: Box | None = None) -> bool:
    """Whether a region is told that shows a share of what was covered, of which it differs by `made` levels."""
    promised, before = grey(100), grey(100)
    before[box.y : box.bottom, box.x : box.right] = 100 + made
    written = promised.copy()
    seen = part or box
    written[seen.y : seen.bottom, seen.x : seen.right] = 100 + round(share * made)
    found = uncovered(written, Laid(promised), Laid(before), [Box(0, 0, 1, 1), box], levels)
    assert found in (None, box)
    return found is not None


FACE = Box(8, 4, 64, 64)


def test_four_tenths_may_not_show():
    assert shows(FACE, 0.4, 100)
    assert not shows(FACE, 0.39, 100)
    assert not shows(FACE, -1, 100), "what is wrong the other way shows nothing of it"


@pytest.mark.parametrize(("side", "judged"), [((8, 8), True), ((8, 7), False), ((1, 64), True), ((1, 63), False)])
def test_less_than_a_block_is_not_judged(side, judged):
    assert shows(Box(3, 3, *side), 1, 100) is judged


def test_a_region_that_was_hardly_changed_was_covered_before():
    assert shows(FACE, 1, 2)
    assert not shows(FACE, 1, 1)


@pytest.mark.parametrize(("levels", "judged"), [(79, True), (80, True), (81, False)])
def test_of_a_whole_region_a_quarter_of_what_coding_costs_is_enough(levels, judged):
    assert shows(FACE, 1, 20, levels) is judged


@pytest.mark.parametrize(("levels", "judged"), [(50, True), (51, False)])
def test_one_tile_that_shows_is_enough_where_its_difference_is_what_coding_costs(levels, judged):
    """The whole shows only a quarter."""
    assert shows(FACE, 1, 50, levels, Box(FACE.x, FACE.y, 32, 32)) is judged
    assert shows(FACE, 1, 50, levels, Box(FACE.x + 32, FACE.y + 32, 32, 32)) is judged


@pytest.mark.parametrize(("levels", "judged"), [(20, True), (21, False)])
def test_in_less_than_a_tile_it_takes_more_to_judge(levels, judged):
    """A quarter of a tile's samples: four times a quarter of the levels."""
    assert shows(Box(5, 5, 16, 16), 1, 20, levels) is judged


def test_the_first_region_that_shows_is_named():
    before, promised = grey(200), grey(100)
    boxes = [Box(0, 0, 10, 10), Box(20, 20, 20, 20), Box(50, 40, 20, 20)]
    written = promised.copy()
    written[20:40, 20:40] = written[40:60, 50:70] = 200

    assert uncovered(written, Laid(promised), Laid(before), boxes, 3) == boxes[1]
    assert uncovered(promised, Laid(promised), Laid(before), boxes, 3) is None


def test_a_part_laid_on_white_is_looked_at_as_it_looks():
    """What is transparent before and after shows nothing, whatever its colours."""
    before, promised, alpha = grey(200), grey(100), np.zeros((70, 80), np.uint8)
    assert uncovered(grey(255), Laid(promised, alpha), Laid(before, alpha), [FACE], 0) is None
    assert uncovered(grey(200), Laid(promised), Laid(before), [FACE], 0) == FACE


@pytest.mark.parametrize(("opacity", "level"), [(0, 255), (51, 224), (128, 177), (254, 101), (255, 100)])
def test_what_is_not_opaque_is_laid_on_white(opacity, level):
    laid = Laid(grey(100), np.full((70, 80), opacity, np.uint8))

    assert (laid.part(3, 9, 2, 5) == grey(level, 6, 3)).all()
    assert same(grey(level), laid)
