"""How well one person's references fit each other."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.domain.matching import Whitelist
from gallery.usecases.closest import closest_others

TEMPLATES = np.array([[1, 0, 0], [0, 1, 0], [1, 0.1, 0], [0, 0, 1]], np.float32)
WHITELIST = Whitelist(("Ada", "Grace"), np.array([0, 0, 0, 1]), np.array([7, 8, 9, 10]), TEMPLATES)


def test_each_reference_has_the_closest_of_the_others():
    found = closest_others(WHITELIST, "Ada")
    assert {number: one.reference for number, one in found.items()} == {7: 9, 8: 9, 9: 7}
    assert found[7].cosine == pytest.approx(1 - 1 / np.sqrt(1.01), abs=1e-6)


@pytest.mark.parametrize("name", ["Grace", "Nobody"])
def test_who_has_fewer_than_two_has_none(name):
    assert closest_others(WHITELIST, name) == {}
