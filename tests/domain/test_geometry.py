from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.geometry import Box, Landmarks

PLACES = st.integers(-50, 50)
SIDES = st.integers(1, 40)
BOXES = st.builds(Box, PLACES, PLACES, SIDES, SIDES)


def pixels(box: Box | None) -> set[tuple[int, int]]:
    """The model: a box is the set of its pixels."""
    if box is None:
        return set()
    return {(x, y) for x in range(box.x, box.x + box.width) for y in range(box.y, box.y + box.height)}


def covers(outer: Box, inner: Box) -> bool:
    return outer.intersect(inner) == inner


@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (-3, 5)])
def test_a_box_holds_at_least_one_pixel(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Box(0, 0, width, height)


@given(BOXES)
def test_edges_area_and_centre_agree_with_the_pixels(box: Box) -> None:
    inside = pixels(box)
    assert box.area == len(inside)
    assert (box.right - 1, box.bottom - 1) == (max(x for x, _ in inside), max(y for _, y in inside))
    assert box.centre == pytest.approx(
        (sum(x + 0.5 for x, _ in inside) / len(inside), sum(y + 0.5 for _, y in inside) / len(inside))
    )
    assert Box(*box.as_list()) == box


@given(BOXES, BOXES)
def test_the_intersection_is_that_of_the_pixels(one: Box, other: Box) -> None:
    assert pixels(one.intersect(other)) == pixels(one) & pixels(other)
    assert one.intersect(other) == other.intersect(one)


@given(BOXES, BOXES)
def test_the_overlap_is_intersection_over_union_of_the_pixels(one: Box, other: Box) -> None:
    common, either = pixels(one) & pixels(other), pixels(one) | pixels(other)
    assert one.overlap(other) == pytest.approx(len(common) / len(either))
    assert one.overlap(other) == other.overlap(one)
    assert one.overlap(one) == 1


@given(BOXES, SIDES, SIDES)
def test_clipping_leaves_what_lies_in_the_image(box: Box, width: int, height: int) -> None:
    clipped = box.clip(width, height)
    assert pixels(clipped) == {(x, y) for x, y in pixels(box) if 0 <= x < width and 0 <= y < height}
    if clipped is not None:
        assert clipped.clip(width, height) == clipped


@given(BOXES, st.floats(0, 3))
def test_growing_adds_the_share_on_every_side_and_keeps_the_centre(box: Box, share: float) -> None:
    grown = box.grow(share)
    assert covers(grown, box)
    assert grown.centre == box.centre
    assert abs((grown.width - box.width) / 2 - share * box.width) <= 0.5
    assert abs((grown.height - box.height) / 2 - share * box.height) <= 0.5


@given(BOXES, st.floats(0, 2), st.floats(0, 2))
def test_a_larger_share_covers_a_smaller_one(box: Box, one: float, other: float) -> None:
    assert covers(box.grow(max(one, other)), box.grow(min(one, other)))


@given(BOXES, st.floats(-5, 0))
def test_shrinking_always_leaves_a_box(box: Box, share: float) -> None:
    shrunk = box.grow(share)
    assert 1 <= shrunk.width <= box.width
    assert 1 <= shrunk.height <= box.height


@given(BOXES)
def test_the_square_has_the_longer_side_and_the_same_centre(box: Box) -> None:
    square = box.square()
    assert square.width == square.height == max(box.width, box.height)
    assert covers(square, box)
    assert abs(square.centre[0] - box.centre[0]) <= 0.5
    assert abs(square.centre[1] - box.centre[1]) <= 0.5
    assert square.square() == square


@given(BOXES, PLACES, PLACES)
def test_shifting_moves_every_pixel(box: Box, dx: int, dy: int) -> None:
    assert pixels(box.shift(dx, dy)) == {(x + dx, y + dy) for x, y in pixels(box)}
    assert box.shift(dx, dy).shift(-dx, -dy) == box


@given(st.lists(BOXES))
def test_boxes_sort_from_left_to_right(boxes: list[Box]) -> None:
    lefts = [box.x for box in sorted(boxes)]
    assert lefts == sorted(lefts)


def test_landmarks_come_in_yunets_order() -> None:
    points = [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0), (9.0, 10.0)]
    landmarks = Landmarks(*points)
    assert landmarks.as_tuple() == tuple(points)
    assert (landmarks.right_eye, landmarks.left_mouth) == (points[0], points[-1])
