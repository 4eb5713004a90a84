"""What is left of a face in an output."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.domain.models import Thresholds
from gallery.domain.residual import residual

A, B = np.array([3, 0, 0], np.float32), np.array([0, 2, 0], np.float32)


def test_the_same_face_is_recognised():
    left = residual(A, A, Thresholds(0.4, 1.0))
    assert left.cosine == pytest.approx(0)
    assert left.recognised


def test_another_direction_is_not():
    left = residual(A, B, Thresholds(0.4, 100.0))
    assert left.cosine == pytest.approx(1)
    assert not left.recognised


def test_both_thresholds_must_be_passed():
    assert not residual(A, A * 9, Thresholds(0.4, 1.0)).recognised
    assert residual(A, A * 9, Thresholds(0.4, 24.0)).recognised


def test_what_has_no_direction_is_nobody():
    assert not residual(A, A * 0, Thresholds(0.4, 100.0)).recognised
