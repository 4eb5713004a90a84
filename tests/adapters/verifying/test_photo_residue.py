"""What must be found in a file, planted in valid ones; and nothing in the files that are written here."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from gallery.adapters.photos.encoding import Wanted, encode
from gallery.adapters.verifying.residue import Residue, residue_of
from gallery.domain.faces import Photo

SECRET = b"51.5074 N, 0.1278 W"
KEPT = {"dpi": (300.0, 150.0), "copyright": "Jane Doe, all rights reserved"}
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
WITH_EXIF = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF")


def drawn(width: int = 40, height: int = 30) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.dstack((x * 5 % 256, y * 7 % 256, (x + y) * 3 % 256)).astype(np.uint8)


def written(kind: str, keep: bool = False, alpha: np.ndarray | None = None, **encoding: Any) -> bytes:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif")
    pixels = drawn()
    if encoding.get("grey"):
        pixels = np.repeat(pixels[..., :1], 3, axis=2)
    photo = Photo(Path("a"), "0" * 64, pixels, kind, alpha, {"kept": KEPT} | encoding)
    return encode(pixels, photo, Wanted(keep_metadata=keep))


def saved(kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(drawn()).save(buffer, kind, **options)
    return buffer.getvalue()


def opacity() -> np.ndarray:
    return np.repeat(np.linspace(0, 255, 40).astype(np.uint8)[None], 30, axis=0)


# Nothing in what is written


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("alpha", [None, opacity()], ids=["opaque", "transparent"])
@pytest.mark.parametrize("grey", [False, True])
def test_nothing_is_found_in_what_is_written(kind: str, alpha: np.ndarray | None, grey: bool) -> None:
    assert residue_of(written(kind, alpha=alpha, grey=grey), kind, None) is None


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"])
@pytest.mark.parametrize("keep", [False, True])
def test_nothing_is_found_in_tiff_files_of_any_compression(compression: str, keep: bool) -> None:
    assert residue_of(written("TIFF", keep, compression=compression), "TIFF", KEPT if keep else None) is None


@pytest.mark.parametrize("kind", FORMATS)
def test_what_may_be_kept_is_no_residue_where_it_was_asked_for(kind: str) -> None:
    assert residue_of(written(kind, keep=True), kind, KEPT) is None


@pytest.mark.parametrize("kind", WITH_EXIF)
def test_it_is_where_it_was_not(kind: str) -> None:
    assert residue_of(written(kind, keep=True), kind, None)


def test_progressive_jpeg_and_lossless_webp_are_followed() -> None:
    assert residue_of(written("JPEG", progressive=True, subsampling=0), "JPEG", None) is None
    assert residue_of(written("WEBP", lossless=True), "WEBP", None) is None
    assert residue_of(written("WEBP", lossless=True, alpha=opacity()), "WEBP", None) is None


# Metadata


def exif(**tags: Any) -> Image.Exif:
    block = Image.Exif()
    for tag, value in tags.items():
        block[int(tag.removeprefix("tag"))] = value
    return block


def with_gps() -> Image.Exif:
    block = exif(tag33432=KEPT["copyright"])
    block.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
    return block


def with_maker_note() -> Image.Exif:
    block = exif(tag33432=KEPT["copyright"])
    block.get_ifd(0x8769)[0x927C] = b"serial 12345"
    return block


METADATA: dict[str, Callable[[], Image.Exif]] = {
    "software": lambda: exif(tag305="Camera 1.0"),
    "artist": lambda: exif(tag315="Jane"),
    "orientation": lambda: exif(tag274=6),
    "another notice": lambda: exif(tag33432="Jane was here"),
    "place": with_gps,
    "maker note": with_maker_note,
}


@pytest.mark.parametrize("kind", WITH_EXIF)
@pytest.mark.parametrize("what", METADATA)
@pytest.mark.parametrize("kept", [None, KEPT], ids=["bare", "keeping"])
def test_exif_that_may_not_be_kept_is_found(kind: str, what: str, kept: dict[str, Any] | None) -> None:
    if kind == "HEIF":
        heif = pytest.importorskip("pillow_heif")
        buffer = io.BytesIO()
        heif.from_pillow(Image.fromarray(drawn())).save(buffer, format="HEIF", exif=METADATA[what]().tobytes())
        data = buffer.getvalue()
    else:
        data = saved(kind, exif=METADATA[what]())
    if kind == "TIFF" and what in ("place", "maker note"):
        assert residue_of(data, kind, KEPT) is None  # Pillow leaves these out of a TIFF file by itself
        return
    assert residue_of(data, kind, kept)


def test_a_thumbnail_in_exif_is_found() -> None:
    block = bytearray(exif(tag33432=KEPT["copyright"]).tobytes())
    tiff = block[6:]
    (count,) = struct.unpack_from(">H", tiff, 8)
    thumbnail = len(tiff)
    struct.pack_into(">I", tiff, 10 + 12 * count, thumbnail)
    tiff += struct.pack(">H", 0) + bytes(4) + SECRET
    assert residue_of(saved("JPEG", exif=b"Exif\0\0" + bytes(tiff)), "JPEG", KEPT) == "a thumbnail"


def test_bytes_between_the_values_of_exif_are_found() -> None:
    block = exif(tag33432=KEPT["copyright"]).tobytes()
    assert residue_of(saved("JPEG", exif=block), "JPEG", KEPT) is None
    assert "belong to no part" in str(residue_of(saved("JPEG", exif=block + SECRET), "JPEG", KEPT))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_colour_profile_is_found(kind: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert residue_of(saved(kind, icc_profile=profile), kind, KEPT)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_xmp_is_found(kind: str) -> None:
    assert residue_of(saved(kind, xmp=b"<x:xmpmeta>Jane</x:xmpmeta>"), kind, KEPT)


@pytest.mark.parametrize("kind", FORMATS)
def test_bytes_after_the_end_are_found(kind: str) -> None:
    data = written(kind)
    for more in (b"\0\0", b"a", SECRET, written("JPEG"), b"\0\0\0\x13free" + b"51.5074 N,0"):
        assert residue_of(data + more, kind, KEPT)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_is_cut_off_is_no_whole_picture(kind: str) -> None:
    data = written(kind)
    for end in (0, 1, 9, 20, len(data) // 2, len(data) - 1):
        assert residue_of(data[:end], kind, KEPT)


@pytest.mark.parametrize("kind", FORMATS)
@given(where=st.integers(0, 10_000), some=st.binary(min_size=1, max_size=20))
def test_bytes_put_in_anywhere_never_end_in_another_error(kind: str, where: int, some: bytes) -> None:
    data = written(kind)
    where %= len(data)
    residue_of(data[:where] + some + data[where + len(some) // 2 :], kind, KEPT)


# JPEG


def jpeg_with(segment: int, content: bytes) -> bytes:
    data = written("JPEG")
    return data[:20] + bytes((0xFF, segment)) + struct.pack(">H", len(content) + 2) + content + data[20:]


@pytest.mark.parametrize("segment", [0xFE, *range(0xE0, 0xF0), 0xC8, 0xF0])
def test_other_segments_are_found(segment: int) -> None:
    assert residue_of(jpeg_with(segment, SECRET), "JPEG", KEPT)


def test_a_second_jfif_segment_and_one_with_a_thumbnail_are_found() -> None:
    assert "second" in str(residue_of(jpeg_with(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), "JPEG", None))
    data = bytearray(written("JPEG"))
    data[18:20] = b"\1\1"
    data[4:6] = struct.pack(">H", 19)
    data[20:20] = b"\1\2\3"
    assert residue_of(bytes(data), "JPEG", None) == "an APP0 segment"


def test_a_comment_between_the_scans_of_a_progressive_picture_is_found() -> None:
    data = written("JPEG", progressive=True)
    place = data.rindex(b"\xff\xda")
    comment = b"\xff\xfe\0\x06Jane"
    assert residue_of(data[:place] + comment + data[place:], "JPEG", KEPT) == "a comment"


def test_several_pictures_in_one_file_are_found() -> None:
    pictures = [Image.fromarray(drawn()), Image.fromarray(drawn()[::-1])]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "MPO", save_all=True, append_images=pictures[1:])
    assert residue_of(buffer.getvalue(), "JPEG", KEPT)


# PNG and WebP


def png_with(kind: bytes, content: bytes) -> bytes:
    data = written("PNG")
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return data[:33] + struct.pack(">I", len(content)) + kind + content + checksum + data[33:]


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"iCCP", b"acTL", b"fcTL", b"PLTE", b"seCr"])
def test_other_chunks_of_png_are_found(kind: bytes) -> None:
    assert residue_of(png_with(kind, SECRET), "PNG", KEPT) == f"a chunk {kind.decode()}"


def test_a_wrong_checksum_is_found() -> None:
    data = bytearray(written("PNG"))
    data[-1] ^= 1
    assert "checksum" in str(residue_of(bytes(data), "PNG", None))


def test_text_of_a_png_file_is_found() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET.decode())
    assert residue_of(saved("PNG", pnginfo=info), "PNG", None) == "a chunk tEXt"


@pytest.mark.parametrize("kind", [b"XMP ", b"ICCP", b"ANIM", b"ANMF", b"JANE", b"VP8 "])
def test_other_chunks_of_webp_are_found(kind: bytes) -> None:
    data = written("WEBP") + kind + struct.pack("<I", 4) + b"Jane"
    assert residue_of(data[:4] + struct.pack("<I", len(data) - 8) + data[8:], "WEBP", KEPT)


# TIFF, BMP and GIF


def test_a_second_page_is_found() -> None:
    assert residue_of(saved("TIFF", save_all=True, append_images=[Image.fromarray(drawn())]), "TIFF", KEPT)


@pytest.mark.parametrize("tag", [270, 271, 305, 306, 315, 330, 700, 33723, 34377, 34675, 34853, 65000])
def test_other_tags_are_found(tag: int) -> None:
    value: Any = 8 if tag in (330, 34853) else SECRET if tag in (700, 34377) else SECRET.decode()
    assert residue_of(saved("TIFF", tiffinfo={tag: value}), "TIFF", KEPT)


def test_bytes_between_the_parts_of_a_tiff_file_are_found() -> None:
    data = bytearray(written("TIFF"))
    (directory,) = struct.unpack_from("<I", data, 4)
    moved = data[:directory] + SECRET + b"." + data[directory:]
    struct.pack_into("<I", moved, 4, directory + 20)
    (count,) = struct.unpack_from("<H", moved, directory + 20)
    for at in range(directory + 22, directory + 22 + 12 * count, 12):
        (place,) = struct.unpack_from("<I", moved, at + 8)
        size = {3: 2, 4: 4}[struct.unpack_from("<H", moved, at + 2)[0]] * struct.unpack_from("<I", moved, at + 4)[0]
        if size > 4:
            struct.pack_into("<I", moved, at + 8, place + 20)
    with Image.open(io.BytesIO(moved)) as image:
        assert np.array_equal(np.asarray(image), drawn())
    assert "bytes that belong to no part of it" in str(residue_of(bytes(moved), "TIFF", KEPT))


@pytest.mark.parametrize("place", [6, 17 + 14, 56])
def test_no_field_of_a_bmp_file_goes_unseen_that_says_how_long_it_is(place: int) -> None:
    data = bytearray(written("BMP", alpha=opacity()) if place == 56 else written("BMP"))
    before = bytes(data)
    data[{6: 6, 31: 2, 56: 100}[place]] ^= 1
    assert residue_of(before, "BMP", None) is None
    assert residue_of(bytes(data), "BMP", None)


def test_what_fills_the_rows_of_a_bmp_file_is_looked_at() -> None:
    pixels = drawn(41)
    data = bytearray(encode(pixels, Photo(Path("a"), "0" * 64, pixels, "BMP")))
    assert residue_of(bytes(data), "BMP", None) is None
    data[54 + 41 * 3] = 1
    assert residue_of(bytes(data), "BMP", None) == "something behind the ends of its rows"


def test_comments_loops_and_further_pictures_of_gif_are_found() -> None:
    picture = Image.fromarray(drawn()).quantize(16)
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", comment=SECRET)
    assert residue_of(buffer.getvalue(), "GIF", None) == "a comment"
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", loop=0)
    assert residue_of(buffer.getvalue(), "GIF", None) == "an application's block"
    buffer = io.BytesIO()
    other = Image.fromarray(drawn()[::-1]).quantize(16)
    picture.save(buffer, "GIF", save_all=True, append_images=[other])
    assert residue_of(buffer.getvalue(), "GIF", None)


# AVIF and HEIC


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_other_boxes_are_found(kind: str) -> None:
    data = written(kind)
    brands = int.from_bytes(data[:4])
    box = struct.pack(">I", 8 + len(SECRET)) + b"uuid" + SECRET
    assert residue_of(data + box, kind, KEPT) == "a box uuid"
    assert residue_of(data[:brands] + box + data[brands:], kind, KEPT) == "a box uuid"


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_bytes_of_the_media_data_that_belong_to_no_item_are_found(kind: str) -> None:
    data = written(kind)
    place = data.index(b"mdat") - 4
    longer = struct.pack(">I", int.from_bytes(data[place : place + 4]) + len(SECRET))
    assert residue_of(data[:place] + longer + data[place + 4 :] + SECRET, kind, None) == "bytes that belong to no item"


def test_several_pictures_and_thumbnails_of_heic_are_found() -> None:
    heif = pytest.importorskip("pillow_heif")
    file = heif.from_pillow(Image.fromarray(drawn()))
    file.add_from_pillow(Image.fromarray(drawn()[::-1]))
    buffer = io.BytesIO()
    file.save(buffer, format="HEIF")
    assert residue_of(buffer.getvalue(), "HEIF", KEPT) == "a second picture"
    file = heif.from_pillow(Image.fromarray(drawn(400, 300)))
    file[0].info["thumbnails"] = [64]
    buffer = io.BytesIO()
    file.save(buffer, format="HEIF")
    assert b"thmb" in buffer.getvalue()
    assert residue_of(buffer.getvalue(), "HEIF", KEPT) == "a second picture"


def test_an_animated_avif_file_is_found() -> None:
    assert residue_of(saved("AVIF", save_all=True, append_images=[Image.fromarray(drawn()[::-1])]), "AVIF", KEPT)


def test_an_unknown_kind_is_residue_as_a_whole() -> None:
    assert residue_of(b"P6", "PPM", None) == "a picture of the unknown kind PPM"


# Bytes put in anywhere


def coded(data: bytes, kind: str) -> range:
    """Where the compressed picture lies in which nobody looks: between the first byte that may be one and its end."""
    if kind == "JPEG":
        start = data.index(b"\xff\xda")
        return range(start + 2 + int.from_bytes(data[start + 2 : start + 4]), len(data) - 1)
    if kind == "GIF":
        start = 13 + (3 << ((data[10] & 7) + 1))
        start += 8 if data[start] == 0x21 else 0
        return range(start + 11, len(data))
    return range(0)


MADE = {
    (kind, keep, clear): written(kind, keep, opacity() if clear else None)
    for kind in FORMATS
    for keep in (False, True)
    for clear in (False, True)
    if kind != "HEIF" or importlib.util.find_spec("pillow_heif")
}


@given(st.sampled_from(sorted(MADE)), st.binary(min_size=1, max_size=40), st.data())
def test_bytes_put_in_anywhere_are_found(which: tuple[str, bool, bool], extra: bytes, data: st.DataObject) -> None:
    kind, keep, _ = which
    made, kept = MADE[which], KEPT if keep else None
    place = data.draw(st.integers(0, len(made)).filter(lambda place: place not in coded(made, kind)))
    assert residue_of(made, kind, kept) is None
    assert residue_of(made[:place] + extra + made[place:], kind, kept)


@pytest.mark.parametrize("which", sorted(MADE))
@pytest.mark.parametrize("extra", [bytes(8), b"12345678", b"\0\0\0\x08free", b"\0\0\0\x10free12345678", b"\xff" * 8])
def test_bytes_at_the_end_are_found(which: tuple[str, bool, bool], extra: bytes) -> None:
    assert residue_of(MADE[which] + extra, which[0], KEPT if which[1] else None)


def test_more_in_a_property_is_found() -> None:
    from gallery.adapters.photos.isobmff import boxes
    from gallery.adapters.verifying.residue_boxes import _PROPERTIES

    seen = set()
    for (kind, _, _), made in MADE.items():
        if kind in ("AVIF", "HEIF"):
            meta = dict(boxes(dict(boxes(made))[b"meta"][4:]))
            for name, content in boxes(dict(boxes(meta[b"iprp"]))[b"ipco"]):
                seen.add(name)
                assert _PROPERTIES[name](content)
                with contextlib.suppress(Residue):
                    assert not _PROPERTIES[name](content + SECRET)
    assert {b"ispe", b"pixi", b"colr", b"av1C"} <= seen


def test_more_in_the_tables_of_a_jpeg_is_found() -> None:
    made = written("JPEG")
    for marker in (0xC0, 0xC4, 0xDB, 0xDA):
        place = made.index(bytes((0xFF, marker))) + 2
        size = int.from_bytes(made[place : place + 2])
        longer = made[:place] + (size + len(SECRET)).to_bytes(2) + made[place + 2 : place + size] + SECRET
        assert residue_of(longer + made[place + size :], "JPEG", None)


def test_more_in_the_header_and_the_end_of_a_png_is_found() -> None:
    made = written("PNG")
    for kind in (b"IHDR", b"IEND"):
        place = made.index(kind)
        size = int.from_bytes(made[place - 4 : place])
        content = made[place + 4 : place + 4 + size] + SECRET
        chunk = len(content).to_bytes(4) + kind + content + zlib.crc32(kind + content).to_bytes(4)
        assert residue_of(made[: place - 4] + chunk + made[place + 8 + size :], "PNG", None)
