"""That every way a written file can be wrong is found, by planting it; and that right ones pass."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from gallery.adapters.photos.encoding import Wanted, encode
from gallery.adapters.redactors import RegionRedactor
from gallery.adapters.verifying.allowed_errors import allowed
from gallery.adapters.verifying.tile_errors import displaced
from gallery.adapters.verifying.verify import verify
from gallery.adapters.verifying.written_pixels import Laid
from gallery.domain.errors import NotWritten
from gallery.domain.faces import Detection, Photo
from gallery.domain.geometry import Box

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
LOSSY = ("JPEG", "WEBP", "AVIF", "HEIF")
FACE = Box(150, 70, 24, 24)
OTHER = Box(30, 100, 60, 70)
WANTED = Wanted()


def scene(width: int = 240, height: int = 200) -> np.ndarray:
    """Soft colours, some edges, and where the faces are, fine detail; in colours of the web palette, as GIF needs."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.dstack((110 + 80 * np.sin(x / 37), 128 + 90 * np.cos(y / 23), 40 + x / 2 + y / 4))
    picture[height // 8 : height // 4, width // 3 : width // 2] = (230, 40, 30)
    pattern = 128 + 100 * np.sin(x * 0.9) * np.cos(y * 0.7)
    for box in (FACE, OTHER):
        part = np.s_[box.y : box.bottom, box.x : box.right]
        picture[part] = pattern[part][..., None] * (1, 0.8, 0.6)
    return (picture.clip(0, 255) // 51 * 51).astype(np.uint8)


def read_as(kind: str, pixels: np.ndarray | None = None, **fields: Any) -> Photo:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif")
    return Photo(Path("photo"), "0" * 64, scene() if pixels is None else pixels, kind, **fields)


def redacted(photo: Photo, boxes: tuple[Box, ...] = (FACE, OTHER), method: str = "blur", **settings: Any) -> np.ndarray:
    return RegionRedactor(method, **settings).redact(photo.pixels, [Detection(box, 0.9) for box in boxes])


def checked(folder: Path, data: bytes, pixels: np.ndarray, like: Photo, **changes: Any) -> np.ndarray:
    """The file verified under a name that says nothing."""
    path = folder / ".photo-1.part"
    path.write_bytes(data)
    covered = changes.get("covered", (FACE, OTHER))
    return verify(path, hashlib.sha256(data).hexdigest(), pixels, like, covered, changes.get("wanted", WANTED))


def refused(folder: Path, data: bytes, pixels: np.ndarray, like: Photo, **changes: Any) -> str:
    """The sentence, which must name the file, be one line, and come with a remedy."""
    with pytest.raises(NotWritten) as caught:
        checked(folder, data, pixels, like, **changes)
    assert str(folder) in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value.message


# Right files


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("method", ["blur", "pixelate", "solid"])
def test_what_was_written_passes_and_comes_back(tmp_path: Path, kind: str, method: str) -> None:
    photo = read_as(kind)
    pixels = redacted(photo, method=method)
    found = checked(tmp_path, encode(pixels, photo), pixels, photo)
    assert found.shape == pixels.shape
    assert found.dtype == np.uint8
    assert np.abs(found.astype(int) - pixels).mean() < 10


@pytest.mark.parametrize("kind", LOSSY)
@pytest.mark.parametrize("quality", [1, 10, 30, 75, 100])
def test_any_quality_asked_for_passes(tmp_path: Path, kind: str, quality: int) -> None:
    photo, wanted = read_as("PNG"), Wanted(kind, quality)
    if kind == "HEIF":
        pytest.importorskip("pillow_heif")
    pixels = redacted(photo)
    checked(tmp_path, encode(pixels, photo, wanted), pixels, photo, wanted=wanted)


@pytest.mark.parametrize("kind", FORMATS)
def test_opacity_passes(tmp_path: Path, kind: str) -> None:
    alpha = np.repeat(np.linspace(0, 255, 240).astype(np.uint8)[None], 200, axis=0)
    photo = read_as(kind, alpha=alpha)
    pixels = redacted(photo)
    checked(tmp_path, encode(pixels, photo), pixels, photo)


@pytest.mark.parametrize("kind", FORMATS)
def test_grey_and_fully_opaque_and_kept_metadata_pass(tmp_path: Path, kind: str) -> None:
    grey = np.repeat(scene()[..., :1], 3, axis=2)
    kept = {"dpi": (300.0, 150.0), "copyright": "Jane Doe"}
    photo = read_as(kind, grey, alpha=np.full(grey.shape[:2], 255, np.uint8), encoding={"grey": True, "kept": kept})
    wanted = Wanted(keep_metadata=True)
    pixels = redacted(photo, method="solid")
    checked(tmp_path, encode(pixels, photo, wanted), pixels, photo, wanted=wanted)


def test_own_tables_pass(tmp_path: Path) -> None:
    coarse = tuple(np.arange(20, 84).tolist())
    photo = read_as("JPEG", encoding={"qtables": (coarse, coarse), "subsampling": 0, "progressive": True})
    pixels = redacted(photo)
    checked(tmp_path, encode(pixels, photo), pixels, photo)


def test_a_photo_that_was_covered_before_passes(tmp_path: Path) -> None:
    photo = read_as("JPEG")
    before = replace(photo, pixels=redacted(photo, method="solid", feather=0))
    again = redacted(before, method="solid", feather=0)
    assert np.array_equal(again, before.pixels)
    checked(tmp_path, encode(again, before), again, before)


SIZES = st.tuples(st.integers(1, 70), st.integers(1, 70))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
@given(data=st.data())
def test_random_pictures_pass(tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject) -> None:
    height, width = data.draw(SIZES)
    noise = np.random.default_rng(data.draw(st.integers(0, 2**32))).integers(0, 256, (height, width, 3))
    scale = data.draw(st.sampled_from([1, 8, 64]))  # from noise to nearly one colour
    photo = read_as(kind, (noise // scale).astype(np.uint8))
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
    pixels = redacted(photo, (box,), data.draw(st.sampled_from(["blur", "pixelate", "solid"])))
    quality = data.draw(st.sampled_from([None, 5, 50, 95])) if kind in LOSSY else None
    wanted = Wanted(quality=quality)
    written = encode(pixels, photo, wanted)
    checked(tmp_path_factory.getbasetemp(), written, pixels, photo, covered=(box,), wanted=wanted)


# Wrong files


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("face", [FACE, OTHER])
def test_one_face_left_as_it_was_is_found(tmp_path: Path, kind: str, face: Box) -> None:
    photo = read_as(kind)
    pixels, shown = redacted(photo), redacted(photo)
    part = np.s_[face.y : face.bottom, face.x : face.right]
    shown[part] = photo.pixels[part]
    message = refused(tmp_path, encode(shown, photo), pixels, photo)
    assert f"still shows what was to be covered at {','.join(map(str, face.as_list()))}" in message


@pytest.mark.parametrize("kind", LOSSY)
@pytest.mark.parametrize("quality", [5, 20, 50, 95])
def test_a_face_left_as_it_was_is_found_at_any_quality(tmp_path: Path, kind: str, quality: int) -> None:
    photo, wanted = read_as("PNG"), Wanted(kind, quality)
    if kind == "HEIF":
        pytest.importorskip("pillow_heif")
    pixels = redacted(photo)
    shown = redacted(photo, (FACE,))
    assert "still shows" in refused(tmp_path, encode(shown, photo, wanted), pixels, photo, wanted=wanted)


@pytest.mark.parametrize("kind", LOSSY)
def test_half_a_face_and_a_face_that_shines_through_are_found(tmp_path: Path, kind: str) -> None:
    photo = read_as(kind)
    pixels, half = redacted(photo), redacted(photo)
    half[OTHER.y : OTHER.y + 35, OTHER.x : OTHER.right] = photo.pixels[OTHER.y : OTHER.y + 35, OTHER.x : OTHER.right]
    assert "still shows" in refused(tmp_path, encode(half, photo), pixels, photo)
    ghost = (0.5 * pixels + 0.5 * photo.pixels).astype(np.uint8)
    assert "still shows" in refused(tmp_path, encode(ghost, photo), pixels, photo)


@pytest.mark.parametrize("kind", FORMATS)
def test_other_bytes_than_those_written_are_found(tmp_path: Path, kind: str) -> None:
    photo = read_as(kind)
    data = encode(photo.pixels, photo)
    path = tmp_path / "photo"
    path.write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    with pytest.raises(NotWritten, match="does not hold the bytes"):
        verify(path, hashlib.sha256(data).hexdigest(), photo.pixels, photo, (), WANTED)
    path.unlink()
    with pytest.raises(NotWritten, match="cannot be read again"):
        verify(path, hashlib.sha256(data).hexdigest(), photo.pixels, photo, (), WANTED)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_that_is_cut_off_is_found(tmp_path: Path, kind: str) -> None:
    photo = read_as(kind)
    data = encode(photo.pixels, photo)
    for end in (0, 10, len(data) // 2, len(data) - 2):
        assert refused(tmp_path, data[:end], photo.pixels, photo, covered=())


@pytest.mark.parametrize("kind", FORMATS)
def test_another_format_is_found(tmp_path: Path, kind: str) -> None:
    photo = read_as(kind)
    other = replace(photo, format="PNG" if kind != "PNG" else "BMP")
    assert "decoded" in refused(tmp_path, encode(photo.pixels, other), photo.pixels, photo, covered=())


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("size", [(240, 199), (241, 200), (200, 240), (480, 400)])
def test_another_size_is_found(tmp_path: Path, kind: str, size: tuple[int, int]) -> None:
    photo = read_as(kind)
    other = read_as(kind, np.asarray(Image.fromarray(scene()).resize(size, Image.Resampling.NEAREST)))
    message = refused(tmp_path, encode(other.pixels, other), photo.pixels, photo, covered=())
    assert "240×200" in message


@pytest.mark.parametrize("kind", FORMATS)
def test_metadata_and_bytes_after_the_end_are_found(tmp_path: Path, kind: str) -> None:
    photo = read_as(kind, encoding={"kept": {"copyright": "Jane Doe"}})
    data = encode(photo.pixels, photo)
    assert "more than its picture" in refused(tmp_path, data + b"Jane", photo.pixels, photo, covered=())
    if kind not in ("BMP", "GIF"):
        data = encode(photo.pixels, photo, Wanted(keep_metadata=True))
        assert "more than its picture" in refused(tmp_path, data, photo.pixels, photo, covered=())
        checked(tmp_path, data, photo.pixels, photo, covered=(), wanted=Wanted(keep_metadata=True))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF", "WEBP"])
def test_one_pixel_changed_by_one_level_is_found_in_lossless_formats(tmp_path: Path, kind: str) -> None:
    photo = read_as(kind, encoding={"lossless": True})
    for y, x in ((0, 0), (199, 239), (100, 150)):
        wrong = photo.pixels.copy()
        wrong[y, x, 1] ^= 1
        data = encode(wrong, replace(photo, pixels=wrong))
        assert "does not hold the picture" in refused(tmp_path, data, photo.pixels, photo, covered=())


def swapped(pixels: np.ndarray) -> np.ndarray:
    return pixels[::-1]


def in_wrong_colours(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., ::-1]


def with_a_hole(pixels: np.ndarray) -> np.ndarray:
    holed = pixels.copy()
    holed[120:152, 180:212] = 128
    return holed


def darker(pixels: np.ndarray) -> np.ndarray:
    return (pixels * 0.7).astype(np.uint8)


def moved_by_one(pixels: np.ndarray) -> np.ndarray:
    return np.roll(pixels, 1, axis=1)


def moved_down(pixels: np.ndarray) -> np.ndarray:
    return np.roll(pixels, 3, axis=0)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("wrong", [swapped, in_wrong_colours, with_a_hole, darker, moved_by_one, moved_down])
def test_another_picture_is_found(tmp_path: Path, kind: str, wrong: Any) -> None:
    photo = read_as(kind)
    other = np.ascontiguousarray(wrong(photo.pixels))
    data = encode(other, replace(photo, pixels=other))
    assert "does not hold the picture" in refused(tmp_path, data, photo.pixels, photo, covered=())


def test_other_tables_than_the_photos_own_are_found(tmp_path: Path) -> None:
    fine, coarse = ((4,) * 64,) * 2, ((9,) * 64,) * 2
    photo = read_as("JPEG", encoding={"qtables": fine, "subsampling": 0})
    other = replace(photo, encoding={"qtables": coarse, "subsampling": 0})
    checked(tmp_path, encode(photo.pixels, photo), photo.pixels, photo, covered=())
    assert "coarsely" in refused(tmp_path, encode(photo.pixels, other), photo.pixels, photo, covered=())


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF"])
def test_another_opacity_is_found(tmp_path: Path, kind: str) -> None:
    alpha = np.repeat(np.linspace(0, 255, 240).astype(np.uint8)[None], 200, axis=0)
    photo = read_as(kind, alpha=alpha)
    for other in (alpha[:, ::-1], None):
        data = encode(photo.pixels, replace(photo, alpha=other))
        assert "opacity" in refused(tmp_path, data, photo.pixels, photo, covered=())
    opaque = replace(photo, alpha=None)
    assert "opacity" in refused(tmp_path, encode(photo.pixels, photo), photo.pixels, opaque, covered=())


# Parts


@given(
    pixels=arrays(np.uint8, (5, 7, 3)),
    alpha=arrays(np.uint8, (5, 7)),
)
def test_a_part_laid_on_white_is_what_the_whole_is(pixels: np.ndarray, alpha: np.ndarray) -> None:
    photo = read_as("PNG", pixels, alpha=alpha)
    assert np.array_equal(Laid(pixels, alpha).part(1, 4, 2, 6), photo.opaque().pixels[1:4, 2:6])


@pytest.mark.parametrize("kind", LOSSY)
def test_coarser_coding_is_allowed_more(kind: str) -> None:
    photo = read_as("PNG")
    levels = [allowed(photo, Wanted(kind, quality)).levels for quality in range(100, 0, -1)]
    assert levels == sorted(levels)
    assert 2 < levels[0] < 7 < levels[-1] < 60


def test_a_picture_that_is_moved_is_told_from_one_that_is_coarse() -> None:
    picture = scene()
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=5)
    coarse = np.asarray(Image.open(io.BytesIO(buffer.getvalue())))
    assert not displaced(coarse, picture, 0.8)
    assert displaced(np.roll(picture, (1, -2), (0, 1)), picture, 0.8)
    assert not displaced(np.roll(picture[:20], 1, axis=1), picture[:20], 0.8)
