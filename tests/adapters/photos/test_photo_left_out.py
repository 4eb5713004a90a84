"""Pictures beside the one that is shown: several make a file refused, helpers are left out with a remark."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from gallery.adapters.photos.encoding import encode
from gallery.adapters.photos.isobmff import boxes, container
from gallery.adapters.photos.left_out import GAIN_MAP, HELPERS, PREVIEW, SeveralPictures, boxed
from gallery.domain.errors import BadPhoto
from made_photos import apart, drawn, file_of, heic, jpegs_in_one, photo_of, several, with_xmp, written_again

PRIMARY, UNDEFINED, VGA, STEREO = 0x030000, 0, 0x010001, 0x020002
GOOGLE = b'<x:xmpmeta><rdf:Description hdrgm:Version="1.0"/></x:xmpmeta>'
APPLE = b"<x:xmpmeta><rdf:Description HDRGainMap:HDRGainMapVersion='65536'/></x:xmpmeta>"


def jpeg(pixels: np.ndarray | None = None) -> bytes:
    return file_of(drawn() if pixels is None else pixels, "JPEG", quality=90)


def refused(folder: Path, data: bytes) -> BadPhoto:
    with pytest.raises(BadPhoto) as caught:
        photo_of(folder, data)
    assert str(folder / "photo") in caught.value.message
    assert caught.value.hint
    return caught.value


# Several pictures


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF", "TIFF", "MPO", "HEIF"])
@pytest.mark.parametrize("count", [2, 3])
def test_several_pictures_are_refused(tmp_path: Path, kind: str, count: int) -> None:
    pictures = [np.roll(drawn(), 20 * number, axis=1) for number in range(count)]
    assert f"holds {count} pictures, not one" in refused(tmp_path, several(pictures, kind)).message


def test_a_stereo_pair_is_refused(tmp_path: Path) -> None:
    pair = jpegs_in_one([jpeg(), jpeg(np.roll(drawn(), 2, axis=1))], [STEREO, STEREO])
    assert "holds 2 pictures" in refused(tmp_path, pair).message


def test_a_stereo_pair_beside_a_gain_map_is_refused(tmp_path: Path) -> None:
    three = jpegs_in_one([jpeg(), with_xmp(jpeg(), APPLE), jpeg()], [PRIMARY, UNDEFINED, UNDEFINED])
    assert "holds 3 pictures" in refused(tmp_path, three).message


def test_a_film_beside_a_picture_is_refused(tmp_path: Path) -> None:
    for kind in ("HEIF", "AVIF"):
        data = file_of(drawn(), kind)
        assert "holds several pictures" in refused(tmp_path, data + box(b"moov")).message


@pytest.mark.parametrize("tags", [{254: 1}, {50706: b"\1\4\0\0"}])
def test_a_cameras_raw_file_is_refused(tmp_path: Path, tags: dict[int, int | bytes]) -> None:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in tags.items():
        if isinstance(value, bytes):
            directory.tagtype[tag] = 1
        directory[tag] = value
    error = refused(tmp_path, file_of(drawn(), "TIFF", tiffinfo=directory))
    assert "raw file" in error.message


# Helpers to the one picture


def with_map(primary_mark: bytes, map_mark: bytes) -> bytes:
    first = with_xmp(jpeg(), primary_mark) if primary_mark else jpeg()
    return jpegs_in_one([first, with_xmp(jpeg(255 - drawn()), map_mark)], [PRIMARY, UNDEFINED])


@pytest.mark.parametrize("data", [with_map(GOOGLE, GOOGLE), with_map(b"", APPLE), with_map(b"", GOOGLE)])
def test_the_gain_map_of_a_jpeg_is_left_out_and_the_remarks_say_so(tmp_path: Path, data: bytes) -> None:
    photo = photo_of(tmp_path, data)
    assert photo.format == "JPEG"
    assert photo.remarks == (GAIN_MAP,)
    assert apart(photo.pixels, drawn()).mean() < 2
    written = encode(photo.pixels, photo)
    assert written.count(b"\xff\xd8\xff") == 1
    assert b"MPF" not in written
    assert b"hdrgm" not in written.lower()
    assert written_again(tmp_path, photo.pixels, photo).remarks == ()


def test_a_preview_is_left_out(tmp_path: Path) -> None:
    small = jpeg(drawn(48, 32))
    photo = photo_of(tmp_path, jpegs_in_one([jpeg(), small], [PRIMARY, VGA]))
    assert photo.remarks == (PREVIEW,)
    assert photo.size == (96, 64)
    both = jpegs_in_one([jpeg(), small, small, with_xmp(small, APPLE)], [PRIMARY, VGA, VGA, UNDEFINED])
    assert photo_of(tmp_path, both).remarks == (PREVIEW, GAIN_MAP)


def test_a_list_of_one_picture_is_not_worth_a_remark(tmp_path: Path) -> None:
    assert photo_of(tmp_path, jpegs_in_one([jpeg()], [PRIMARY])).remarks == ()


def test_a_list_that_cannot_be_read_is_remarked_upon(tmp_path: Path) -> None:
    data = bytearray(with_map(GOOGLE, GOOGLE))
    place = data.index(b"MPF\0") + 4
    data[place + 8 : place + 10] = b"\0\0"  # no entries
    assert photo_of(tmp_path, bytes(data)).remarks == (HELPERS,)


def test_a_preview_below_a_tiff_is_left_out(tmp_path: Path) -> None:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[330] = 8
    photo = photo_of(tmp_path, file_of(drawn(), "TIFF", tiffinfo=directory))
    assert photo.remarks == (PREVIEW,)


def test_the_thumbnail_of_a_heic_is_left_out(tmp_path: Path) -> None:
    image = Image.fromarray(drawn())
    image.info["thumbnails"] = [32]
    photo = photo_of(tmp_path, heic([image]))
    assert photo.remarks == (HELPERS,)
    assert written_again(tmp_path, photo.pixels, photo).remarks == ()


def test_the_tiles_of_a_heic_are_one_picture(tmp_path: Path) -> None:
    photo = photo_of(tmp_path, heic([Image.fromarray(drawn(300, 200))], tile_size=128))
    assert photo.size == (300, 200)
    assert photo.remarks == ()
    assert apart(photo.pixels, drawn(300, 200)).mean() < 2


# The container of AVIF and HEIC, by hand (ISO/IEC 14496-12 and 23008-12)


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full(kind: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags) + content)


def item(number: int, kind: bytes, hidden: bool = False) -> bytes:
    return full(b"infe", struct.pack(">HH4sx", number, 0, kind), 2, int(hidden))


def reference(kind: bytes, source: int, *targets: int) -> bytes:
    return box(kind, struct.pack(f">HH{len(targets)}H", source, len(targets), *targets))


def meta(items: list[bytes], references: list[bytes], properties: bytes = b"", main: int = 1) -> bytes:
    parts = full(b"pitm", struct.pack(">H", main))
    parts += full(b"iinf", struct.pack(">H", len(items)) + b"".join(items))
    return box(b"ftyp", b"heic") + full(b"meta", parts + full(b"iref", b"".join(references)) + properties)


def auxiliary(kind: bytes, owner: int) -> bytes:
    association = struct.pack(">IHBB", 1, owner, 1, 0x81)
    return box(b"iprp", box(b"ipco", full(b"auxC", kind + b"\0")) + full(b"ipma", association))


@pytest.mark.parametrize(
    ("items", "references", "remarks"),
    [
        ([item(1, b"hvc1")], [], ()),
        ([item(1, b"hvc1"), item(2, b"Exif"), item(3, b"mime")], [reference(b"cdsc", 2, 1)], ()),
        ([item(1, b"grid"), item(2, b"hvc1"), item(3, b"hvc1")], [reference(b"dimg", 1, 2, 3)], ()),
        ([item(1, b"hvc1"), item(2, b"hvc1", hidden=True)], [], ()),
        ([item(1, b"hvc1"), item(2, b"hvc1")], [reference(b"thmb", 2, 1)], (HELPERS,)),
        ([item(1, b"hvc1"), item(2, b"hvc1")], [reference(b"auxl", 2, 1)], (HELPERS,)),
        ([item(1, b"av01"), item(2, b"av01"), item(3, b"tmap")], [reference(b"dimg", 3, 1, 2)], (GAIN_MAP,)),
    ],
)
def test_one_picture_and_its_helpers(items: list[bytes], references: list[bytes], remarks: tuple[str, ...]) -> None:
    assert boxed(meta(items, references)) == remarks


@pytest.mark.parametrize(
    ("items", "references", "count"),
    [
        ([item(1, b"hvc1"), item(2, b"hvc1")], [], 2),
        ([item(1, b"av01"), item(2, b"av01"), item(3, b"tmap"), item(4, b"av01")], [reference(b"dimg", 3, 1, 2)], 2),
        ([item(1, b"hvc1"), item(2, b"hvc1"), item(3, b"jpeg")], [reference(b"thmb", 2, 1)], 2),
    ],
)
def test_more_than_one(items: list[bytes], references: list[bytes], count: int) -> None:
    with pytest.raises(SeveralPictures) as caught:
        boxed(meta(items, references))
    assert caught.value.count == count


@pytest.mark.parametrize(
    ("kind", "helpers"),
    [
        (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", False),
        (b"urn:mpeg:hevc:2015:auxid:1", False),
        (b"urn:mpeg:hevc:2015:auxid:2", True),  # depth
        (b"urn:com:apple:photo:2020:aux:hdrgainmap", True),
    ],
)
def test_opacity_is_kept_and_so_not_remarked_upon(kind: bytes, helpers: bool) -> None:
    items = [item(1, b"hvc1"), item(2, b"hvc1")]
    found = container(meta(items, [reference(b"auxl", 2, 1)], auxiliary(kind, 2)))
    assert found.helpers == helpers
    assert found.pictures == 1


def test_long_and_endless_boxes_and_those_that_make_none() -> None:
    assert list(boxes(struct.pack(">I4sQ", 1, b"long", 18) + b"ab" + box(b"next"))) == [
        (b"long", b"ab"),
        (b"next", b""),
    ]
    assert list(boxes(struct.pack(">I4s", 0, b"rest") + b"all of it")) == [(b"rest", b"all of it")]
    for odd in (b"", b"\0\0\0", struct.pack(">I4s", 7, b"tiny"), struct.pack(">I4s", 99, b"huge")):
        assert list(boxes(odd)) == []


def test_a_container_that_says_nothing_holds_one_picture() -> None:
    for data in (b"", b"\0" * 99, meta([], []), meta([], [])[:50]):
        assert container(data).pictures == 1
