"""From what a network gives to an embedding."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gallery.domain.embedding import finished
from gallery.domain.errors import BadArgument
from gallery.domain.models import Normalisation
from gallery.testing import EMBEDDER

RAW = np.random.default_rng(0).normal(3, 2, (5, 16)).astype(np.float32)
MIRRORED = np.random.default_rng(1).normal(3, 2, (5, 16)).astype(np.float32)
CENTRE = tuple(float(v) for v in np.random.default_rng(2).normal(0, 0.1, 16))


def spec(**changes):
    return dataclasses.replace(EMBEDDER.spec, normalisation=Normalisation.L2, **changes)


def unit(vector):
    return vector / np.linalg.norm(vector)


def test_raw_stays_raw():
    assert finished(RAW, EMBEDDER.spec) is RAW


def test_length_one():
    assert finished(RAW, spec()) == pytest.approx(np.array([unit(row) for row in RAW]), abs=1e-6)


def test_the_mean_with_the_mirror_image():
    expected = [unit(unit(a) + unit(b)) for a, b in zip(RAW, MIRRORED, strict=True)]

    assert finished(RAW, spec(mirror=True), MIRRORED) == pytest.approx(np.array(expected), abs=1e-6)
    assert finished(MIRRORED, spec(mirror=True), RAW) == pytest.approx(np.array(expected), abs=1e-6)
    with pytest.raises(ValueError, match="mirror"):
        finished(RAW, spec(mirror=True))


def test_centring():
    expected = [unit(unit(row) - np.array(CENTRE)) for row in RAW]

    assert finished(RAW, spec(centre=CENTRE)) == pytest.approx(np.array(expected), abs=1e-6)


def test_a_vector_without_length_stays_one():
    assert not finished(np.zeros((1, 16), np.float32), spec()).any()


@pytest.mark.parametrize("changes", [{"centre": (0.1,) * 15}, {"centre": CENTRE, "normalisation": Normalisation.NONE}])
def test_specs_that_make_no_sense(changes):
    with pytest.raises(BadArgument):
        dataclasses.replace(spec(), **changes)


def test_every_way_is_a_space_of_its_own():
    ways = [spec(), spec(mirror=True), spec(centre=CENTRE), spec(centre=(0.1,) * 16), spec(mirror=True, centre=CENTRE)]

    assert len({way.preparation for way in ways}) == len(ways)
