"""However a photo lies, it is read upright."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from made_photos import UPRIGHT, apart, drawn, file_of, photo_of, turned, turned_by_xmp, with_xmp, written_again

KINDS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {"quality": 95, "subsampling": 0}),
    ("PNG", {}),
    ("WEBP", {"lossless": True}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("AVIF", {"quality": 95}),
    ("HEIF", {}),
]


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_all_eight_orientations(tmp_path: Path, kind: str, options: dict[str, Any], orientation: int) -> None:
    exif = turned(orientation)
    data = file_of(drawn(), kind, exif=exif.tobytes() if kind == "HEIF" else exif, **options)
    photo = photo_of(tmp_path, data)
    wanted = UPRIGHT[1 if kind == "WEBP" else orientation](drawn())  # browsers turn no WebP
    assert photo.pixels.shape == wanted.shape
    assert apart(photo.pixels, wanted).mean() < 2
    again = written_again(tmp_path, photo.pixels, photo)  # nothing turns it a second time
    assert again.pixels.shape == wanted.shape
    assert apart(again.pixels, wanted).mean() < 3.5


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize(("kind", "options"), KINDS[:5])
def test_xmp_turns_nothing(tmp_path: Path, kind: str, options: dict[str, Any], orientation: int) -> None:
    photo = photo_of(tmp_path, with_text(kind, turned_by_xmp(orientation), **options))
    assert photo.pixels.shape == drawn().shape
    assert apart(photo.pixels, drawn()).mean() < 2


@pytest.mark.parametrize(("kind", "options"), KINDS[:5])
def test_exif_goes_before_xmp(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    photo = photo_of(tmp_path, with_text(kind, turned_by_xmp(6), exif=turned(3), **options))
    assert apart(photo.pixels, UPRIGHT[1 if kind == "WEBP" else 3](drawn())).mean() < 2


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_only_the_container_turns_its_pictures(tmp_path: Path, kind: str) -> None:
    hidden = turned_by_xmp(6).replace(b"Orientation", b"0rientation")  # else the encoders turn it themselves
    data = file_of(drawn(), kind, xmp=hidden)
    assert data.count(b"0rientation") == 1
    photo = photo_of(tmp_path, data.replace(b"0rientation", b"Orientation"))
    assert apart(photo.pixels, drawn()).mean() < 2


@pytest.mark.parametrize(("kind", "options"), [KINDS[0], KINDS[1], KINDS[3], KINDS[4]])
@pytest.mark.parametrize("orientation", [1, 6])
def test_the_resolution_turns_with_the_picture(
    tmp_path: Path, kind: str, options: dict[str, Any], orientation: int
) -> None:
    photo = photo_of(tmp_path, file_of(drawn(), kind, exif=turned(orientation), dpi=(300, 150), **options))
    wanted = (300, 150) if orientation == 1 else (150, 300)
    assert photo.encoding["kept"]["dpi"] == pytest.approx(wanted, abs=0.05)  # PNG counts by metres


def with_text(kind: str, xmp: bytes, exif: Image.Exif | None = None, **options: Any) -> bytes:
    exif = exif or Image.Exif()
    if kind == "TIFF":
        exif[700] = xmp
    options["exif"] = exif
    if kind == "JPEG":
        return with_xmp(file_of(drawn(), kind, **options), xmp)
    if kind == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        return file_of(drawn(), kind, pnginfo=info, **options)
    return file_of(drawn(), kind, **({} if kind == "TIFF" else {"xmp": xmp}), **options)
