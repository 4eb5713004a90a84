"""Residue in the formats made of chunks: PNG (W3C recommendation) and WebP (RFC 9649)."""

from __future__ import annotations

import zlib

from gallery.adapters.verifying.residue_parts import Kept, named, require
from gallery.adapters.verifying.residue_tiff import require_exif

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNKS = frozenset((b"IHDR", b"IDAT", b"IEND"))
_LENGTHS = {b"IHDR": 13, b"IEND": 0}
_WEBP_CHUNKS = frozenset((b"VP8X", b"ALPH", b"VP8 ", b"VP8L"))
_ALPHA_FLAG, _EXIF_FLAG = 0x10, 0x08


def require_bare_png(data: bytes, kept: Kept) -> None:
    """Checks that a PNG file is one picture and nothing else: `IHDR`, `IDAT` and `IEND`, each with its checksum.

    Raises:
        Residue: If there is anything more.
    """
    require(data.startswith(_PNG_SIGNATURE), "no signature")
    place, kinds = len(_PNG_SIGNATURE), list[bytes]()
    while b"IEND" not in kinds:
        require(place + 12 <= len(data), "a chunk that is cut off")
        size, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        end = place + 12 + size
        require(end <= len(data), "a chunk that is cut off")
        content = memoryview(data)[place + 8 : end - 4]
        _require_png_chunk(kind, content, kinds, kept)
        checksum = zlib.crc32(content, zlib.crc32(kind))
        require(checksum == int.from_bytes(data[end - 4 : end]), f"a chunk {named(kind)} of a wrong checksum")
        kinds.append(kind)
        place = end
    require(kinds[0] == b"IHDR" and kinds.count(b"IHDR") == 1, "no single header")
    require(place == len(data), f"{len(data) - place} bytes after its end")


def _require_png_chunk(kind: bytes, content: memoryview, before: list[bytes], kept: Kept) -> None:
    if kind in _PNG_CHUNKS:
        require(_LENGTHS.get(kind, len(content)) == len(content), f"bytes in a chunk {named(kind)}")
        return
    if kind == b"pHYs" and kept and "dpi" in kept:
        require(kind not in before and len(content) == 9, "a chunk pHYs")
    elif kind == b"eXIf" and kept is not None:
        require(kind not in before, "a second chunk eXIf")
        require_exif(bytes(content), kept)
    else:
        require(False, f"a chunk {named(kind)}")


def require_bare_webp(data: bytes, kept: Kept) -> None:
    """Checks that a WebP file is one picture, with its opacity, and nothing else.

    Raises:
        Residue: If there is anything more.
    """
    require(data[:4] == b"RIFF" and data[8:12] == b"WEBP", "no signature")
    said = int.from_bytes(data[4:8], "little") + 8
    require(said == len(data), f"{abs(len(data) - said)} bytes more or fewer than it says")
    place, kinds = 12, list[bytes]()
    while place < len(data):
        kind, size = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + size
        require(end <= len(data), "a chunk that is cut off")
        require(data[end : end + size % 2] in (b"", b"\0"), "a byte between chunks")
        require(kind not in kinds, f"a second chunk {named(kind)}")
        _require_webp_chunk(kind, data[place + 8 : end] if kind in (b"VP8X", b"EXIF") else b"", kept)
        kinds.append(kind)
        place = end + size % 2
    require(len({b"VP8 ", b"VP8L"}.intersection(kinds)) == 1, "not exactly one picture")


def _require_webp_chunk(kind: bytes, content: bytes, kept: Kept) -> None:
    if kind == b"VP8X":
        allowed = _ALPHA_FLAG | (_EXIF_FLAG if kept is not None else 0)
        require(len(content) == 10 and not content[0] & ~allowed and not any(content[1:4]), "a mark of more parts")
    elif kind == b"EXIF" and kept is not None:
        require_exif(content.removeprefix(b"Exif\0\0"), kept)
    else:
        require(kind in _WEBP_CHUNKS, f"a chunk {named(kind)}")
