"""Residue in BMP and GIF files."""

from __future__ import annotations

import struct

import numpy as np

from gallery.adapters.verifying.residue_parts import require

_BMP_HEADERS = {40: (8, 24), 108: (32,)}  # BITMAPINFOHEADER and BITMAPV4HEADER: the bits per pixel they go with
_MASKS = 20  # four masks and the colour space, of BITMAPV4HEADER
_GIF_TRAILER, _GIF_EXTENSION, _GIF_IMAGE = 0x3B, 0x21, 0x2C
_GIF_CONTROL = 0xF9
_GIF_NAMES = {0xFE: "a comment", 0xFF: "an application's block", 0x01: "a text"}


def require_bare_bmp(data: bytes) -> None:
    """Checks that a BMP file has exactly the length of its header, its palette and its rows, with nothing between.

    Raises:
        Residue: If there is anything more.
    """
    require(len(data) > 54 and data[:2] == b"BM", "no header")
    length, reserved, offset, header, width, height, planes, bits = struct.unpack_from("<IIIIiiHH", data, 2)
    require(header in _BMP_HEADERS and bits in _BMP_HEADERS[header], "an unknown header")
    require(reserved == 0 and planes == 1, "something in reserved fields")
    colours = 256 if bits == 8 else 0
    require(offset == 14 + header + 4 * colours, "something between its header and its rows")
    require(not any(data[17 + header : offset : 4]) and not any(data[54 + _MASKS : 14 + header]), "unused bytes")
    row = (width * bits // 8 + 3) // 4 * 4
    require(width > 0 and length == len(data) == offset + row * abs(height), "bytes after its end")
    rows = np.frombuffer(data, np.uint8, row * abs(height), offset).reshape(-1, row)
    require(not rows[:, width * bits // 8 :].any(), "something behind the ends of its rows")


def require_bare_gif(data: bytes) -> None:
    """Checks that a GIF file is one picture and nothing else (GIF89a specification).

    Raises:
        Residue: If there is a comment, an application's block, a text, a second picture or a byte after the end.
    """
    require(data[:6] in (b"GIF87a", b"GIF89a") and len(data) > 13, "no header")
    place, pictures, controls = 13 + _palette(data[10]), 0, 0
    while data[place : place + 1] != bytes((_GIF_TRAILER,)):
        kind = data[place] if place < len(data) else None
        if kind == _GIF_EXTENSION:
            label = data[place + 1] if place + 1 < len(data) else 0
            require(label == _GIF_CONTROL, _GIF_NAMES.get(label, "an unknown extension"))
            controls += 1
            require(data[place + 2 : place + 3] == b"\4" and data[place + 7 : place + 8] == b"\0", "a long extension")
            place += 8
        else:
            require(kind == _GIF_IMAGE and place + 10 < len(data), "something that is no block")
            pictures += 1
            place = _end_of_blocks(data, place + 11 + _palette(data[place + 9]))
    require(pictures == 1, f"{pictures} pictures")
    require(controls <= 1, "a second control block")
    require(place + 1 == len(data), f"{len(data) - place - 1} bytes after its end")


def _palette(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(data: bytes, place: int) -> int:
    while place < len(data) and data[place]:
        place += data[place] + 1
    require(place < len(data), "a picture that is cut off")
    return place + 1
