"""Pictures in a known format whose coding is not read here: nothing is wrong with such a file."""

from __future__ import annotations

import re
from typing import Literal

from gallery.adapters.photos.isobmff import codings

_BOXED = {
    b"jpeg": "JPEG",
    b"unci": "uncompressed",
    b"vvc1": "VVC (H.266)",
    b"evc1": "EVC",
    b"avc1": "AVC (H.264)",
    b"j2k1": "JPEG 2000",
    b"av01": "AV1",
    b"hvc1": "HEVC (H.265)",
}
_READ = {"HEIF": b"hvc1", "AVIF": b"av01"}
_DERIVED = frozenset((b"grid", b"iden", b"iovl", b"tmap", b"Exif", b"mime", b"uri "))
_UNSUPPORTED = re.compile(
    r"unsupported|not supported|not implemented|reformat failed|no codec|no decoder", re.IGNORECASE
)
_REFERRED = "references an unsupported"  # libheif says so of an item that is missing, too
# ITU-T T.81, table B.1: lossless, differential, and lossless with arithmetic coding.
_FRAMES = re.compile(rb"\xff([\xc3\xc5-\xc7\xcb\xcd-\xcf])\x00")
_DEEP_FRAME = re.compile(rb"\xff[\xc0-\xc2\xc9\xca]\x00.[\x09-\x10]", re.DOTALL)
_SCAN = b"\xff\xda"
_COMPRESSION = 259
_TIFF = frozenset((*range(1, 9), 32773, 32946))
"""Compressions that Pillow reads (TIFF 6.0; technical note 2), so that a file of them that fails is damaged."""


def unread_coding(data: bytes, kind: str | None, error: Exception) -> str | None:
    """How a picture is coded that could not be read, if that is why; None if the file is damaged.

    Args:
        data: The file's bytes.
        kind: Its format, by Pillow's name.
        error: What came of reading it.
    """
    match kind:
        case "HEIF" | "AVIF":
            found = _in_boxes(data, _READ[kind])
        case "JPEG":
            found = _in_jpeg(data[: max(0, data.find(_SCAN))])
        case "TIFF":
            found = _in_tiff(data)
        case _:
            found = None
    text = str(error)
    return found or (text.strip() if _UNSUPPORTED.search(text) and _REFERRED not in text else None)


def _in_boxes(data: bytes, read: bytes) -> str | None:
    kinds = codings(data) - _DERIVED
    if not kinds or read in kinds:
        return None
    return " and ".join(sorted(_BOXED.get(kind, kind.decode("latin-1")) for kind in kinds))


def _in_jpeg(head: bytes) -> str | None:
    if _FRAMES.search(head):
        return "lossless or hierarchical JPEG"
    return "JPEG of more than 8 bits" if _DEEP_FRAME.search(head) else None


def _in_tiff(data: bytes) -> str | None:
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    place = int.from_bytes(data[4:8], order)
    for at in range(place + 2, place + 2 + 12 * int.from_bytes(data[place : place + 2], order), 12):
        if int.from_bytes(data[at : at + 2], order) == _COMPRESSION:
            coding = int.from_bytes(data[at + 8 : at + 10], order)
            return None if coding in _TIFF else f"compression {coding}"
    return None
