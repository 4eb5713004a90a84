"""Model cards and thresholds check themselves."""

from __future__ import annotations

import dataclasses
import math

import pytest

from gallery.domain.errors import BadArgument
from gallery.domain.models import Crop, Thresholds
from gallery.testing import DETECTOR, EMBEDDER


@pytest.mark.parametrize("values", [(-0.1, 1), (0.1, -1), (math.nan, 1), (1, math.inf), (2.1, 1)])
def test_thresholds_that_make_no_sense_are_refused(values):
    with pytest.raises(BadArgument):
        Thresholds(*values)


def test_zero_is_a_threshold():
    assert Thresholds(0.5, 1.0, "measured").replace(0.0, None).cosine == 0.0


def test_a_threshold_set_by_hand_says_so():
    measured = Thresholds(0.5, 1.0, "measured")

    assert measured.replace(None, None) == measured
    assert measured.replace(0.3, None) == Thresholds(0.3, 1.0, "cosine set by hand; else measured")
    assert measured.replace(0.3, 2.0) == Thresholds(0.3, 2.0, "cosine and euclidean set by hand")


@pytest.mark.parametrize("name", ["", "UPPER", "with space", "../up", "a" * 65, "-x"])
def test_names_that_could_do_harm_are_refused(name):
    with pytest.raises(BadArgument):
        dataclasses.replace(EMBEDDER, name=name)


@pytest.mark.parametrize("sha256", ["", "x" * 64, "A" * 64, "a" * 63])
def test_a_hash_that_is_none_is_refused(sha256):
    with pytest.raises(BadArgument):
        dataclasses.replace(EMBEDDER, sha256=sha256)


def test_a_detector_has_no_embedding():
    with pytest.raises(BadArgument, match="detector"):
        DETECTOR.spec  # noqa: B018


def test_spaces_are_compared_by_weights_and_preparation_not_by_name():
    aligned = dataclasses.replace(EMBEDDER, embedder=dataclasses.replace(EMBEDDER.spec, crop=Crop.ALIGNED))

    assert dataclasses.replace(EMBEDDER, name="other").space.comparable(EMBEDDER.space)
    assert not dataclasses.replace(EMBEDDER, sha256="f" * 64).space.comparable(EMBEDDER.space)
    assert not aligned.space.comparable(EMBEDDER.space)


def test_spaces_that_differ_in_numbers_only():
    space = EMBEDDER.space
    in_int8, in_bfloat16 = (
        dataclasses.replace(space, preparation=f"{space.preparation}, {name}") for name in ("int8", "bfloat16")
    )
    other = dataclasses.replace(in_int8, sha256="f" * 64)

    assert [one.numbers for one in (space, in_int8, in_bfloat16)] == ["float32", "int8", "bfloat16"]
    assert [one.label for one in (space, in_int8)] == [space.model, f"{space.model} (int8)"]
    assert in_int8.differs_in_numbers(space)
    assert space.differs_in_numbers(in_int8)
    assert in_bfloat16.differs_in_numbers(in_int8)
    for one in (in_int8, other):
        assert not one.differs_in_numbers(one)
    assert not other.differs_in_numbers(space)
    assert not dataclasses.replace(space, preparation="box margin 0.5").differs_in_numbers(in_int8)
