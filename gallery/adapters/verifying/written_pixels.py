"""Whether a written picture is the one that was to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.verifying.allowed_errors import SLOPE_SHARE
from gallery.adapters.verifying.tile_errors import TILE, bands, difference, displaced, means, slopes, starts
from gallery.domain.faces import RGB
from gallery.domain.geometry import Box

Alpha = NDArray[np.uint8]

SHINE = 0.4
"""How much of what was covered may show in a region, as a share, 1 being all.

Measured as `allowed_errors` tells: a right output has at most 0.20 in a whole region at JPEG quality 5 and 0.12 in all
else; 0.21 in a tile of half this size where the coder is not coarser than what was covered; 0.17 in GIF files of 256
colours. An uncovered region has 1."""

MOVED_SHARE = 0.8
"""A picture is displaced if moving it by a pixel or two leaves less than this share of its error."""

_LEAST_DIFFERENCE = 2.0
"""Levels, as a root mean square: a region that was changed by less is taken to have been covered before."""

# A block of JPEG. Of less, one coefficient decides, and nobody is known by it. Lossless formats are held to each pixel.
_LEAST_SAMPLES = 8 * 8 * 3

_TILE_SAMPLES = TILE * TILE * 3  # of fewer, it takes the more of a difference to judge

# Errors average out over a region of a tile's size or more, so less of a difference can be judged than in its parts.
_BOX_LEVELS_SHARE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A picture laid on white where it is not opaque, made part by part.

    Attributes:
        pixels: `(height, width, 3) uint8` RGB.
        alpha: `(height, width) uint8` opacity; None for a picture that is to be taken as it is.
    """

    pixels: RGB
    alpha: Alpha | None = None

    def part(self, top: int, bottom: int, left: int = 0, right: int | None = None) -> RGB:
        """A part of it, as `Photo.opaque` would make it."""
        pixels = self.pixels[top:bottom, left:right]
        if self.alpha is None:
            return pixels
        share = self.alpha[top:bottom, left:right, None].astype(np.float32) / 255
        return np.asarray(np.round(pixels * share + 255 * (1 - share)).astype(np.uint8))


def same(written: RGB, promised: Laid) -> bool:
    """Whether two pictures are the same to the bit."""
    return all(np.array_equal(written[top:bottom], promised.part(top, bottom)) for top, bottom in bands(len(written)))


def same_where_kept(written: RGB, promised: RGB, before: RGB, alpha: Alpha | None) -> bool:
    """Whether a picture is the one promised wherever that is as it was read, and opaque (for GIF)."""
    for top, bottom in bands(len(written)):
        rows = slice(top, bottom)
        wrong = (written[rows] != promised[rows]).any(axis=2) & (promised[rows] == before[rows]).all(axis=2)
        if alpha is not None:
            wrong &= alpha[rows] >= 128
        if wrong.any():
            return False
    return True


def near(written: RGB, promised: Laid, levels: float) -> bool:
    """Whether every tile of a picture is as near to the one promised as coding allows, and in its place.

    Args:
        written: As decoded.
        promised: As it was handed to the encoder.
        levels: See `allowed_errors.Allowed`.
    """
    for top, bottom in bands(len(written)):
        if not rows_near(written[top:bottom], promised.part(top, bottom), levels):
            return False
    return promised.alpha is not None or not displaced(written, promised.pixels, MOVED_SHARE)


def rows_near(written: NDArray[np.uint8], promised: NDArray[np.uint8], levels: float) -> bool:
    """The same for one row of tiles, `(rows, width, channels) uint8`."""
    errors = means(difference(written, promised))
    return bool((errors <= levels).all() or (errors <= levels + SLOPE_SHARE * slopes(promised)).all())


def uncovered(written: RGB, promised: Laid, before: Laid, boxes: Sequence[Box], levels: float) -> Box | None:
    """The first region in which a picture still shows what was covered, or None.

    What shines through is the part of the written picture's error that points towards the picture before. Where the
    difference that covering made is smaller than what coding may cost, nothing can be told, and nothing is there to
    be told: it is covered by the coding.

    Args:
        written: As decoded.
        promised: As it was handed to the encoder.
        before: As it was read.
        boxes: Regions that were covered, inside the picture.
        levels: What coding may cost, in levels; see `allowed_errors.Allowed`.
    """
    return next((box for box in boxes if _shows(written, promised, before, box, levels)), None)


def _shows(written: RGB, promised: Laid, before: Laid, box: Box, levels: float) -> bool:
    rows = []
    for top, bottom in bands(box.height):
        place = box.y + top, box.y + bottom, box.x, box.right
        rows.append(
            _tile_sums(written[place[0] : place[1], box.x : box.right], promised.part(*place), before.part(*place))
        )
    tiles = np.concatenate(rows)
    whole = tiles.sum(axis=0, keepdims=True)
    return _shining(whole, levels * _BOX_LEVELS_SHARE) or _shining(tiles, levels)


def _tile_sums(written: RGB, promised: RGB, before: RGB) -> NDArray[np.float64]:
    """For each tile of a row: its samples, the square of the difference made, and the product of that and the error."""
    made = np.subtract(before, promised, dtype=np.float32)
    error = np.subtract(written, promised, dtype=np.float32)
    places = starts(made.shape[1])
    samples = np.diff([*places, made.shape[1]]) * made.shape[0] * made.shape[2]
    return np.stack((samples, _by_tile(made, made, places), _by_tile(made, error, places)), axis=1)


def _by_tile(a: NDArray[np.float32], b: NDArray[np.float32], places: list[int]) -> NDArray[np.float64]:
    return np.asarray(np.add.reduceat(np.einsum("ijk,ijk->j", a, b), places, dtype=np.float64))


def _shining(sums: NDArray[np.float64], levels: float) -> bool:
    """Whether what was covered shows in any of these parts, of those that can be judged."""
    samples, made, shown = sums.T
    least = np.maximum(_LEAST_DIFFERENCE, levels * np.maximum(1.0, _TILE_SAMPLES / samples))
    judged = (samples >= _LEAST_SAMPLES) & (made >= samples * least**2)
    return bool((judged & (shown >= SHINE * made)).any())
