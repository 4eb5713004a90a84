"""The photo formats this program reads, and those it can name but not read."""

from __future__ import annotations

READ = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
"""Formats that are read, by Pillow's names."""

READ_AS_TEXT = "JPEG, PNG, WebP, BMP, TIFF or GIF"

_READ_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".tif", ".tiff", ".gif")
# A folder's photos must not be passed over in silence: these are taken, and each fails with its reason.
_UNREAD_SUFFIXES = (".heic", ".heif", ".avif", ".mpo")

SUFFIXES = frozenset(_READ_SUFFIXES + _UNREAD_SUFFIXES)
"""What the name of a photo ends in, in lower case. Only folders are searched by it; content decides what a file is."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"heic": "HEIF", b"heix": "HEIF", b"hevc": "HEIF", b"mif1": "HEIF"}


def name_of(data: bytes) -> str | None:
    """What a file's first bytes say it is: one of `READ`, `AVIF`, `HEIF`, or None where they say nothing known."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":  # the container of AVIF and HEIF, ISO/IEC 14496-12, section 4.3
        return _BRANDS.get(data[8:12])
    return next((name for signature, name in _SIGNATURES if data.startswith(signature)), None)
