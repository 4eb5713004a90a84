"""The photo formats this program reads and writes."""

from __future__ import annotations

READ = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
"""Formats that are read, by Pillow's names."""

BY_PILLOW = tuple(name for name in READ if name != "HEIF")
"""Those of them that Pillow reads by itself."""

READ_AS_TEXT = "JPEG, PNG, WebP, BMP, TIFF, GIF, AVIF or HEIC"

CHOICES = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "tiff": "TIFF",
    "bmp": "BMP",
    "avif": "AVIF",
    "heic": "HEIF",
}
"""What an output can be turned into, by the names that users give. GIF is not among them: 256 colours are no photo."""

ALIASES = {"jpg": "jpeg", "tif": "tiff", "heif": "heic"}
"""Other names for some of them."""

SUFFIXES_OF = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "GIF": (".gif",),
    "AVIF": (".avif",),
    "HEIF": (".heic", ".heif", ".hif"),
}
"""What the names of a format's files end in, the usual ending first."""

SUFFIXES = frozenset(suffix for some in SUFFIXES_OF.values() for suffix in some) | {
    ".apng",
    ".avifs",
    ".heics",
    ".heifs",
    ".mpo",
}
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
_AVIF_BRANDS = frozenset((b"avif", b"avis"))
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"))


def name_of(data: bytes) -> str | None:
    """What a file's first bytes say it is: one of `READ`, or None where they say nothing known."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _by_brands(data)
    return next((name for signature, name in _SIGNATURES if data.startswith(signature)), None)


def _by_brands(data: bytes) -> str | None:
    """Of a file of boxes (ISO/IEC 14496-12, section 4.3): the main brand, then those it is compatible with."""
    most = min(int.from_bytes(data[:4]), 256)
    brands = [data[8:12], *(data[place : place + 4] for place in range(16, most, 4))]
    if _AVIF_BRANDS.intersection(brands):
        return "AVIF"
    return "HEIF" if _HEIF_BRANDS.intersection(brands) else None
