"""Which of many detections are of one face."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.faces import Detection
from gallery.domain.geometry import Box
from gallery.domain.merging import SAME_FACE, merge, overlaps

SIDES = st.integers(1, 60)
BOXES = st.builds(Box, st.integers(0, 80), st.integers(0, 80), SIDES, SIDES)
SEEN = st.lists(st.builds(Detection, BOXES, st.floats(0.5, 1)), max_size=12)


def test_one_face_seen_twice_is_one_face_and_neighbours_are_two():
    seen = [
        Detection(Box(100, 100, 50, 60), 0.7),
        Detection(Box(103, 98, 50, 60), 0.9),
        Detection(Box(140, 100, 50, 60), 0.8),
        Detection(Box(10, 100, 50, 60), 0.6),
    ]

    assert merge(seen) == (seen[3], seen[1], seen[2])


@pytest.mark.parametrize("order", [1, -1])
def test_equal_scores_are_settled_the_same_way_every_time(order):
    seen = [Detection(Box(x, 0, 50, 60), 0.9) for x in (0, 4, 8)]

    assert merge(seen[::order]) == (seen[0],)


def test_a_box_of_the_eyes_grows_to_the_whole_head_that_was_less_sure():
    eyes, head = Detection(Box(10, 10, 60, 60), 0.9), Detection(Box(0, 0, 80, 95), 0.75)

    (face,) = merge([eyes, head])

    assert face == Detection(Box(0, 0, 80, 95), 0.9)


def test_a_doubted_face_counts_where_no_sure_one_is():
    sure, doubted = Detection(Box(0, 0, 40, 50), 0.9), Detection(Box(200, 0, 180, 250), 0.7)

    assert merge([sure], [doubted]) == (sure, doubted)


def test_a_doubted_face_behind_a_sure_one_counts_though_its_middle_is_hidden():
    sure, doubted = Detection(Box(100, 100, 200, 260), 0.9), Detection(Box(60, 20, 210, 280), 0.6)
    assert sure.box.overlap(doubted.box) < 0.5
    small = Detection(Box(100, 100, 100, 130), 0.9)

    assert merge([small], [doubted]) == (doubted, small)


def test_a_doubted_face_gives_way_to_a_sure_one_however_unsure_and_to_a_larger_one_around_it():
    sure = Detection(Box(0, 0, 400, 500), 0.6)

    assert merge([sure], [Detection(Box(10, 10, 390, 480), 0.95)]) == (sure,)
    assert merge([sure], [Detection(Box(40, 250, 200, 200), 0.95)]) == (sure,), "invented on a cheek"
    assert merge([sure], [Detection(Box(100, 410, 180, 180), 0.7)]) == (sure,), "invented on a chin"


def one_by_one(found):
    """As merging is defined, without widening."""
    kept = []
    for one in sorted(found, key=lambda d: (-d.score, d.box)):
        if all(one.box.overlap(other.box) < SAME_FACE for other in kept):
            kept.append(one)
    return kept


@given(SEEN)
def test_the_surest_of_each_face_is_left(found):
    assert sorted(d.score for d in merge(found)) == sorted(d.score for d in one_by_one(found))


@given(SEEN, SEEN)
def test_nobody_is_left_out_for_doubt(found, doubted):
    merged = merge(found, doubted)

    for one in (*found, *doubted):
        assert any(one.box.overlap(other.box) >= SAME_FACE or _share(one.box, other.box) >= 0.4 for other in merged), (
            "each detection is a face, or covered with one"
        )


def _share(box, other):
    common = box.intersect(other)
    return common.area / box.area if common else 0


@given(BOXES, st.lists(BOXES, min_size=1, max_size=5))
def test_overlap_of_one_box_with_many(box, others):
    found = overlaps(np.array(box.as_list(), np.float32), np.array([one.as_list() for one in others], np.float32))

    assert found.tolist() == pytest.approx([box.overlap(one) for one in others], abs=1e-6)


def test_a_crowd_is_merged_in_seconds():
    """A picture with as many faces as a photo may have, each seen three times."""
    crowd = [
        Detection(Box(x * 30 + shift, y * 30, 24, 26), 0.9 - shift / 100)
        for x in range(80)
        for y in range(60)
        for shift in range(3)
    ]

    start = time.perf_counter()
    found = merge(crowd)

    assert len(found) == 80 * 60
    assert time.perf_counter() - start < 20
