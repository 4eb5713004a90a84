"""The demo's pictures, composed from two public-domain portraits that installed packages carry.

Grace Hopper (matplotlib's sample data; United States Navy, 1986) and Eileen Collins (scikit-image's data; NASA, 1999).
There is one photo of each, so "several photos of one person" are variations of it: crops, light, scale, mirror.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from gallery.domain.errors import GalleryError
from gallery.domain.faces import RGB
from gallery.installed import adding

HOPPER = ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
COLLINS = ("skimage", "data/astronaut.png")
BACKDROP = (92, 96, 104)
"""The colour behind the portraits of the group picture."""


class DemoPictures:
    """Reads the two portraits and makes the demo's pictures of them.

    Raises:
        GalleryError: If a package that carries a portrait is not installed.
    """

    def __init__(self) -> None:
        self._hopper = _portrait(*HOPPER)
        self._collins = _portrait(*COLLINS)

    def references(self) -> dict[str, RGB]:
        """Four variations of the portrait of Grace Hopper, by name."""
        hopper = self._hopper
        return {
            "smaller": _scaled(hopper, 0.6),
            "mirrored": _mirrored(hopper),
            "darker": _light(hopper, gamma=1.5),
            "closer": _light(_cropped(hopper, 0.12), gamma=0.8),
        }

    def group(self) -> RGB:
        """Three portraits side by side: Eileen Collins, Grace Hopper, and Eileen Collins mirrored."""
        collins, hopper = _cropped(self._collins, 0.0), self._hopper
        height = 480
        pieces = [
            _fitted(_light(collins, gamma=0.9), height),
            _fitted(_light(_scaled(hopper, 0.7), gamma=1.15), height),
            _fitted(_light(_mirrored(collins), gamma=1.3), height),
        ]
        gap = np.full((height, 12, 3), BACKDROP, np.uint8)
        row = np.concatenate([gap, pieces[0], gap, pieces[1], gap, pieces[2], gap], axis=1)
        edge = np.full((12, row.shape[1], 3), BACKDROP, np.uint8)
        return np.concatenate([edge, row, edge], axis=0)

    def before_and_after(self, before: RGB, after: RGB) -> RGB:
        """Both pictures, one above the other."""
        return np.concatenate([before, after], axis=0)


def _portrait(package: str, path: str) -> RGB:
    from PIL import Image

    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder, path)
        if file.is_file():
            with Image.open(file) as image:
                return np.asarray(image.convert("RGB"))
    raise GalleryError(
        f"The demo needs a picture that the package {package} carries, which is not installed.",
        f"Run: {adding('demo')}",
    )


def _scaled(image: RGB, factor: float) -> RGB:
    from PIL import Image

    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def _fitted(image: RGB, height: int) -> RGB:
    return _scaled(image, height / image.shape[0])


def _mirrored(image: RGB) -> RGB:
    return np.ascontiguousarray(image[:, ::-1])


def _cropped(image: RGB, share: float) -> RGB:
    height, width = image.shape[:2]
    x, y = round(width * share), round(height * share)
    return np.ascontiguousarray(image[y : height - y, x : width - x])


def _light(image: RGB, gamma: float) -> RGB:
    """Darker above 1, brighter below."""
    return np.asarray(np.round(255 * (image / 255.0) ** gamma), np.uint8)
