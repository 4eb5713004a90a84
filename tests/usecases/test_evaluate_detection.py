"""Evaluating a detector on drawn pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.domain.errors import ModelFailed
from gallery.domain.geometry import Box
from gallery.testing import FakeDetector, FakePhotoFiles, blank, draw
from gallery.usecases.evaluate_detection import EvaluateDetection

A, B = Box(2, 5, 16, 16), Box(40, 8, 12, 20)
BOTH, NOTHING, GONE = Path("both.png"), Path("nothing.png"), Path("gone.png")
PHOTOS = FakePhotoFiles({BOTH: draw(draw(blank(), A, 10), B, 90), NOTHING: draw(blank(), A, 10)})


def evaluate(truth, **options):
    return EvaluateDetection(PHOTOS)(options.pop("detector", FakeDetector()), 0.5, truth, **options)


def test_hits_misses_and_false_alarms():
    result = evaluate({BOTH: (A, Box(50, 40, 8, 8)), NOTHING: ()})

    default = result.score.default
    assert (default.recall.hits, default.recall.trials) == (1, 2)
    assert (default.false_alarms, default.per_image) == (2, 1)
    assert result.score.images == 2


def test_the_faces_of_a_picture_that_cannot_be_read_are_missed():
    result = evaluate({BOTH: (A, B), GONE: (A,)})

    assert result.unreadable == ("gone.png",)
    assert (result.score.default.recall.hits, result.score.default.recall.trials) == (2, 3)


def test_a_broken_detector_is_an_error_never_no_faces():
    with pytest.raises(ModelFailed):
        evaluate({BOTH: (A,)}, detector=FakeDetector(fails=True))


def test_progress_is_told():
    steps = []
    evaluate({BOTH: (A, B), GONE: (A,)}, progress=lambda done, total: steps.append((done, total)))

    assert steps == [(1, 2), (2, 2)]
