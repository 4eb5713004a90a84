"""Fills a hidden part of a picture from what stays visible around it, as a soap film spans a frame.

Nothing that is hidden is read, so nothing of it can be in the result, whatever is done to that afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import RGB

Mask = NDArray[np.uint8]
"""`(height, width) uint8`: 255 inside, 0 outside."""

Film = NDArray[np.float32]
"""`(rows, columns, 3) float32`: colours from 0 to 255 of the cells of a coarse grid over a picture."""

UNKNOWN = 128.0
"""Level of all three colours where nothing at all stays visible."""

_LEAST_SEEN = 0.5  # share of a cell that must be visible for its mean to count as known
_SMOOTHING = 1.5  # cells: standard deviation of the smoothing that takes the pyramid's steps out of the film


def film(samples: RGB, seen: Mask, size: tuple[int, int]) -> Film:
    """Colours that pass smoothly into the visible pixels of a picture (push and pull over a pyramid).

    Gortler et al. 1996, "The Lumigraph", section 3.6.2: means of what is known are pushed down a pyramid until every
    level's cell knows something, and pulled up again where the finer level knows nothing.

    Args:
        samples: `(height, width, 3) uint8` RGB. Where `seen` is 0 they make no difference.
        seen: `(height, width) uint8`: 255 for each sample that stays visible, 0 for each that is hidden.
        size: Columns and rows of the film, no more than samples in either direction.

    Returns:
        `(rows, columns, 3) float32`: the colour of each cell, from 0 to 255; 128 where nothing is visible anywhere.

    Example:
        >>> import numpy as np
        >>> seen = np.full((8, 8), 255, np.uint8)
        >>> seen[2:6, 2:6] = 0
        >>> film(np.full((8, 8, 3), 90, np.uint8), seen, (8, 8))[4, 4].round().tolist()
        [90.0, 90.0, 90.0]
    """
    import cv2

    visible = cv2.copyTo(samples, seen, np.zeros_like(samples, order="C"))
    share = _reduced(seen, size) / np.float32(255)
    weight = (share >= _LEAST_SEEN).astype(np.float32)
    mean = _reduced(visible, size) * (weight / np.maximum(share, _LEAST_SEEN))[..., None]
    spanned = _spanned(mean, weight) if weight.any() else np.full_like(mean, UNKNOWN)
    smooth = cv2.GaussianBlur(spanned, (0, 0), _SMOOTHING, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth.reshape(mean.shape).clip(0, 255), np.float32)


def _reduced(values: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    """The mean over each cell, with as many channels as are given."""
    import cv2

    found = cv2.resize(values, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(found.reshape(size[1], size[0], *values.shape[2:]), np.float32)


def _spanned(colour: Film, weight: NDArray[np.float32]) -> Film:
    """A colour for every cell.

    Args:
        colour: `(rows, columns, 3)` times the weight.
        weight: `(rows, columns)` from 0 (unknown) to 1 (known); at least one is above 0.
    """
    import cv2

    rows, columns = weight.shape
    if weight.min() >= 1 or rows == columns == 1:
        return np.asarray(colour / np.maximum(weight, np.finfo(np.float32).tiny)[..., None], np.float32)
    size = (columns + 1) // 2, (rows + 1) // 2
    less, coarse = _reduced(weight, size), _reduced(colour, size)
    # One known cell of four makes the cell below known, so that near ones count for more than far ones.
    full = np.minimum(1, 4 * less)
    gain = np.divide(full, less, out=np.zeros_like(less), where=less > 0)
    below = _spanned(coarse * gain[..., None], full)
    above = cv2.resize(below, (columns, rows), interpolation=cv2.INTER_LINEAR).reshape(rows, columns, 3)
    return np.asarray(colour + (1 - weight)[..., None] * above, np.float32)
