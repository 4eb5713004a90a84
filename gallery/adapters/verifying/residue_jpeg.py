"""Residue in JPEG files (ITU-T T.81, appendix B; JFIF 1.02)."""

from __future__ import annotations

import re

from gallery.adapters.verifying.residue_parts import Kept, Residue, require
from gallery.adapters.verifying.residue_tiff import require_exif

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOS, _APP0, _APP1, _COMMENT = 0xDA, 0xE0, 0xE1, 0xFE
_FRAMES = frozenset((0xC0, 0xC1, 0xC2))  # baseline, extended and progressive
_HUFFMAN, _QUANTISATION, _RESTART = 0xC4, 0xDB, 0xDD
_NEEDED = frozenset((_HUFFMAN, _QUANTISATION, _RESTART))
_JFIF = re.compile(rb"JFIF\x00\x01.[\x00-\x02].{4}\x00\x00", re.DOTALL)  # the last two: a thumbnail of no size
_JFIF_OF_NO_RESOLUTION = re.compile(rb"JFIF\x00\x01.\x00\x00\x01\x00\x01\x00\x00", re.DOTALL)
_EXIF = b"Exif\0\0"
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)  # what is neither a stuffed byte nor a restart marker


def require_bare_jpeg(data: bytes, kept: Kept) -> None:
    """Checks that a JPEG file is one picture and nothing else.

    Allowed are the tables, one frame and its scans, and a JFIF segment without thumbnail.

    Raises:
        Residue: If there is anything more.
    """
    require(data.startswith(_SOI), "no start of a picture")
    place, frames, seen = 2, 0, set[int]()
    while data[place : place + 2] != _EOI:
        marker, content = _segment(data, place)
        _require_allowed(marker, content, kept, seen)
        frames += marker in _FRAMES
        place += 4 + len(content)
        if marker == _SOS:
            place = _end_of_scan(data, place)
    require(frames == 1, f"{frames} pictures")
    require(place + 2 == len(data), f"{len(data) - place - 2} bytes after its end")


def _segment(data: bytes, place: int) -> tuple[int, bytes]:
    require(place + 4 <= len(data) and data[place] == 0xFF, "something that is no segment")
    size = int.from_bytes(data[place + 2 : place + 4])
    content = data[place + 4 : place + 2 + size]
    require(size >= 2 and len(content) == size - 2, "a segment that is cut off")
    return data[place + 1], content


def _require_allowed(marker: int, content: bytes, kept: Kept, seen: set[int]) -> None:
    if marker in _FRAMES or marker in _NEEDED or marker == _SOS:
        require(_ends(marker, content), f"bytes behind a segment {marker:02X}")
        return
    require(marker != _COMMENT, "a comment")
    require(0xE0 <= marker <= 0xEF, f"a segment of the unknown kind {marker:02X}")
    name = f"an APP{marker - 0xE0} segment"
    require(marker not in seen, f"a second APP{marker - 0xE0} segment")
    seen.add(marker)
    if marker == _APP0:
        form = _JFIF if kept and "dpi" in kept else _JFIF_OF_NO_RESOLUTION
        require(form.fullmatch(content) is not None, name)
    elif marker == _APP1 and kept is not None:
        require(content.startswith(_EXIF), name)
        require_exif(content[len(_EXIF) :], kept)
    else:
        raise Residue(name)


def _ends(marker: int, content: bytes) -> bool:
    """Whether a segment is as long as what it holds (T.81, annexes B.2.2 to B.2.4)."""
    if marker in _FRAMES:
        return len(content) == 6 + 3 * content[5]
    if marker == _SOS:
        return len(content) == 4 + 2 * content[0]
    if marker == _RESTART:
        return len(content) == 2
    place = 0
    while place < len(content):
        place += 17 + sum(content[place + 1 : place + 17]) if marker == _HUFFMAN else 65 + 64 * (content[place] >> 4)
    return place == len(content)


def _end_of_scan(data: bytes, place: int) -> int:
    found = _AFTER_SCAN.search(data, place)
    if found is None:
        raise Residue("a scan without end")
    return found.start()
