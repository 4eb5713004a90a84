"""What coding may cost, in numbers worked out by hand from what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.adapters.photos.encoding import Wanted
from gallery.adapters.verifying.allowed_errors import Allowed, allowed
from gallery.domain.faces import Photo

COUNTING, HIGHER = tuple(range(64)), tuple(range(10, 74))
"""Tables whose first ten steps in the zigzag (0, 1, 8, 16, 9, 2, 3, 10, 17, 24) have a mean of 9, and of 19."""


def of(kind: str, wanted: Wanted | None = None, **encoding: Any) -> Allowed:
    photo = Photo(Path("photo"), "0" * 64, np.zeros((1, 1, 3), np.uint8), kind, encoding=encoding)
    return allowed(photo, wanted or Wanted())


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF"])
def test_lossless_formats_are_allowed_nothing(kind):
    assert of(kind) == Allowed(0.0, None, exact_opacity=True)
    assert of("JPEG", Wanted(kind)) == Allowed(0.0, None, exact_opacity=True)


def test_a_lossless_coding_is_allowed_nothing_where_it_is_kept():
    assert of("WEBP", lossless=True).levels == 0
    assert of("WEBP", Wanted("AVIF"), lossless=True).levels > 5


@pytest.mark.parametrize(
    ("quality", "step"),
    [
        (None, 3.2),
        (92, 3.2),
        (100, 1),
        (98, 1),
        (97, 1.2),
        (75, 10),
        (50, 20),
        (49, 1000 / 49),
        (10, 100),
        (3, 255),
        (1, 255),
    ],
)
def test_jpeg_is_allowed_more_the_coarser_its_steps_are(quality, step):
    assert of("JPEG", Wanted(quality=quality)).levels == pytest.approx(2 + 3.2 * step**0.5)
    assert of("PNG", Wanted("JPEG", quality)).levels == pytest.approx(2 + 3.2 * step**0.5)


def test_a_jpegs_own_tables_count_where_they_are_kept():
    own = (COUNTING, HIGHER)

    assert of("JPEG", qtables=own) == Allowed(pytest.approx(2 + 3.2 * 14**0.5), own, exact_opacity=True)
    assert of("JPEG", Wanted(quality=50), qtables=own) == Allowed(pytest.approx(2 + 3.2 * 20**0.5))
    assert of("JPEG", qtables=((0,) * 64,)).levels == pytest.approx(5.2), "a step is at least 1"
    assert of("JPEG", qtables=((999,) * 64,)).levels == pytest.approx(2 + 3.2 * 255**0.5), "and in eight bits"


@pytest.mark.parametrize(
    ("kind", "quality", "coarse"),
    [("WEBP", None, 0.05), ("AVIF", None, 0.1), ("HEIF", None, 0.1), ("JPEG2000", None, 0), ("AVIF", 30, 0.7)],
)
def test_others_are_allowed_more_the_lower_their_quality_is(kind, quality, coarse):
    assert of(kind, Wanted(quality=quality)).levels == pytest.approx(5 + 35 * coarse**2)
    assert of(kind, Wanted(quality=quality)).exact_opacity == (kind == "WEBP")
