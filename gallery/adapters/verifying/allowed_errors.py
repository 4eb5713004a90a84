"""How far a written picture may be from the one that was to be written: the promise of `encoding`, in numbers.

Measured with the real encoders on 89 pictures (group photos, scans, every readable file of a collection of awkward
formats, some of the size of a thumbnail), with three regions of each blurred, at JPEG's own tables and at qualities
from 1 to 95: for each tile of 32×32 the mean absolute error, less 0.7 times the tile's slope (`tile_errors.slopes`).
`tests/adapters/photos/test_photo_verify_real.py` repeats this. The worst tile was off by

* JPEG: 2.5 levels at quality 95, 5.3 at 75, 7.5 at 50, 9.3 at 30, 18.6 at 5, 5.9 at the coarsest own tables;
* WebP: 2.4 at 95, 5.2 at 30, 9.3 at 5; AVIF: 2.0 at 90, 5.8 at 30, 12.9 at 5; HEIC: 1.4 at 90, 5.2 at 30, 13.6 at 5.

The bounds are at least twice that. A picture with red and blue exchanged is off by 16 levels or more somewhere, and
one with a grey hole by 40.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gallery.adapters.photos.encoding import Wanted
from gallery.domain.faces import Photo

SLOPE_SHARE = 0.7
"""Share of a tile's slope that coding may cost on top; halved chroma of saturated stripes costs 0.5 to 0.6."""

_LOSSLESS = frozenset(("PNG", "BMP", "TIFF"))
_NEW_JPEG_QUALITY = 92  # what `encoding` promises where nothing is known of a quality
_DEFAULT_QUALITY = {"WEBP": 95, "AVIF": 90, "HEIF": 90}

# JPEG: the error grows as the root of the steps of the lowest frequencies, since coarser steps leave out more, rather
# than code it worse. Twice the measured 2.5, 5.3, 7.5, 9.3, 18.6 levels at mean steps of 2, 10, 20, 33, 200.
_JPEG_LEVELS, _JPEG_LEVELS_PER_ROOT = 2.0, 3.2
_STEP_AT_50 = 20.0  # mean of the first ten steps of both of T.81's tables (annex K.1), which libjpeg scales
_LOW_FREQUENCIES = (0, 1, 8, 16, 9, 2, 3, 10, 17, 24)  # the first ten of the zigzag (T.81, figure 5)

# The others: 5.1 at 95, 5.4 at 90, 22 at 30, 37 at 5; twice what was measured, or more.
_OTHER_LEVELS, _OTHER_LEVELS_AT_0 = 5.0, 35.0


@dataclass(frozen=True, slots=True)
class Allowed:
    """How a picture may differ from the one promised.

    Attributes:
        levels: By how much a tile's mean error may exceed `SLOPE_SHARE` of its slope; 0 where nothing may differ.
        tables: JPEG's quantisation tables, where the input's own are promised.
        exact_opacity: Whether opacity is as promised to the bit.
    """

    levels: float
    tables: tuple[tuple[int, ...], ...] | None = None
    exact_opacity: bool = True


def allowed(like: Photo, wanted: Wanted) -> Allowed:
    """What is allowed to an output of a photo.

    Args:
        like: The photo as read.
        wanted: What was asked for.
    """
    kind = wanted.format or like.format
    own = like.encoding if kind == like.format else {}
    if kind in _LOSSLESS or kind == "GIF" or own.get("lossless"):
        return Allowed(0.0)
    if kind == "JPEG":
        return _of_jpeg(own, wanted.quality)
    coarse = 1 - (wanted.quality or _DEFAULT_QUALITY.get(kind, 100)) / 100
    return Allowed(_OTHER_LEVELS + _OTHER_LEVELS_AT_0 * coarse**2, exact_opacity=kind == "WEBP")


def _of_jpeg(own: dict[str, Any], quality: int | None) -> Allowed:
    tables = own.get("qtables") if quality is None else None
    if tables is None:
        step = _STEP_AT_50 * _scale(quality or _NEW_JPEG_QUALITY)
    else:
        steps = [table[place] for table in tables for place in _LOW_FREQUENCIES]
        step = sum(steps) / len(steps)
    return Allowed(_JPEG_LEVELS + _JPEG_LEVELS_PER_ROOT * min(max(step, 1.0), 255.0) ** 0.5, tables)


def _scale(quality: int) -> float:
    """By how much libjpeg scales T.81's tables (`jpeg_quality_scaling`)."""
    return 50 / quality if quality < 50 else 2 - quality / 50
