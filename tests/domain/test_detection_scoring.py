"""Recall and false alarms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.detection_scoring import assign, score
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box

BOXES = st.builds(Box, st.integers(0, 30), st.integers(0, 30), st.integers(1, 25), st.integers(1, 25))
DETECTIONS = st.builds(Detection, BOXES, st.sampled_from([0.2, 0.4, 0.6, 0.8, 0.95]))


def test_the_surest_detection_takes_the_face_it_overlaps_most():
    unsure, sure = Detection(Box(0, 0, 10, 10), 0.3), Detection(Box(1, 0, 10, 10), 0.9)
    face, other = Box(0, 0, 10, 10), Box(5, 0, 10, 10)

    found = assign([unsure, sure], [face, other], 0.4)

    assert found.truth == (None, 0)
    assert found.detection == (1, None)


def test_a_face_is_found_once():
    twice = [Detection(Box(0, 0, 10, 10), 0.9), Detection(Box(0, 1, 10, 10), 0.8)]

    scored = score([(twice, [Box(0, 0, 10, 10)])], 0.5)

    assert (scored.default.recall.hits, scored.default.false_alarms) == (1, 1)


def test_a_box_of_another_width_counts_only_at_a_lower_overlap():
    tight, wide = Detection(Box(15, 10, 70, 82), 0.9), Box(0, 0, 100, 100)

    assert assign([tight], [wide], 0.3).detection == (0,)
    assert assign([tight], [wide], 0.6).detection == (None,)


@given(st.lists(DETECTIONS, max_size=6), st.lists(BOXES, max_size=6), st.sampled_from([0.1, 0.3, 0.6]))
def test_the_assignment_is_one_to_one_and_overlaps(detections, truth, overlap):
    found = assign(detections, truth, overlap)

    for number, face in enumerate(found.truth):
        if face is not None:
            assert found.detection[face] == number
            assert detections[number].box.overlap(truth[face]) >= overlap
    assert len([f for f in found.truth if f is not None]) == len([d for d in found.detection if d is not None])


@given(st.lists(st.tuples(st.lists(DETECTIONS, max_size=5), st.lists(BOXES, max_size=4)), min_size=1, max_size=5))
def test_every_point_of_the_curve_is_what_a_detector_with_that_score_would_get(pictures):
    scored = score(pictures, 0.5)

    for point in scored.curve:
        surer = [([d for d in found if d.score >= point.score], truth) for found, truth in pictures]
        alone = score(surer, point.score)
        assert alone.default == point


def test_sizes_are_counted_by_octave():
    truth = [Box(0, 0, 16, 12), Box(100, 0, 31, 10), Box(200, 0, 10, 32)]
    scored = score([([Detection(truth[0], 0.9)], truth)], 0.5)

    assert [(o.low, o.high, o.recall.hits, o.recall.trials) for o in scored.octaves] == [(16, 32, 1, 2), (32, 64, 0, 1)]


def test_the_best_point_within_a_number_of_false_alarms():
    face = Box(0, 0, 10, 10)
    pictures = [
        ([Detection(face, 0.9), Detection(Box(50, 50, 9, 9), 0.8)], [face]),
        ([Detection(face, 0.7), Detection(Box(50, 50, 9, 9), 0.4)], [face]),
    ]
    scored = score(pictures, 0.5)

    assert scored.at_false_alarms(0).score == 0.9
    assert scored.at_false_alarms(0.5).score == 0.7
    assert scored.default.per_image == 0.5


def test_nothing_there_and_nothing_found():
    scored = score([], 0.5)

    assert math.isnan(scored.default.per_image)
    assert scored.at_false_alarms(1) is None
    assert scored.default.recall.trials == 0


def test_surer_than_everything_finds_nothing():
    scored = score([([Detection(Box(0, 0, 9, 9), 0.4)], [Box(0, 0, 9, 9)])], 0.6)

    assert scored.default.recall.hits == 0
    assert scored.octaves[0].recall.hits == 0
    assert scored.curve[0].recall.value == pytest.approx(1)
