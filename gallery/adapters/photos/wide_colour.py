"""Pictures that say what their colours mean without an ICC profile: by numbers (ITU-T H.273), or by PNG's chunks.

AVIF, HEIF and PNG files (`cICP`) name a colour space by a number; older PNG files give an exponent (`gAMA`) and the
primaries (`cHRM`). What is done about them is what Chromium 156 does (`tests/browser/test_pictures_in_browser.py`).
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageCms

from gallery.adapters.photos.icc import LINEAR, SRGB, Curve, Point, matrix_profile, power
from gallery.adapters.photos.isobmff import Properties

_HDR = {16: "PQ", 18: "HLG"}  # H.273, table 3
_D65, _C, _EQUAL, _DCI = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3), (0.314, 0.351)
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_BT709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
_SMPTE_170M = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES: dict[int, tuple[tuple[Point, Point, Point], Point]] = {  # H.273, table 2: red, green, blue, and white
    4: (((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), _C),
    5: (((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), _D65),
    6: (_SMPTE_170M, _D65),
    7: (_SMPTE_170M, _D65),
    8: (((0.681, 0.319), (0.243, 0.692), (0.145, 0.049)), _C),
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), _D65),
    10: (((1.0, 0.0), (0.0, 1.0), (0.0, 0.0)), _EQUAL),
    11: (_P3, _DCI),
    12: (_P3, _D65),
    22: (((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)), _D65),
}
_FILMED = dict.fromkeys((1, 6, 11, 14, 15), power(2.4))  # BT.1886; those of AVIF and HEIF are shown as sRGB's
_CURVES: dict[int, Curve] = {  # H.273, table 3
    4: power(2.2),
    5: power(2.8),
    7: (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0912),
    8: LINEAR,
    17: (2.6, (52.37 / 48) ** (1 / 2.6), 0.0, 0.0, 0.0),
}
_KNOWN_PRIMARIES = {1, *_PRIMARIES}
_KNOWN_CURVES = {13, *_HDR, *_CURVES, *_FILMED}
_USUAL_EXPONENT = 45455
_NEAR = 500  # hundred-thousandths by which an exponent may differ from the usual one


class HighDynamicRange(ValueError):
    """A picture whose brightness is not meant for an ordinary screen; shown as it is, it would look wrong."""


def profile_for(primaries: int, transfer: int, filmed: bool = False) -> bytes | None:
    """An ICC profile for a colour space by number; None for sRGB, and for those that are taken to be like it.

    Args:
        primaries: Of H.273, table 2.
        transfer: Of H.273, table 3.
        filmed: Whether a curve of television counts as it is, and not as that of screens.

    Raises:
        HighDynamicRange: If the picture needs tone mapping.
    """
    if transfer in _HDR:
        raise HighDynamicRange(_HDR[transfer])
    curve = (_CURVES | _FILMED if filmed else _CURVES).get(transfer, SRGB)
    if primaries not in _PRIMARIES and curve == SRGB:
        return None
    points, white = _PRIMARIES.get(primaries, (_BT709, _D65))
    return matrix_profile(points, white, curve)


def give_profile(image: Image.Image, data: bytes, properties: Properties | None = None) -> None:
    """Gives a picture that names its colours by number, and has no profile, the profile that means the same.

    Args:
        image: As opened.
        data: The file's bytes.
        properties: Of an AVIF file's main picture.

    Raises:
        HighDynamicRange: If the picture needs tone mapping.
    """
    if image.format == "PNG":
        profile = _of_png(image, data)
    else:
        numbers = _numbers(image, properties or {})
        profile = None if numbers is None else image.info.get("icc_profile") or profile_for(*numbers)
    if profile is not None:
        image.info["icc_profile"] = profile


def _numbers(image: Image.Image, properties: Properties) -> tuple[int, int] | None:
    named: Any = image.info.get("nclx_profile")
    if isinstance(named, dict):  # HEIF
        return int(named["color_primaries"]), int(named["transfer_characteristics"])
    box = properties.get(b"colrnclx", b"")
    return (int.from_bytes(box[4:6]), int.from_bytes(box[6:8])) if len(box) >= 8 else None


def _of_png(image: Image.Image, data: bytes) -> bytes | None:
    """By the first of `cICP`, `iCCP`, `sRGB`, and `gAMA` with `cHRM` that can be used (PNG, third edition, 4.3)."""
    chunks = _before_picture(data)
    numbers = chunks.get(b"cICP", b"")
    if len(numbers) == 4 and numbers[0] in _KNOWN_PRIMARIES and numbers[1] in _KNOWN_CURVES:
        image.info.pop("icc_profile", None)
        return profile_for(numbers[0], numbers[1], filmed=True)
    if _is_profile(image.info.get("icc_profile")) or b"sRGB" in chunks:
        return None
    return _by_exponent(chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b""))


def _before_picture(data: bytes) -> dict[bytes, bytes]:
    """The chunks before the picture, of each kind the first that is whole."""
    found: dict[bytes, bytes] = {}
    stream = io.BytesIO(data)
    stream.seek(8)
    while len(head := stream.read(8)) == 8 and head[4:] != b"IDAT":
        content, checksum = stream.read(int.from_bytes(head[:4])), stream.read(4)
        if zlib.crc32(head[4:] + content) == int.from_bytes(checksum):
            found.setdefault(head[4:], content)
    return found


def _is_profile(icc: Any) -> bool:
    try:
        ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except (OSError, TypeError, ValueError):
        return False
    return True


def _by_exponent(gamma: bytes, chromaticities: bytes) -> bytes | None:
    """By an exponent and the primaries; primaries alone say too little, and what makes no sense is ignored."""
    exponent = int.from_bytes(gamma) if len(gamma) == 4 else 0
    if not exponent:
        return None
    points, white, plain = _BT709, _D65, abs(exponent - _USUAL_EXPONENT) <= _NEAR
    if len(chromaticities) == 32:
        x = [value / 100_000 for value in struct.unpack(">8L", chromaticities)]
        white, *rest = ((x[at], x[at + 1]) for at in range(0, 8, 2))
        points = (rest[0], rest[1], rest[2])
        plain = plain and (points, white) == (_BT709, _D65)
    try:
        return None if plain else matrix_profile(points, white, power(100_000 / exponent))
    except (ZeroDivisionError, ValueError, OverflowError, struct.error):
        return None
