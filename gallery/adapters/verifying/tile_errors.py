"""How far a picture is from another one, tile by tile, without ever holding more than a stripe of the difference."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

TILE = 32
"""Rows and columns of a tile: four blocks of JPEG, so coding errors average out, but a face of 24 pixels does not."""

Levels = NDArray[np.uint8]
Means = NDArray[np.float64]

_SLOPE_SAMPLES = 2  # to the left and above
_BAND_ROWS = 8
_BANDS = 8
_LEAST_SIDE = 4 * TILE  # in less, a few odd samples decide
_LEAST_GAIN = 0.5  # levels; coding alone is off by as much in a picture without anything in it
_STEPS = tuple((x, y) for step in (1, 2) for x in (-step, 0, step) for y in (-step, 0, step) if x or y)


def starts(length: int) -> list[int]:
    """Where tiles begin; less than half a tile at the end belongs to the last one."""
    places = list(range(0, length, TILE))
    if len(places) > 1 and length - places[-1] < TILE // 2:
        places.pop()
    return places


def bands(height: int) -> Iterator[tuple[int, int]]:
    """First row of each row of tiles, and the one after its last."""
    tops = starts(height)
    yield from zip(tops, [*tops[1:], height], strict=True)


def difference(a: Levels, b: Levels) -> Levels:
    """Absolute difference, in levels from 0 to 255."""
    apart = np.maximum(a, b)
    apart -= np.minimum(a, b)
    return apart


def means(levels: Levels) -> Means:
    """The mean of each tile of one row of tiles.

    Args:
        levels: `(rows, width, channels) uint8`, at most 257 rows, or the sums would not fit 16 bits.
    """
    rows, width, channels = levels.shape
    columns = np.add.reduce(levels.reshape(rows, -1), axis=0, dtype=np.uint16)
    places = starts(width)
    sums = np.add.reduceat(columns, [place * channels for place in places], dtype=np.uint64)
    sizes = np.diff([*places, width]) * rows * channels
    return np.asarray(sums / sizes)


def slopes(levels: Levels) -> Means:
    """How much there is to see in each tile of one row of tiles: the mean difference between neighbouring samples.

    A coder can go wrong by no more than some levels where a picture is smooth, but by a share of this where it is
    not: halved chroma resolution and coarse steps take from what changes from sample to sample. In a picture too small
    for half a tile, where errors do not average out, it is the greatest difference between any two samples.
    """
    if min(levels.shape[:2]) < TILE // 2:
        return np.full(len(starts(levels.shape[1])), float(np.ptp(levels)))
    apart = np.zeros_like(levels), np.zeros_like(levels)
    apart[0][:, 1:] = difference(levels[:, 1:], levels[:, :-1])
    apart[1][1:] = difference(levels[1:], levels[:-1])
    return (means(apart[0]) + means(apart[1])) / _SLOPE_SAMPLES


def displaced(written: Levels, promised: Levels, share: float) -> bool:
    """Whether a picture fits better when it is moved by a pixel or two.

    Judged by some rows only, spread over the picture, and only of a picture of four tiles or more either way. One
    that is where it belongs fits best there, however coarsely it is coded: moving it left 1.003 times the error or
    more, measured as `gallery.adapters.verifying.allowed_errors` tells, at qualities down to 1.

    Args:
        written: `(height, width, channels) uint8`.
        promised: The same.
        share: Moved pictures count if their error is less than this share of the one in place.
    """
    height, width = promised.shape[:2]
    if min(height, width) < _LEAST_SIDE:
        return False
    tops = np.unique(np.linspace(2, max(2, height - _BAND_ROWS - 2), _BANDS).astype(int))
    errors, samples = dict.fromkeys(((0, 0), *_STEPS), 0), 0
    for top in tops:
        bottom = min(top + _BAND_ROWS, height - 2)
        still = promised[top:bottom, 2 : width - 2]
        samples += still.size
        for x, y in errors:
            moved = written[top + y : bottom + y, 2 + x : width - 2 + x]
            errors[x, y] += int(np.add.reduce(difference(moved, still), axis=0, dtype=np.uint16).sum(dtype=np.uint64))
    return min(errors.values()) < share * errors[0, 0] - _LEAST_GAIN * samples
