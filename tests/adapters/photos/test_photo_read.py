from __future__ import annotations

import hashlib
import io
import logging
import os
import struct
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFile

from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.adapters.photos.guard import pillow_guarded
from gallery.domain.errors import BadArgument, BadPhoto
from gallery.domain.faces import Photo
from made_photos import UPRIGHT

FILES = PillowPhotoFiles()
ORIENTATION = 0x0112


def drawn(width: int = 24, height: int = 16) -> np.ndarray:
    """A picture in which no two pixels, and so no two orientations, are the same."""
    y, x = np.mgrid[0:height, 0:width]
    return np.dstack((x * 255 // width, y * 255 // height, (x * height + y) % 256)).astype(np.uint8)


def file_of(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def stored(tmp_path: Path, data: bytes, name: str = "photo") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def refused(path: Path, files: PillowPhotoFiles = FILES) -> BadPhoto:
    """The error, which must be one line that names the file and comes with a remedy."""
    with pytest.raises(BadPhoto) as caught:
        files.read(path)
    error = caught.value
    assert str(path) in error.message
    assert "\n" not in error.message
    assert error.message.endswith(".")
    assert error.hint
    return error


def read_or_refused(path: Path, files: PillowPhotoFiles = FILES) -> Photo | None:
    """The photo, or None where it was refused properly. Anything else fails the test."""
    try:
        return files.read(path)
    except BadPhoto:
        refused(path, files)
        return None


# What is read


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})],
)
def test_lossless_formats_give_the_very_pixels(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    data = file_of(Image.fromarray(drawn()), kind, **options)
    photo = FILES.read(stored(tmp_path, data, "photo.jpg"))  # the content decides, not the name
    assert (photo.pixels == drawn()).all()
    assert photo.alpha is None
    assert photo.format == kind
    assert photo.sha256 == hashlib.sha256(data).hexdigest()
    assert photo.size == (24, 16)


def test_jpeg_and_single_gif_are_read(tmp_path: Path) -> None:
    smooth = np.full((16, 16, 3), (200, 120, 40), dtype=np.uint8)
    for kind in ("JPEG", "GIF"):
        photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(smooth), kind)))
        assert photo.format == kind
        assert np.abs(photo.pixels.astype(int) - smooth).max() <= 2


@pytest.mark.parametrize("orientation", [0, *UPRIGHT, 9, 65535])
@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {})])
def test_photos_are_turned_upright(tmp_path: Path, kind: str, options: dict[str, Any], orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(drawn()), kind, exif=exif, **options)))
    expected = UPRIGHT.get(orientation, UPRIGHT[1])(drawn())
    assert photo.pixels.shape == expected.shape
    assert (photo.pixels == expected).all()


def test_opacity_turns_with_the_picture(tmp_path: Path) -> None:
    rgba = np.dstack((drawn(), drawn()[..., 0]))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(rgba), "PNG", exif=exif)))
    assert photo.alpha is not None
    assert (photo.alpha == UPRIGHT[6](rgba)[..., 3]).all()


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*"])
def test_broken_exif_is_taken_as_none(tmp_path: Path, exif: bytes) -> None:
    photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(drawn()), "JPEG", exif=exif)))
    assert photo.size == (24, 16)


def test_black_and_white_grey_palette_and_cmyk(tmp_path: Path) -> None:
    grey = Image.fromarray(drawn()).convert("L")
    wanted = np.repeat(np.asarray(grey)[..., None], 3, axis=2)
    assert (FILES.read(stored(tmp_path, file_of(grey, "PNG"))).pixels == wanted).all()
    bits = Image.fromarray((np.asarray(grey) > 99).astype(np.uint8) * 255).convert("1")
    assert (FILES.read(stored(tmp_path, file_of(bits, "PNG"))).pixels == (wanted > 99) * 255).all()
    few = Image.fromarray(drawn() // 128 * 255)
    palette = few.convert("P", palette=Image.Palette.ADAPTIVE, colors=8)
    assert (FILES.read(stored(tmp_path, file_of(palette, "PNG"))).pixels == np.asarray(few)).all()
    inks = Image.fromarray(drawn()).convert("CMYK")
    cmyk = FILES.read(stored(tmp_path, file_of(inks, "TIFF")))
    assert np.abs(cmyk.pixels.astype(int) - drawn()).max() <= 1


def test_opacity_is_kept_in_whatever_way_it_is_stored(tmp_path: Path) -> None:
    grey = Image.fromarray(drawn()).convert("L")
    alpha = drawn()[..., 2]
    both = Image.merge("LA", (grey, Image.fromarray(alpha)))
    photo = FILES.read(stored(tmp_path, file_of(both, "PNG")))
    assert photo.alpha is not None
    assert (photo.alpha == alpha).all()
    assert (photo.pixels[..., 1] == np.asarray(grey)).all()

    keyed = FILES.read(stored(tmp_path, file_of(Image.fromarray(drawn()), "PNG", transparency=(0, 0, 0))))
    assert keyed.alpha is not None
    assert (keyed.alpha == np.where((drawn() == 0).all(axis=2), 0, 255)).all()


def test_sixteen_bits_are_scaled_not_clipped(tmp_path: Path) -> None:
    levels = np.array([[0, 256, 32768, 65535]], dtype=np.uint16)
    for kind in ("PNG", "TIFF"):
        photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(levels), kind)))
        assert photo.pixels[0, :, 0].tolist() == [0, 1, 128, 255]
    keyed = FILES.read(stored(tmp_path, file_of(Image.fromarray(levels), "PNG", transparency=256)))
    assert keyed.alpha is not None
    assert keyed.alpha.tolist() == [[255, 0, 255, 255]]


def tiff_of(bits: int, photometric: int, strip: bytes, width: int) -> bytes:
    """A little-endian grey TIFF of one row (TIFF 6.0, sections 2 and 3)."""
    tags = {256: width, 257: 1, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: 1, 279: len(strip)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + directory


def test_twelve_bits_and_white_as_zero_are_understood(tmp_path: Path) -> None:
    twelve = tiff_of(12, 1, bytes([0x00, 0x0F, 0xFF, 0x80, 0x00, 0x10]), 4)  # 0x000, 0xFFF, 0x800, 0x010
    assert FILES.read(stored(tmp_path, twelve)).pixels[0, :, 0].tolist() == [0, 255, 128, 1]
    negative = tiff_of(16, 0, struct.pack("<4H", 0, 256, 32768, 65535), 4)
    assert FILES.read(stored(tmp_path, negative)).pixels[0, :, 0].tolist() == [255, 254, 127, 0]


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_without_a_known_range_are_refused(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(drawn()[..., 0]).convert(mode)
    assert "8 bits" in refused(stored(tmp_path, file_of(image, "TIFF"))).hint


# Colour profiles


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """A profile whose red is sRGB's blue and the other way round."""
    return srgb_profile().replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")


def test_a_profile_that_means_srgb_changes_no_pixel(tmp_path: Path) -> None:
    photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(drawn()), "PNG", icc_profile=srgb_profile())))
    assert (photo.pixels == drawn()).all()


def test_a_profile_that_means_srgb_but_for_rounding_changes_no_pixel(tmp_path: Path) -> None:
    exponent = struct.pack(">i", round(2.4 * 2**16))  # of sRGB's curve, as an ICC profile writes it
    nearly = srgb_profile().replace(exponent, struct.pack(">i", round(2.42 * 2**16)))
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 15, dtype=np.uint8)] * 3), axis=-1).reshape(-1, 18, 3)
    image = Image.fromarray(cube)
    by_the_book = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(nearly)), ImageCms.createProfile("sRGB")
    )
    assert np.abs(np.asarray(by_the_book).astype(int) - cube).max() == 1
    assert (FILES.read(stored(tmp_path, file_of(image, "PNG", icc_profile=nearly))).pixels == cube).all()


def test_colours_are_converted_to_srgb_and_opacity_is_not(tmp_path: Path) -> None:
    red = np.zeros((4, 4, 4), dtype=np.uint8)
    red[...] = (255, 0, 0, 77)
    photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(red), "PNG", icc_profile=swapped_profile())))
    assert np.abs(photo.pixels.astype(int) - (0, 0, 255)).max() <= 2
    assert photo.alpha is not None
    assert (photo.alpha == 77).all()


@pytest.mark.parametrize("profile", [b"not a profile", b"\0" * 200, srgb_profile()[:150]])
def test_a_broken_profile_is_ignored(tmp_path: Path, profile: bytes) -> None:
    photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(drawn()), "PNG", icc_profile=profile)))
    assert (photo.pixels == drawn()).all()


def test_a_profile_for_another_kind_of_picture_is_ignored(tmp_path: Path) -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    photo = FILES.read(stored(tmp_path, file_of(Image.fromarray(drawn()), "PNG", icc_profile=lab)))
    assert (photo.pixels == drawn()).all()


# What is refused


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "MPO"])
def test_files_of_several_pictures_are_refused_with_their_number(tmp_path: Path, kind: str) -> None:
    pictures = [Image.fromarray(np.roll(drawn(), shift, axis=1)) for shift in (0, 5, 9)]
    data = file_of(pictures[0], kind, save_all=True, append_images=pictures[1:])
    assert "holds 3 pictures" in refused(stored(tmp_path, data, "photo.jpg")).message


def test_missing_folder_pipe_and_empty(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "missing.jpg").message
    assert "is a folder" in refused(tmp_path).message
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "not a regular file" in refused(tmp_path / "pipe.jpg").message
    assert "is empty" in refused(stored(tmp_path, b"")).message
    assert "cannot be read" in refused(tmp_path / ("a" * 300)).message


def test_a_nul_byte_in_the_path() -> None:
    with pytest.raises(BadPhoto, match="cannot be read"):
        FILES.read(Path("a\0.jpg"))


def test_a_name_that_is_not_text_is_shown_with_its_bytes(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg"))
    with pytest.raises(BadPhoto) as caught:
        FILES.read(path)
    caught.value.message.encode()
    assert r"caf\xe9.jpg" in caught.value.message


def test_no_permission(unprivileged: Path) -> None:
    path = stored(unprivileged, b"x")
    path.chmod(0)
    assert "no permission" in refused(path).message


def test_text_and_unknown_formats(tmp_path: Path) -> None:
    assert "not a photo" in refused(stored(tmp_path, b"Dear diary,\n" * 99, "diary.jpg")).message
    assert "HEIF" in refused(stored(tmp_path, b"\0\0\0\x18ftypheic" + bytes(99))).message
    assert "AVIF" in refused(stored(tmp_path, b"\0\0\0\x18ftypavif" + bytes(99))).message
    assert "not a photo" in refused(stored(tmp_path, file_of(Image.fromarray(drawn()), "PPM"))).message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_cut_off_files(tmp_path: Path, kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = file_of(Image.fromarray(noise), kind)
    refused(stored(tmp_path, data[: int(len(data) * share)]))


def test_damage_is_called_damage(tmp_path: Path) -> None:
    data = bytearray(file_of(Image.fromarray(drawn()), "PNG"))
    data[60] ^= 0xFF
    assert "damaged PNG" in refused(stored(tmp_path, bytes(data))).message


def test_too_many_pixels_are_refused_before_decoding(tmp_path: Path) -> None:
    path = stored(tmp_path, file_of(Image.fromarray(drawn(30, 40)), "PNG"))
    assert PillowPhotoFiles(max_pixels=1200).read(path).size == (30, 40)
    for limit in (1199, 600, 599, 1):  # Pillow itself warns above its limit, and raises only above twice that
        assert "million pixels" in refused(path, PillowPhotoFiles(max_pixels=limit)).message
    with pytest.raises(BadArgument):
        PillowPhotoFiles(max_pixels=0)


def test_a_bomb_of_60000_by_60000_pixels(tmp_path: Path) -> None:
    data = bytearray(file_of(Image.fromarray(drawn()).convert("1"), "PNG"))
    data[16:24] = struct.pack(">II", 60000, 60000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert "100 million pixels" in refused(stored(tmp_path, bytes(data))).message


def test_a_file_longer_than_any_photo_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(10**12)  # sparse: it takes no room on disk
    assert "1000.0 GB" in refused(path).message


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"]),
    st.lists(st.tuples(st.integers(0, 10**4), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_bytes_are_read_or_refused_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: list[tuple[int, int]]
) -> None:
    data = bytearray(file_of(Image.fromarray(drawn()), kind))
    for place, value in changes:
        data[place % len(data)] = value
    path = stored(tmp_path_factory.getbasetemp(), bytes(data), "damaged")
    read_or_refused(path, PillowPhotoFiles(max_pixels=10**6))


# Pillow's own switches


def test_the_process_gets_its_switches_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 123)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    filters = list(warnings.filters)
    first_inside, second_inside = threading.Event(), threading.Event()

    def first() -> None:
        with pillow_guarded(456):
            first_inside.set()
            second_inside.wait(5)

    thread = threading.Thread(target=first)
    thread.start()
    first_inside.wait(5)
    with pillow_guarded(456):
        second_inside.set()
        thread.join(5)
        assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == (456, False)
        warnings.warn("this would fail the test", UserWarning, stacklevel=1)
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == (123, True)
    assert warnings.filters == filters


def test_threads_with_different_limits_keep_to_their_own(tmp_path: Path) -> None:
    large, inside, done = stored(tmp_path, file_of(Image.fromarray(drawn(60, 40)), "PNG")), threading.Event(), []
    leave = threading.Event()

    def other(limit: int) -> None:
        with pillow_guarded(limit):
            inside.set()
            leave.wait(10)

    for limit in (10, 10**9):
        inside.clear()
        leave.clear()
        thread = threading.Thread(target=other, args=(limit,))
        thread.start()
        inside.wait(10)
        done.append(PillowPhotoFiles(max_pixels=2400).read(large).size)
        with pytest.raises(BadPhoto, match="million pixels"):
            PillowPhotoFiles(max_pixels=2399).read(large)
        leave.set()
        thread.join(10)
    assert done == [(60, 40), (60, 40)]


def test_what_pillow_logs_is_not_printed_for_want_of_a_handler() -> None:
    logger = logging.getLogger("PIL")
    before = list(logger.handlers)
    with pillow_guarded(456):
        assert any(isinstance(handler, logging.NullHandler) for handler in logger.handlers)
    assert logger.handlers == before


@pytest.mark.parametrize("compression", ["tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits"])
def test_libtiff_prints_nothing(tmp_path: Path, compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = file_of(Image.fromarray(drawn(200, 200)), "TIFF", compression=compression)
    for change in range(8, len(data), max(1, len(data) // 40)):
        damaged = bytearray(data)
        damaged[change : change + 6] = b"\xff" * 6
        read_or_refused(stored(tmp_path, bytes(damaged)))
    assert capfd.readouterr() == ("", "")


# Real files


def test_every_awkward_file_is_read_or_refused(shared_data: Path) -> None:
    found = {path.name: read_or_refused(path) for path in sorted((shared_data / "awkward").rglob("*.*"))}
    read = {name: photo for name, photo in found.items() if photo is not None}
    assert len(read) > 50
    for broken in ("truncated_jpeg.jpg", "truncated_image.png", "broken.png", "decompression_bomb.gif"):
        assert broken not in read
    for several in ("dispose_prev.gif", "frozenpond.mpo", "multipage.tiff"):
        assert several not in read
    wanted = read["hopper.png"].pixels.astype(int)
    for same in ("hopper.bmp", "hopper.tif", "hopper_bigtiff.tif", "hopper.jpg", "hopper.webp", "hopper.gif"):
        assert np.abs(read[same].pixels - wanted).mean() < 6, same


@pytest.mark.parametrize("kind", ["Landscape", "Portrait"])
def test_the_eight_orientations_agree(shared_data: Path, kind: str) -> None:
    def small(orientation: int) -> np.ndarray:
        photo = FILES.read(shared_data / "awkward" / "orientation" / f"{kind}_{orientation}.jpg")
        return np.asarray(Image.fromarray(photo.pixels).resize((60, 60), Image.Resampling.BOX)).astype(int)

    first = small(1)
    for orientation in range(9):
        assert np.abs(small(orientation) - first).mean() < 2, orientation  # the figure written on them differs
    assert np.abs(first[::-1] - first).mean() > 10
