"""Real files of every kind: each good one is read as it should be, each broken one refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.adapters.photos.encoding import encode
from gallery.adapters.photos.orientation import DOUBTFUL
from gallery.adapters.photos.read import read
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import Photo
from made_photos import apart

pytestmark = pytest.mark.models

MOST = 100_000_000
HOPPER = (128, 128)

# Name, format, size
GOOD = {
    "formats/16bit.cropped.tif": ("TIFF", (64, 64)),
    "formats/hopper.avif": ("AVIF", HOPPER),
    "formats/hopper.bmp": ("BMP", HOPPER),
    "formats/hopper.gif": ("GIF", HOPPER),
    "formats/hopper.heif": ("HEIF", HOPPER),
    "formats/hopper.jpg": ("JPEG", HOPPER),
    "formats/hopper.png": ("PNG", HOPPER),
    "formats/hopper.tif": ("TIFF", HOPPER),
    "formats/hopper.webp": ("WEBP", HOPPER),
    "formats/hopper_16bit_qtables.jpg": ("JPEG", HOPPER),
    "formats/hopper_bigtiff.tif": ("TIFF", HOPPER),
    "formats/hopper_gray.jpg": ("JPEG", HOPPER),
    "formats/icc_profile.png": ("PNG", (57, 57)),
    "formats/icc_profile_big.jpg": ("JPEG", (425, 250)),
    "formats/pil123rgba.png": ("PNG", (162, 150)),
    "formats/pil_sample_cmyk.jpg": ("JPEG", (100, 100)),
    "formats/tiff_16bit_RGB.tiff": ("TIFF", (100, 40)),
    "formats/tiff_strip_cmyk_jpeg.tif": ("TIFF", (100, 100)),
    "metadata/Canon_40D.jpg": ("JPEG", (100, 68)),
    "metadata/DSCN0010.jpg": ("JPEG", (640, 480)),
    "metadata/Nikon_D70.jpg": ("JPEG", (100, 66)),
    "metadata/Ricoh_Caplio_RR330.jpg": ("JPEG", (100, 75)),
    "metadata/Samsung_Digimax_i50_MP3.jpg": ("JPEG", (100, 75)),
    "metadata/exif_gps.jpg": ("JPEG", (8, 8)),
    "metadata/multiple_exif.jpg": ("JPEG", (1, 1)),
    # Broken in what does not matter to the picture.
    "broken/hopper_bad_exif.jpg": ("JPEG", (500, 500)),
    "broken/hopper_rle8_row_overflow.bmp": ("BMP", HOPPER),
    "broken/invalid-exif.jpg": ("JPEG", (200, 200)),
    "broken/photoshop-200dpi-broken.jpg": ("JPEG", (200, 200)),
    "broken/truncated_exif_dpi.jpg": ("JPEG", (480, 640)),
}
GOOD |= {f"formats/hopper_orientation_{n}.jpg": ("JPEG", HOPPER) for n in range(2, 9)}
GOOD |= {f"formats/hopper_orientation_{n}.webp": ("WEBP", HOPPER) for n in range(2, 9)}
GOOD |= {f"orientation/Landscape_{n}.jpg": ("JPEG", (1800, 1200)) for n in range(9)}
GOOD |= {f"orientation/Portrait_{n}.jpg": ("JPEG", (1200, 1800)) for n in range(9)}

BAD = {
    "broken/broken.png": "is a damaged PNG file",
    "broken/broken_data_stream.png": "is a damaged PNG file",
    "broken/crash-2020-10-test.tif": "is a damaged TIFF file",
    "broken/crash-4fb027452e6988530aa5dabee76eecacb3b79f8a.j2k": "is not a photo in a known format",
    "broken/decompression_bomb.gif": "has more than 100 million pixels",
    "broken/truncated_end_chunk.png": "is cut off",
    "broken/truncated_image.png": "is cut off",
    "broken/truncated_jpeg.jpg": "is cut off",
    "formats/dispose_prev.gif": "holds 5 pictures",
    "formats/frozenpond.mpo": "holds 2 pictures",
    "formats/hopper.ppm": "is not a photo in a known format",
    "formats/hopper_16bit.pgm": "is not a photo in a known format",
    "formats/multipage.tiff": "holds 3 pictures",
}

EITHER = "broken/crash-0da013a13571cc8eb457a39fee8db18f8a3c7127.tif"
"""A fax with lines missing: Pillow 11 refuses it, Pillow 13 takes them for white."""


def photo(folder: Path, name: str) -> Photo:
    return read(folder / "awkward" / name, MOST)


def test_no_file_was_forgotten(shared_data: Path) -> None:
    folder = shared_data / "awkward"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    licences = {name for name in found if "LICENSE" in name}
    assert found - licences == {*GOOD, *BAD, EITHER}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_is_read(shared_data: Path, name: str) -> None:
    found = photo(shared_data, name)
    assert (found.format, found.size) == GOOD[name]
    tagged = name.endswith(".webp") and "orientation" in name
    assert found.remarks == ((DOUBTFUL,) if tagged else ())


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused(shared_data: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadPhoto) as caught:
        photo(shared_data, name)
    message = caught.value.message
    assert message.startswith(f"{shared_data / 'awkward' / name} {BAD[name]}")
    assert message.endswith(".")
    assert message.isprintable()
    assert caught.value.hint
    assert capfd.readouterr() == ("", "")


def test_a_file_whose_damage_is_a_matter_of_opinion(shared_data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    try:
        assert photo(shared_data, EITHER).size == (218, 84)
    except BadPhoto as error:
        refusal = error.message
    else:
        refusal = "is a damaged TIFF file."
    assert refusal.endswith("is a damaged TIFF file.")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["avif", "bmp", "gif", "heif", "jpg", "tif", "webp"])
def test_one_portrait_looks_the_same_in_every_format(shared_data: Path, kind: str) -> None:
    wanted = photo(shared_data, "formats/hopper.png").pixels
    assert apart(photo(shared_data, f"formats/hopper.{kind}").pixels, wanted).mean() < 7  # AVIF and HEIF at low quality


@pytest.mark.parametrize("kind", ["jpg", "webp"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_one_portrait_is_upright_however_it_lies(shared_data: Path, kind: str, orientation: int) -> None:
    wanted = photo(shared_data, "formats/hopper.png").pixels
    read = photo(shared_data, f"formats/hopper_orientation_{orientation}.{kind}")
    ways = [np.rot90(read.pixels, turn) for turn in (0, *read.turns)]
    assert len(ways) == 1 + (kind == "webp" and orientation > 2)  # browsers turn no WebP
    found = min(
        (way[:, ::step] for way in ways for step in ((1, -1) if kind == "webp" else (1,))),
        key=lambda way: apart(way, wanted).mean(),
    )
    turned = [np.rot90(wanted, times)[:, ::step] for times in range(4) for step in (1, -1)]
    distances = [apart(found, other).mean() for other in turned]
    assert np.argmin(distances) == 0
    assert distances[0] < 10


@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_the_eight_orientations_agree(shared_data: Path, kind: str) -> None:
    def small(orientation: int) -> np.ndarray:
        pixels = photo(shared_data, f"orientation/{kind}_{orientation}.jpg").pixels
        return np.asarray(Image.fromarray(pixels).resize((60, 60), Image.Resampling.BOX))

    first = small(1)
    for orientation in range(9):
        assert apart(small(orientation), first).mean() < 2, orientation  # the figure written on them differs
    assert apart(first[::-1], first).mean() > 10


@pytest.mark.parametrize("name", [name for name in GOOD if "orientation/" not in name])
def test_a_good_file_is_written_in_its_format(shared_data: Path, tmp_path: Path, name: str) -> None:
    found = photo(shared_data, name)
    target = tmp_path / "written"
    target.write_bytes(encode(found.pixels, found))
    again = read(target, MOST)
    assert (again.format, again.size) == GOOD[name]
    if found.format in ("PNG", "TIFF", "BMP", "GIF"):
        assert (again.pixels == found.pixels).all()
    else:
        assert apart(again.pixels, found.pixels).mean() < 5
    if found.format == "JPEG":
        assert again.encoding["qtables"] == found.encoding["qtables"]
        assert again.encoding["subsampling"] == found.encoding["subsampling"]
