"""Which way up a photo is, by every place in its file that says something about it.

Viewers do not agree on which of them count, so all are collected. What browsers go by was measured with Chromium 156:

* JPEG: the first APP1 segment of EXIF data before the picture, whatever its sixth byte is; of the tag, only a single
  SHORT (EXIF 2.32, tag 0x0112).
* PNG: the first `eXIf` chunk before the picture, and of the tag again only a single SHORT.
* WebP: nothing. AVIF and HEIF: `irot` and `imir` (ISO/IEC 23008-12, sections 6.5.10 and 6.5.12), nothing else.
* TIFF is shown by few of them; libtiff, by which nearly all programs read it, takes integers of any kind.

Other viewers go by EXIF data wherever it is and however the tag is stored, by XMP, or by nothing.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce

from gallery.adapters.photos.isobmff import container, metadata_items

_ORIENTATION = 0x0112
_AS_STORED = 1
_SENSIBLE = frozenset(range(1, 9))
_SHORT = 3
# TIFF 6.0, section 2, and BigTIFF's: of each type the letter that `struct` knows it by.
_TYPES = {1: "B", 3: "H", 4: "L", 6: "b", 7: "B", 8: "h", 9: "l", 11: "f", 12: "d", 13: "L", 16: "Q", 17: "q"}
_RATIONALS = {5: "LL", 10: "ll"}
_TEXT = 2
_HEADERS = {b"II*\0": "<", b"MM\0*": ">"}
_FAR = 32  # bytes before a TIFF header that are passed over, such as `Exif\0\0`
_XMP = re.compile(rb"""Orientation(?:\s*=\s*["']|[^<>]*>)\s*([1-8])\b""")
_XMP_SEGMENT = b"http://ns.adobe.com/xap/1.0/\0"
_RAW_PROFILE = re.compile(rb"Raw profile type (?:exif|app1|xmp)\Z", re.IGNORECASE)
_PNG_TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))
_MOST = 2**20
"""Bytes of a compressed text that are looked through."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How viewers turn a photo: EXIF's numbers from 1, as stored, to 8.

    Attributes:
        browsers: What browsers go by.
        others: What other viewers may go by.
    """

    browsers: int = _AS_STORED
    others: frozenset[int] = field(default_factory=frozenset)


def ways_of(data: bytes, kind: str | None) -> Ways:
    """How viewers turn a photo; of a file that is damaged, by as much as can be read.

    Args:
        data: The file's bytes.
        kind: Its format, by Pillow's name.
    """
    match kind:
        case "JPEG":
            return _in_jpeg(data)
        case "PNG":
            return _in_png(data)
        case "WEBP":
            return Ways(others=_said_by(content for name, content in _webp_chunks(data) if name in (b"EXIF", b"XMP ")))
        case "TIFF":
            return _in_tiff(data)
        case "AVIF" | "HEIF":
            # Those who write these files leave a 1 in EXIF data beside a turn of the container's.
            return Ways(_by_container(data), _said_by(metadata_items(data)) - {_AS_STORED})
    return Ways()


def _said_by(contents: Iterator[bytes]) -> frozenset[int]:
    return frozenset(number for content in contents for number in (*_loosely(content), *_in_xmp(content)))


def _in_jpeg(data: bytes) -> Ways:
    segments = list(_jpeg_segments(data))
    exif = [content for content in segments if content.startswith(b"Exif\0")]
    others = _said_by(content for content in segments if content.startswith((b"Exif", b"exif", _XMP_SEGMENT)))
    if not exif:
        return Ways(others=others)
    usual = len(exif) == 1 and exif[0].startswith(b"Exif\0\0")
    return Ways(_strictly(exif[0][6:]), others if usual else others | {_AS_STORED})


def _jpeg_segments(data: bytes) -> Iterator[bytes]:
    """The contents of the APP1 segments before the picture (ITU-T T.81, annex B.1.1)."""
    place = 2
    while found := _MARKER.search(data, place):
        marker, place = found[1][0], found.end()
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            return
        size = int.from_bytes(data[place : place + 2])
        if marker == _APP1:
            yield data[place + 2 : place + size]
        place += size


_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd8\xff])")  # those that a length comes after
_APP1, _START_OF_SCAN, _END_OF_IMAGE = 0xE1, 0xDA, 0xD9


def _in_png(data: bytes) -> Ways:
    """Few viewers other than browsers know `eXIf`, and the older browsers do not."""
    browsers, others, before = 0, {_AS_STORED}, True
    for name, content, sound in _png_chunks(data):
        before = before and name != b"IDAT"
        if name == b"eXIf":
            others |= {*_loosely(content)}
            browsers = browsers or (_strictly(content) if before and sound else 0)
        elif name in _PNG_TEXTS:
            others |= {*_in_png_text(content)}
    return Ways(browsers or _AS_STORED, frozenset(others))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """The name and the content of each chunk, and whether its checksum is right; but not the content of the picture."""
    place = 8
    while place + 12 <= len(data):
        size, name = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        content = b"" if name == b"IDAT" else data[place + 8 : place + 8 + size]
        place += 12 + size
        yield name, content, zlib.crc32(name + content) == int.from_bytes(data[place - 4 : place])


def _in_png_text(content: bytes) -> Iterator[int]:
    """From a text that holds XMP, or a profile in hexadecimal digits, as ImageMagick and exiftool write them."""
    key, _, text = content.partition(b"\0")
    if not (_RAW_PROFILE.match(key) or key == b"XML:com.adobe.xmp"):
        return
    for plain in (text, *(_inflated(text[start:]) for start in _starts_of_zlib(text))):
        yield from _in_xmp(plain)
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", plain.partition(b"\n")[2].partition(b"\n")[2].partition(b"\n")[2])
        profile = bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
        yield from (*_loosely(profile), *_in_xmp(profile))


def _starts_of_zlib(text: bytes) -> list[int]:
    """Where a compressed text may begin: after a method, or flags, a language and a translated key (iTXt)."""
    return [place for place in range(min(len(text), 300)) if text[place] & 15 == 8]


def _inflated(text: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(text, _MOST)
    except zlib.error:
        return b""


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 12
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        yield data[place : place + 4], data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _in_tiff(data: bytes) -> Ways:
    entries = [entry for entry in _entries(data) if entry.tag == _ORIENTATION]
    others = {number for entry in entries for number in entry.numbers}
    if [entry.kind for entry in entries if entry.count == 1] != [_SHORT]:
        others.add(_AS_STORED)
    return Ways(next((n for entry in entries for n in entry.numbers), _AS_STORED), frozenset(others | {*_in_xmp(data)}))


def _by_container(data: bytes) -> int:
    """What `irot` and `imir` come to, which are applied in this order (ISO/IEC 23000-22, section 7.3.6.7)."""
    found = container(data).properties
    quarters = found[b"irot"][0] & 3 if found.get(b"irot") else 0
    turned = (1, 8, 3, 6)[quarters]
    if not found.get(b"imir"):
        return turned
    side = found[b"imir"][0] & 1  # 1: left and right change places; 0: top and bottom
    return {1: (4, 2), 8: (5, 7), 3: (2, 4), 6: (7, 5)}[turned][side]


@dataclass(frozen=True, slots=True)
class _Entry:
    tag: int
    kind: int
    count: int
    numbers: tuple[int, ...]


def _strictly(tiff: bytes) -> int:
    """The orientation that browsers read in EXIF data: of the entries of the first directory, the first they take."""
    for entry in _entries(tiff):
        if entry.tag == _ORIENTATION and (entry.kind, entry.count) == (_SHORT, 1):
            return next(iter(entry.numbers), _AS_STORED)
    return _AS_STORED


def _loosely(content: bytes) -> Iterator[int]:
    """Every orientation that somebody could read in EXIF data; however its tag is stored."""
    start = min((place for header in _HEADERS if (place := content.find(header, 0, _FAR)) >= 0), default=None)
    if start is None:
        return
    for entry in _entries(content[start:]):
        if entry.tag == _ORIENTATION:
            yield from entry.numbers


def _entries(tiff: bytes) -> Iterator[_Entry]:
    """Those of the first directory, as far as it goes (TIFF 6.0, section 2)."""
    order = _HEADERS.get(tiff[:4])
    if order is None or len(tiff) < 10:
        return
    place = struct.unpack_from(f"{order}L", tiff, 4)[0]
    if place + 2 > len(tiff):
        return
    for number in range(struct.unpack_from(f"{order}H", tiff, place)[0]):
        at = place + 2 + 12 * number
        if at + 12 > len(tiff):
            return
        tag, kind, count = struct.unpack_from(f"{order}HHL", tiff, at)
        yield _Entry(tag, kind, count, tuple(_numbers(tiff, order, at, kind, count)) if tag == _ORIENTATION else ())


def _numbers(tiff: bytes, order: str, at: int, kind: int, count: int) -> Iterator[int]:
    """The orientations that an entry can be read as: by its type, and by the two bytes where a SHORT would stand."""
    letters = _TYPES.get(kind) or _RATIONALS.get(kind) or "H"
    size = struct.calcsize(f"{order}{letters}")
    place = at + 8 if size * max(count, 1) <= 4 else struct.unpack_from(f"{order}L", tiff, at + 8)[0]
    found = [*struct.unpack_from(f"{order}H", tiff, at + 8)]
    if kind == _TEXT:
        found = [int(digit) for digit in re.findall(rb"[1-8]", tiff[at + 8 : at + 12])]
    elif place + size <= len(tiff):
        number, *divisor = struct.unpack_from(f"{order}{letters}", tiff, place)
        found.insert(0, reduce(lambda a, b: a / b if b else 0, divisor, number))
    yield from (int(number) for number in found if number in _SENSIBLE)


def _in_xmp(packet: bytes) -> Iterator[int]:
    """As an attribute or an element of `tiff:Orientation`, in UTF-8 or UTF-16."""
    if b"Orientation" not in packet:
        packet = packet.replace(b"\0", b"") if b"O\0r\0i\0e\0n\0t" in packet else b""
    yield from (int(digit) for digit in _XMP.findall(packet))
