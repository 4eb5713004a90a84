"""Blurs that depend on the face, to compare with: `gallery evaluate redaction` measures them, nothing else has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gallery.adapters.block_means import BlockMeans
from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box
from gallery.domain.redacting import MARGIN

NOTEBOOK_PIXELS = 10
"""Side of the box blur of the original notebook, in pixels of the photo, however large the face is."""

SIGMAS = (0.05, 0.1, 0.2)
"""Standard deviations of a Gaussian, as shares of the face's width."""

GRIDS = (8, 5, 3)
"""Cells across a face's box and margin of the grids of means."""

_MARGIN = 0.25  # of the face on every side; as a box


@dataclass(frozen=True, slots=True)
class PlainBlur:
    """Smooths each face's box, grown by a quarter on every side.

    Attributes:
        sigma: Of a Gaussian, as a share of the face's width; None for the notebook's box blur.
    """

    sigma: float | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Method, shape, margin and strength, for the record."""
        if self.sigma is None:
            return {"method": "box blur", "shape": "box", "margin": _MARGIN, "pixels": NOTEBOOK_PIXELS}
        return {"method": "Gaussian", "shape": "box", "margin": _MARGIN, "sigma": self.sigma}

    def redact(
        self,
        image: RGB,
        faces: Sequence[Detection],
        regions: Sequence[Box] = (),
        kept: Sequence[Box] = (),  # noqa: ARG002 - these blurs take no colour from beside a face
    ) -> RGB:
        """A copy of the picture with every face's box and every region, grown by the margin, smoothed.

        Raises:
            ValueError: If `image` is not `(height, width, 3) uint8`.
        """

        def smooth(box: Box, seen: Box) -> RGB:
            return self._smooth(image[seen.y : seen.bottom, seen.x : seen.right], box.width)

        return _drawn(image, (*(face.box for face in faces), *regions), _MARGIN, smooth)

    def _smooth(self, part: RGB, width: int) -> RGB:
        import cv2

        if self.sigma is None:
            return np.asarray(cv2.blur(part, (NOTEBOOK_PIXELS, NOTEBOOK_PIXELS)), np.uint8)
        return np.asarray(cv2.GaussianBlur(part, (0, 0), max(0.5, self.sigma * width)), np.uint8)


@dataclass(frozen=True, slots=True)
class GridOfMeans:
    """Draws a grid of the means of each face's parts smoothly, in four shades of one colour.

    Attributes:
        cells: Across the face's box and margin, in either direction.
    """

    cells: int

    @property
    def settings(self) -> dict[str, Any]:
        """Method, shape, margin and strength, for the record."""
        return {"method": "grid of means", "shape": "box", "margin": MARGIN, "cells": self.cells}

    def redact(
        self,
        image: RGB,
        faces: Sequence[Detection],
        regions: Sequence[Box] = (),
        kept: Sequence[Box] = (),  # noqa: ARG002 - these blurs take no colour from beside a face
    ) -> RGB:
        """A copy of the picture with every face's box and every region, grown by the margin, drawn as its grid.

        Raises:
            ValueError: If `image` is not `(height, width, 3) uint8`.
        """

        def grid(box: Box, seen: Box) -> RGB:
            return BlockMeans.of(image, box.grow(MARGIN), seen, self.cells).shaded().smooth(seen)

        return _drawn(image, (*(face.box for face in faces), *regions), MARGIN, grid)


def _drawn(image: RGB, boxes: Sequence[Box], margin: float, draw: Callable[[Box, Box], RGB]) -> RGB:
    """A copy of the picture in which each box, grown by the margin, is drawn from what it and its seen part tell."""
    require_rgb(image)
    result = image.copy()
    for box in boxes:
        seen = box.grow(margin).clip(image.shape[1], image.shape[0])
        if seen is not None:
            result[seen.y : seen.bottom, seen.x : seen.right] = draw(box, seen)
    return result
