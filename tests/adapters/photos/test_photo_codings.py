"""A file whose coding is not read is not called damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from gallery.domain.errors import BadPhoto
from made_photos import drawn, file_of, photo_of


def boxed(kind: str, coding: bytes) -> bytes:
    own = b"hvc1" if kind == "HEIF" else b"av01"
    return file_of(drawn(), kind).replace(b"\0\0" + own, b"\0\0" + coding, 1)


def framed(marker: int, bits: int) -> bytes:
    data = file_of(drawn(), "JPEG")
    place = data.index(b"\xff\xc0")
    return data[: place + 1] + bytes((marker,)) + data[place + 2 : place + 4] + bytes((bits,)) + data[place + 5 :]


def compressed(coding: int) -> bytes:
    data = file_of(drawn(), "TIFF")
    place = data.index(struct.pack("<HHL", 259, 3, 1)) + 8
    return data[:place] + struct.pack("<H", coding) + data[place + 2 :]


def numbered(matrix: int) -> bytes:
    data = file_of(drawn(), "AVIF")
    place = data.index(b"nclx") + 8
    return data[:place] + struct.pack(">H", matrix) + data[place + 2 :]


UNREAD = {
    **{f"HEIF {coding.decode()}": boxed("HEIF", coding) for coding in (b"jpeg", b"vvc1", b"j2k1", b"unci", b"av01")},
    **{f"AVIF {coding.decode()}": boxed("AVIF", coding) for coding in (b"jpeg", b"vvc1", b"j2k1", b"unci")},
    "AVIF of constant luminance": numbered(10),
    **{f"JPEG {marker:x}": framed(marker, 8) for marker in (0xC3, 0xC5, 0xCB)},
    "JPEG 12 bits": framed(0xC1, 12),
    **{f"TIFF {coding}": compressed(coding) for coding in (34712, 34887, 50002, 65000)},
    "BMP": file_of(drawn(), "BMP")[:30] + b"\5\0\0\0" + file_of(drawn(), "BMP")[34:],
}


@pytest.mark.parametrize("name", UNREAD)
def test_an_unread_coding_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadPhoto) as told:
        photo_of(tmp_path, UNREAD[name])
    assert "not read here" in told.value.message
    assert "Convert it" in told.value.hint
    assert "damaged" not in told.value.text


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF", "AVIF", "TIFF", "WEBP"])
def test_what_is_cut_off_is_damaged_all_the_same(tmp_path: Path, kind: str) -> None:
    data = file_of(drawn(), kind)
    with pytest.raises(BadPhoto, match=r"damaged|cut off"):
        photo_of(tmp_path, data[: len(data) // 2])
