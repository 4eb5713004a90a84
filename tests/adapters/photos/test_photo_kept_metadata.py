"""Nothing of a photo's metadata goes with it unless it is asked for, and then only what stands on a short list."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from gallery.adapters.photos.encoding import Wanted, encode
from gallery.adapters.photos.kept_metadata import exif_of, metadata_of
from made_photos import RED_GREEN_BLUE, drawn, file_of, photo_of, profile, with_xmp, written_again

KEEP = Wanted(keep_metadata=True)
KINDS = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"]
SECRET = "Mallory 51.5074 N"
NOTICE = "(c) 2026 Alice"
WHITELIST = {0x011A, 0x011B, 0x0128, 0x8298, 0x8769}  # resolution and its unit, the notice, the colour space's folder
TIFF_STRUCTURE = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 338, 339}


def told_all() -> Image.Exif:
    """EXIF data that gives everything away, in every folder of it."""
    exif = Image.Exif()
    secrets = ("ImageDescription", "Make", "Model", "Software", "DateTime", "Artist", "HostComputer", "DocumentName")
    for name in secrets:
        exif[ExifTags.Base[name]] = SECRET
    exif[ExifTags.Base.XPAuthor] = SECRET.encode("utf-16-le")
    exif[ExifTags.Base.Rating] = 5
    exif[ExifTags.Base.Copyright] = NOTICE
    exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution] = 300.0, 150.0
    exif[ExifTags.Base.ResolutionUnit] = 2
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for name in ("BodySerialNumber", "LensSerialNumber", "CameraOwnerName", "ImageUniqueID", "LensModel"):
        inner[ExifTags.Base[name]] = SECRET
    inner[ExifTags.Base.MakerNote] = inner[ExifTags.Base.UserComment] = SECRET.encode()
    inner[ExifTags.Base.DateTimeOriginal] = SECRET
    where = exif.get_ifd(ExifTags.IFD.GPSInfo)
    where[ExifTags.GPS.GPSLatitudeRef], where[ExifTags.GPS.GPSLatitude] = "N", (51.0, 30.0, 26.0)
    where[ExifTags.GPS.GPSDateStamp] = SECRET
    return exif


def file_that_tells_all(kind: str) -> bytes:
    exif = told_all()
    options: dict[str, Any] = {"exif": exif.tobytes() if kind == "HEIF" else exif}
    if kind in ("JPEG", "WEBP", "AVIF", "HEIF"):
        options["xmp"] = f"<x:xmpmeta>{SECRET}</x:xmpmeta>".encode()
    if kind == "JPEG":
        options |= {"comment": SECRET.encode(), "dpi": (300, 150)}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", SECRET)
    return file_of(drawn(), kind, **options) + SECRET.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_kept_is_on_the_list(tmp_path: Path, kind: str) -> None:
    data = file_that_tells_all(kind)
    assert data.count(SECRET.encode()) > 5
    photo = photo_of(tmp_path, data)
    assert set(photo.encoding["kept"]) == {"dpi", "copyright"}
    assert photo.encoding["kept"]["dpi"] == pytest.approx((300, 150), abs=0.05)
    written = encode(photo.pixels, photo, KEEP)
    assert SECRET.encode() not in written
    assert SECRET.encode("utf-16-le") not in written
    exif = exif_in(tmp_path, written)
    assert set(exif) <= WHITELIST | (TIFF_STRUCTURE if kind == "TIFF" else set())
    assert exif[ExifTags.Base.Copyright] == NOTICE
    resolution = [float(exif[tag]) for tag in (ExifTags.Base.XResolution, ExifTags.Base.YResolution)]
    assert resolution == pytest.approx([300, 150], abs=0.05)
    assert set(exif.get_ifd(ExifTags.IFD.Exif)) == (set() if kind == "TIFF" else {ExifTags.Base.ColorSpace})
    assert exif.get_ifd(ExifTags.IFD.GPSInfo) == {}
    assert exif.get_ifd(ExifTags.IFD.IFD1) == {}
    again = written_again(tmp_path, photo.pixels, photo, KEEP).encoding["kept"]
    assert again["copyright"] == NOTICE
    assert again["dpi"] == pytest.approx((300, 150), abs=0.05)


def exif_in(folder: Path, data: bytes) -> Image.Exif:
    if data[4:8] == b"ftyp" and b"hei" in data[8:32]:
        import pillow_heif

        return pillow_heif.open_heif(io.BytesIO(data)).to_pillow().getexif()
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert not {"xmp", "XML:com.adobe.xmp", "comment", "photoshop", "icc_profile"} & set(image.info)
        return image.getexif()


@pytest.mark.parametrize("kind", [*KINDS, "BMP", "GIF"])
def test_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path, kind: str) -> None:
    data = file_of(drawn(), kind) if kind in ("BMP", "GIF") else file_that_tells_all(kind)
    photo = photo_of(tmp_path, data)
    written = encode(photo.pixels, photo)
    for secret in (SECRET, NOTICE):
        assert secret.encode() not in written
    assert not set(exif_in(tmp_path, written)) - TIFF_STRUCTURE
    assert "copyright" not in written_again(tmp_path, photo.pixels, photo).encoding["kept"]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_profile_does_not_go_along(tmp_path: Path, kind: str) -> None:
    photo = photo_of(tmp_path, file_of(drawn(), kind, icc_profile=profile(RED_GREEN_BLUE, 2.2)))
    assert b"acsp" not in encode(photo.pixels, photo, KEEP)


def test_a_thumbnail_never_goes_along(shared_data: Path, tmp_path: Path) -> None:
    photo = photo_of(tmp_path, (shared_data / "awkward" / "metadata" / "DSCN0010.jpg").read_bytes())
    with Image.open(tmp_path / "photo") as image:
        assert image.getexif().get_ifd(ExifTags.IFD.IFD1)  # a thumbnail
        assert image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert ExifTags.Base.MakerNote in image.getexif().get_ifd(ExifTags.IFD.Exif)
    written = encode(photo.pixels, photo, KEEP)
    assert written.count(b"\xff\xd8\xff") == 1
    assert set(exif_in(tmp_path, written)) <= WHITELIST


# The resolution is the file's own


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF", "HEIF"])
def test_no_resolution_is_made_up(tmp_path: Path, kind: str) -> None:
    assert photo_of(tmp_path, file_of(drawn(), kind)).encoding["kept"] == {}


def test_no_resolution_is_made_up_beside_other_exif_data(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = NOTICE
    photo = photo_of(tmp_path, file_of(drawn(), "JPEG", exif=exif))
    assert photo.encoding["kept"] == {"copyright": NOTICE}
    with Image.open(tmp_path / "photo") as image:
        assert image.info["dpi"] == (72, 72)  # what Pillow makes up


def test_a_shape_of_pixels_is_no_resolution(tmp_path: Path) -> None:
    data = bytearray(file_of(drawn(), "JPEG", dpi=(300, 300)))
    assert photo_of(tmp_path, bytes(data)).encoding["kept"] == {"dpi": (300, 300)}
    data[13] = 0  # the unit (JFIF 1.02)
    assert photo_of(tmp_path, bytes(data)).encoding["kept"] == {}
    data[13] = 2
    assert photo_of(tmp_path, bytes(data)).encoding["kept"] == {"dpi": (762, 762)}


def test_a_tiff_counts_in_inches_or_centimetres_or_says_nothing(tmp_path: Path) -> None:
    for unit, dpi in ((2, (100, 50)), (3, (254, 127)), (1, None), (None, (100, 50))):
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[282], tags[283] = 100.0, 50.0
        if unit is not None:
            tags[296] = unit
        kept = photo_of(tmp_path, file_of(drawn(), "TIFF", tiffinfo=tags)).encoding["kept"]
        assert kept.get("dpi") == dpi, unit


def test_the_resolution_of_a_bmp(tmp_path: Path) -> None:
    photo = photo_of(tmp_path, file_of(drawn(), "BMP", dpi=(200, 100)))
    assert photo.encoding["kept"]["dpi"] == pytest.approx((200, 100), abs=0.05)
    assert written_again(tmp_path, photo.pixels, photo, KEEP).encoding["kept"]["dpi"] == pytest.approx(
        (200, 100), abs=1
    )


@pytest.mark.parametrize("value", [(0, 0), (1e9, 300), (float("nan"), 72), (300,), "ab", None, (72, "x"), 5])
def test_a_resolution_that_makes_no_sense_is_not_kept(value: object) -> None:
    image = Image.new("RGB", (2, 2))
    image.format = "PNG"
    image.info["dpi"] = value
    assert metadata_of(image, False) == {}


# The notice is one line


@given(st.text() | st.integers() | st.binary() | st.tuples(st.integers()))
def test_whatever_the_notice_is_one_short_printable_line_comes_of_it(value: object) -> None:
    image = Image.new("RGB", (2, 2))
    image.getexif()[ExifTags.Base.Copyright] = value
    notice = metadata_of(image, False).get("copyright", "")
    assert len(notice) <= 500
    assert notice.isprintable()


def test_nothing_hides_behind_the_end_of_a_notice(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = f"{NOTICE}\0{SECRET}"
    photo = photo_of(tmp_path, file_of(drawn(), "JPEG", exif=exif))
    assert photo.encoding["kept"] == {"copyright": NOTICE}


def test_exif_of_nothing_names_the_colour_space_alone() -> None:
    exif = exif_of({})
    assert set(exif) <= {ExifTags.IFD.Exif}
    assert exif.get_ifd(ExifTags.IFD.Exif) == {ExifTags.Base.ColorSpace: 1}


def test_xmp_is_not_asked(tmp_path: Path) -> None:
    text = b"<x:xmpmeta><rdf:Description tiff:XResolution='300/1' dc:rights='me'/></x:xmpmeta>"
    assert photo_of(tmp_path, with_xmp(file_of(np.zeros((8, 8, 3), np.uint8), "JPEG"), text)).encoding["kept"] == {}
