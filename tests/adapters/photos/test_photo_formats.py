"""Every format, read and written again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gallery.adapters.photos.encoding import Wanted, encode
from gallery.adapters.photos.formats import CHOICES, name_of
from made_photos import apart, drawn, file_of, opacity, painted, photo_of, ten_bit_avif, ten_bit_heic, written_again

LOSSLESS: list[tuple[str, dict[str, Any]]] = [
    ("PNG", {}),
    ("BMP", {}),
    ("WEBP", {"lossless": True, "exact": True}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("TIFF", {"compression": "packbits"}),
]
LOSSY = [("JPEG", {"quality": 88}), ("WEBP", {"quality": 80}), ("AVIF", {}), ("HEIF", {})]


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats_come_out_exact_inside_and_outside_of_what_was_changed(
    tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    photo = photo_of(tmp_path, file_of(drawn(), kind, **options))
    assert (photo.pixels == drawn()).all()
    again = written_again(tmp_path, painted(photo.pixels), photo)
    assert again.format == photo.format == kind
    assert (again.pixels == painted(drawn())).all()
    assert again.encoding.get("compression") == photo.encoding.get("compression")


@pytest.mark.parametrize(("kind", "options"), [choice for choice in LOSSLESS if choice[0] != "BMP"])
def test_lossless_formats_keep_opacity_and_the_colours_under_it(
    tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    photo = photo_of(tmp_path, file_of(np.dstack((drawn(), opacity())), kind, **options))
    again = written_again(tmp_path, painted(photo.pixels), photo)
    assert again.alpha is not None
    assert (again.alpha == opacity()).all()
    assert (again.pixels == painted(drawn())).all()


@pytest.mark.parametrize(("kind", "options"), LOSSY)
def test_lossy_formats_stay_what_they_are_and_lose_little(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    data = file_of(drawn(), kind, **options)
    photo = photo_of(tmp_path, data)
    again = written_again(tmp_path, photo.pixels, photo)
    assert again.format == photo.format == kind == name_of(data)
    assert photo.remarks == ()
    # Measured: JPEG 0.2, WebP 1.5, AVIF 0.9, HEIC 1.3.
    assert apart(again.pixels, photo.pixels).mean() < 2


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "HEIF"])
def test_lossy_formats_keep_opacity(tmp_path: Path, kind: str) -> None:
    photo = photo_of(tmp_path, file_of(np.dstack((drawn(), opacity())), kind))
    assert photo.alpha is not None
    assert photo.remarks == ()  # though in AVIF and HEIC it is a picture of its own
    again = written_again(tmp_path, photo.pixels, photo)
    assert again.alpha is not None
    assert apart(again.alpha, photo.alpha).max() <= (0 if kind == "WEBP" else 12)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("orientation", [1, 3])
def test_a_jpeg_keeps_its_tables_and_its_chroma(tmp_path: Path, subsampling: int, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = photo_of(tmp_path, file_of(drawn(), "JPEG", quality=71, subsampling=subsampling, exif=exif))
    (tmp_path / "written").write_bytes(encode(painted(photo.pixels), photo))
    with Image.open(tmp_path / "photo") as before, Image.open(tmp_path / "written") as after:
        assert after.quantization == before.quantization  # type: ignore[attr-defined]
        assert after.layer == before.layer  # type: ignore[attr-defined]
    assert photo_of(tmp_path, (tmp_path / "written").read_bytes()).encoding == photo.encoding


def test_each_component_of_a_jpeg_gets_the_table_it_had(tmp_path: Path) -> None:
    steps = [[10 + number] * 64 for number in range(3)]
    photo = photo_of(tmp_path, file_of(drawn(), "JPEG", qtables=steps, subsampling=0))
    assert [table[0] for table in photo.encoding["qtables"]] == [10, 11, 12]
    again = written_again(tmp_path, photo.pixels, photo)
    assert again.encoding["qtables"] == photo.encoding["qtables"]

    swapped = bytearray(file_of(drawn(), "JPEG", qtables=steps[:2], subsampling=0))
    start = swapped.index(b"\xff\xc0") + 4 + 6  # the components in the frame's header (ITU-T T.81, B.2.2)
    for place, table in zip(range(start + 2, start + 9, 3), (1, 0, 0), strict=True):
        swapped[place] = table
    photo = photo_of(tmp_path, bytes(swapped))
    assert [table[0] for table in photo.encoding["qtables"]] == [11, 10]


def test_a_jpeg_in_inks_becomes_one_in_colours(tmp_path: Path) -> None:
    photo = photo_of(tmp_path, file_of(Image.fromarray(drawn()).convert("CMYK"), "JPEG", quality=90))
    assert apart(photo.pixels, drawn()).mean() < 2
    again = written_again(tmp_path, photo.pixels, photo)
    assert again.format == "JPEG"
    assert apart(again.pixels, photo.pixels).mean() < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "GIF", "AVIF", "HEIF"])
def test_grey_stays_grey(tmp_path: Path, kind: str) -> None:
    photo = photo_of(tmp_path, file_of(drawn()[..., 1], kind))
    assert (photo.pixels == photo.pixels[..., :1]).all()
    again = written_again(tmp_path, photo.pixels, photo)
    assert (again.pixels == again.pixels[..., :1]).all()
    assert apart(again.pixels, photo.pixels).max() <= (0 if kind in ("PNG", "TIFF", "BMP", "GIF") else 6)


def test_grey_with_opacity(tmp_path: Path) -> None:
    both = Image.merge("LA", (Image.fromarray(drawn()[..., 1]), Image.fromarray(opacity())))
    for kind in ("PNG", "TIFF"):
        photo = photo_of(tmp_path, file_of(both, kind))
        again = written_again(tmp_path, photo.pixels, photo)
        assert again.alpha is not None
        assert (again.alpha == opacity()).all()
        assert (again.pixels == drawn()[..., 1:2]).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_a_palette_of_colours_comes_out_exact(tmp_path: Path, kind: str) -> None:
    few = Image.fromarray(drawn()).quantize(40)
    photo = photo_of(tmp_path, file_of(few, kind))
    assert (photo.pixels == np.asarray(few.convert("RGB"))).all()
    again = written_again(tmp_path, painted(photo.pixels), photo)
    assert again.format == kind
    assert (again.pixels == painted(photo.pixels)).all()


def test_a_gif_keeps_what_is_clear(tmp_path: Path) -> None:
    few = Image.fromarray(drawn()).quantize(40)
    photo = photo_of(tmp_path, file_of(few, "GIF", transparency=3))
    assert photo.alpha is not None
    assert 0 < (photo.alpha == 0).mean() < 1
    again = written_again(tmp_path, painted(photo.pixels), photo)
    assert again.alpha is not None
    assert (again.alpha == photo.alpha).all()
    seen = photo.alpha > 0
    assert (again.pixels[seen] == painted(photo.pixels)[seen]).all()


def test_a_gif_of_all_256_colours_still_takes_a_change(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 4, axis=0).repeat(3, axis=2)
    photo = photo_of(tmp_path, file_of(ramp[..., 0], "GIF"))
    changed = ramp.copy()
    changed[0, 0] = (255, 0, 0)
    again = written_again(tmp_path, changed, photo)
    assert (again.pixels[1:] == ramp[1:]).all()
    assert (again.pixels[0, 1:] == ramp[0, 1:]).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    import cv2

    levels = np.random.default_rng(1).integers(0, 65536, (16, 24, 3), dtype=np.uint16)
    wanted = np.round(levels / 257).astype(np.uint8)
    for kind in ("PNG", "TIFF"):
        grey = photo_of(tmp_path, file_of(levels[..., 0], kind))
        assert apart(grey.pixels[..., 0], wanted[..., 0]).max() <= 1
        assert (written_again(tmp_path, grey.pixels, grey).pixels == grey.pixels).all()
        _, data = cv2.imencode("." + kind.lower(), levels[..., ::-1])
        colour = photo_of(tmp_path, data.tobytes())
        assert colour.format == kind
        assert apart(colour.pixels, wanted).max() <= 1
        assert (written_again(tmp_path, colour.pixels, colour).pixels == colour.pixels).all()


def test_ten_bits_become_eight(tmp_path: Path) -> None:
    avif = photo_of(tmp_path, ten_bit_avif(np.round(drawn() / 255.0 * 1023)))
    heic = photo_of(tmp_path, ten_bit_heic(drawn().astype(np.uint16) * 257))
    for photo, kind in ((avif, "AVIF"), (heic, "HEIF")):
        assert photo.format == kind
        assert apart(photo.pixels, drawn()).mean() < 2
        assert apart(written_again(tmp_path, photo.pixels, photo).pixels, drawn()).mean() < 3


@pytest.mark.parametrize("chroma", ["4:2:0", "4:2:2", "4:4:4"])
def test_heic_and_avif_keep_the_resolution_of_their_chroma(tmp_path: Path, chroma: str) -> None:
    for kind in ("HEIF", "AVIF"):
        photo = photo_of(tmp_path, file_of(drawn(), kind, subsampling=chroma))
        kept = "4:4:4" if (kind, chroma) == ("AVIF", "4:2:2") else chroma
        assert photo.encoding["chroma"] == kept
        assert written_again(tmp_path, photo.pixels, photo).encoding["chroma"] == kept


@pytest.mark.parametrize("kind", CHOICES.values())
def test_a_photo_can_be_turned_into_any_format(tmp_path: Path, kind: str) -> None:
    photo = photo_of(tmp_path, file_of(np.dstack((drawn(), np.full((64, 96), 255, np.uint8))), "PNG"))
    again = written_again(tmp_path, photo.pixels, photo, Wanted(format=kind))
    assert again.format == kind
    assert apart(again.pixels, drawn()).mean() < 3


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "HEIF"])
def test_a_higher_quality_loses_less(tmp_path: Path, kind: str) -> None:
    photo = photo_of(tmp_path, file_of(drawn(), "PNG"))
    sizes, losses = [], []
    for quality in (20, 60, 95):
        wanted = Wanted(kind, quality)
        sizes.append(len(encode(drawn(), photo, wanted)))
        losses.append(apart(written_again(tmp_path, drawn(), photo, wanted).pixels, drawn()).mean())
    assert sizes == sorted(sizes)
    assert losses == sorted(losses, reverse=True)


def test_clear_parts_lie_on_white_where_a_format_knows_none(tmp_path: Path) -> None:
    clear = np.dstack((drawn(), np.zeros((64, 96), np.uint8)))
    photo = photo_of(tmp_path, file_of(clear, "PNG"))
    assert (written_again(tmp_path, photo.pixels, photo, Wanted("JPEG")).pixels == 255).all()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heicmiaf", "HEIF"),
        (b"\0\0\0\x14ftypheix\0\0\0\0heix", "HEIF"),
        (b"\0\0\0\x14ftypavis\0\0\0\0avis", "AVIF"),
        (b"\0\0\0\x14ftypisom\0\0\0\0mp41", None),
        (b"\xff\xff\xff\xffftypisom", None),
        (b"II+\0", "TIFF"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"", None),
    ],
)
def test_formats_are_told_by_their_first_bytes(head: bytes, kind: str | None) -> None:
    assert name_of(head) == kind
