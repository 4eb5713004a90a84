"""A single picture as GIF, exact wherever it was not changed."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gallery.domain.faces import RGB

_MOST = 256
Codes = NDArray[np.uint32]


def gif(pixels: RGB, before: RGB, alpha: NDArray[np.uint8] | None = None) -> bytes:
    """A GIF file of a picture.

    A GIF holds at most 256 colours. All colours of the pixels that are as they were come first, so those are exact;
    what is left of the 256 goes to the changed pixels, each of which gets the nearest colour there is.

    Args:
        pixels: `(height, width, 3) uint8` RGB.
        before: The picture as it was read, of the same size.
        alpha: `(height, width) uint8` opacity; what is less than half opaque becomes transparent.
    """
    most = _MOST if alpha is None else _MOST - 1
    codes = _codes(pixels)
    changed = (pixels != before).any(axis=2)
    seen = np.ones_like(changed) if alpha is None else alpha >= 128  # what is transparent needs no colour
    own = np.unique(codes[~changed & seen])
    if len(own) > most:  # it was no GIF
        own, changed = own[:0], np.ones_like(changed)
    colours = np.union1d(own, codes[changed]).astype(np.uint32)
    if len(colours) > most:
        colours = np.unique(np.concatenate((own, _few(pixels[changed], most - len(own))))) if len(own) < most else own
    indices = _nearest(codes, colours)
    palette = _colours(colours)
    options = {}
    if alpha is not None:
        indices[alpha < 128] = len(palette)
        palette = np.vstack((palette, np.zeros((1, 3), np.uint8)))
        options = {"transparency": len(palette) - 1}
    image = Image.fromarray(indices)
    image.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "GIF", optimize=False, **options)
    return buffer.getvalue()


def _codes(pixels: NDArray[np.uint8]) -> Codes:
    wide = pixels.astype(np.uint32)
    return (wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]).astype(np.uint32)


def _colours(codes: Codes) -> NDArray[np.uint8]:
    return np.stack((codes >> 16, codes >> 8 & 255, codes & 255), axis=-1).astype(np.uint8)


def _few(pixels: NDArray[np.uint8], most: int) -> Codes:
    """At most so many colours that stand for those of some pixels."""
    reduced = Image.fromarray(pixels.reshape(1, -1, 3)).quantize(most, dither=Image.Dither.NONE)
    return np.unique(_codes(np.asarray(reduced.convert("RGB"))))


def _nearest(codes: Codes, colours: Codes) -> NDArray[np.uint8]:
    """For each pixel the place of the nearest colour."""
    distinct, places = np.unique(codes, return_inverse=True)
    palette, found = _colours(colours).astype(np.int32), np.empty(len(distinct), np.uint8)
    for start in range(0, len(distinct), 4096):
        some = _colours(distinct[start : start + 4096]).astype(np.int32)
        found[start : start + 4096] = ((some[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1)
    return found[places].reshape(codes.shape)
