"""Small square pictures of faces."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from gallery.domain.faces import RGB
from gallery.domain.geometry import Box

if TYPE_CHECKING:
    from PIL.Image import Image

SIDE = 112
"""Pixels."""
AROUND = 0.2
"""Share of the face that is shown beyond it on every side, so that one sees where it belongs."""
OUTSIDE = (205, 207, 210)
"""The colour of what lies beyond the photo's edge."""
_QUALITY = 85
_COARSE = 40
"""Pixels below which the plain mean is good enough, and faster."""


def thumbnail(image: RGB, box: Box) -> bytes:
    """The face in a box with a little of what is around it, `SIDE` pixels square, as a JPEG file's bytes.

    Args:
        image: `(height, width, 3) uint8` RGB.
        box: Of the face; what of it lies outside the picture is grey.
    """
    from PIL import Image

    wanted = box.square().grow(AROUND)
    inside = wanted.clip(image.shape[1], image.shape[0])
    square = Image.new("RGB", (SIDE, SIDE), OUTSIDE)
    if inside is not None:
        scale = SIDE / wanted.width
        left, top = round((inside.x - wanted.x) * scale), round((inside.y - wanted.y) * scale)
        right, bottom = round((inside.right - wanted.x) * scale), round((inside.bottom - wanted.y) * scale)
        part = np.ascontiguousarray(image[inside.y : inside.bottom, inside.x : inside.right])
        size = (max(1, right - left), max(1, bottom - top))
        square.paste(Image.fromarray(part).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0), (left, top))
    stream = io.BytesIO()
    square.save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def opened(picture: bytes, side: int) -> Image:
    """A thumbnail at that size."""
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        image.load()
    way = Image.Resampling.BOX if side < _COARSE else Image.Resampling.LANCZOS
    return image if side == SIDE else image.resize((side, side), way)
