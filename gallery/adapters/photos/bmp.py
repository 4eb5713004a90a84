"""BMP with opacity, which Pillow reads but does not write."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

_FILE_HEADER = 14
_V4_HEADER = 108  # BITMAPV4HEADER, the oldest with a mask for opacity
_BITFIELDS = 3
_DOTS_PER_METRE = 3780  # 96 dots per inch
_SRGB = int.from_bytes(b"sRGB", "big")


def bmp_with_opacity(pixels: NDArray[np.uint8]) -> bytes:
    """A 32-bit BMP file.

    Args:
        pixels: `(height, width, 4) uint8` red, green, blue, opacity.
    """
    height, width = pixels.shape[:2]
    rows = pixels[::-1, :, [2, 1, 0, 3]].tobytes()  # from the bottom up, blue first
    offset = _FILE_HEADER + _V4_HEADER
    header = struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset)
    info = struct.pack(
        "<IiiHHIIiiII", _V4_HEADER, width, height, 1, 32, _BITFIELDS, len(rows), _DOTS_PER_METRE, _DOTS_PER_METRE, 0, 0
    )
    masks = struct.pack("<5I", 0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000, _SRGB)
    unused = bytes(_V4_HEADER - len(info) - len(masks))  # end points and gamma, which sRGB makes superfluous
    return header + info + masks + unused + rows
