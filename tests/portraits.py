"""The two public-domain portraits that installed packages carry, and pictures made of them."""

from __future__ import annotations

import cv2
import numpy as np

from gallery.adapters.demo_pictures import COLLINS, HOPPER, _portrait

HOPPER_FACE = (183, 120, 170, 212)
"""Her face in the portrait of 512×600 pixels: x, y, width, height, as YuNet sees it."""


def hopper() -> np.ndarray:
    return _portrait(*HOPPER)


def collins() -> np.ndarray:
    return _portrait(*COLLINS)


def scaled(image: np.ndarray, factor: float) -> np.ndarray:
    return cv2.resize(
        image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    )


def backdrop(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Soft clouds of colour, in which there is no face."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 200, (height // 60 + 2, width // 60 + 2, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
