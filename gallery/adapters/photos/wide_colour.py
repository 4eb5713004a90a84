"""Pictures that name their colour space by a number (ITU-T H.273), as AVIF, HEIF and PNG files can."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from gallery.adapters.photos.isobmff import Properties

_HDR = {16: "PQ", 18: "HLG"}  # H.273, table 3
_BT709, _BT2020, _DISPLAY_P3 = 1, 9, 12  # H.273, table 2
_RED_GREEN_BLUE = {
    _BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    _DISPLAY_P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
_WHITE_D65 = (0.3127, 0.3290)
_WHITE_D50 = np.array((0.9642, 1.0, 0.8249))  # of ICC profiles' connection space (ICC.1, section 6.3.4.3)
_BRADFORD = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))


class HighDynamicRange(ValueError):
    """A picture whose brightness is not meant for an ordinary screen; shown as it is, it would look wrong."""


def profile_for(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile for a colour space by number; None for sRGB, and for those that are taken to be like it.

    Raises:
        HighDynamicRange: If the picture needs tone mapping.
    """
    if transfer in _HDR:
        raise HighDynamicRange(_HDR[transfer])
    if primaries not in _RED_GREEN_BLUE:
        return None
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    columns = _to_connection_space(_RED_GREEN_BLUE[primaries]).T
    for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True):
        entry = profile.index(tag)  # in the table of tags: name, place, size
        place = int.from_bytes(profile[entry + 4 : entry + 8]) + 8
        profile[place : place + 12] = struct.pack(">3i", *(round(float(value) * 65536) for value in column))
    return bytes(profile)


def _to_connection_space(points: tuple[tuple[float, float], ...]) -> NDArray[np.float64]:
    """From linear red, green and blue to XYZ under D50 (SMPTE RP 177, and Bradford's adaptation)."""
    primaries = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in points]).T
    x, y = _WHITE_D65
    white = np.array((x / y, 1.0, (1 - x - y) / y))
    matrix = primaries * np.linalg.solve(primaries, white)
    gains = (_BRADFORD @ _WHITE_D50) / (_BRADFORD @ white)
    adapted: NDArray[np.float64] = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD @ matrix
    return adapted


def give_profile(image: Image.Image, data: bytes, properties: Properties | None = None) -> None:
    """Gives a picture that names its colours by number, and has no profile, the profile that means the same.

    Args:
        image: As opened.
        data: The file's bytes.
        properties: Of an AVIF file's main picture.

    Raises:
        HighDynamicRange: If the picture needs tone mapping.
    """
    numbers = _numbers(image, data, properties or {})
    if numbers is None:
        return
    profile = profile_for(*numbers)
    if profile is not None and not image.info.get("icc_profile"):
        image.info["icc_profile"] = profile


def _numbers(image: Image.Image, data: bytes, properties: Properties) -> tuple[int, int] | None:
    named: Any = image.info.get("nclx_profile")
    if isinstance(named, dict):  # HEIF
        return int(named["color_primaries"]), int(named["transfer_characteristics"])
    box = properties.get(b"colrnclx", b"")
    if len(box) >= 8:
        return int.from_bytes(box[4:6]), int.from_bytes(box[6:8])
    if image.format == "PNG":
        return _in_png(data)
    return None


def _in_png(data: bytes) -> tuple[int, int] | None:
    """From the `cICP` chunk (PNG, third edition, section 11.3.2.6), which comes before the picture."""
    stream = io.BytesIO(data)
    stream.seek(8)
    while len(head := stream.read(8)) == 8 and head[4:] != b"IDAT":
        size = int.from_bytes(head[:4])
        if head[4:] == b"cICP" and size == 4:
            primaries, transfer = stream.read(2)
            return primaries, transfer
        stream.seek(size + 4, io.SEEK_CUR)
    return None
