from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageCms, PngImagePlugin

from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.adapters.photos.wording import cause_and_remedy
from gallery.domain.errors import NotWritten
from gallery.domain.faces import Photo

FILES = PillowPhotoFiles()
SECRET = b"51.5074 N, 0.1278 W"


def drawn(width: int = 96, height: int = 64) -> np.ndarray:
    """Soft colours with a few hard edges, as a photo has them."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.dstack((128 + 100 * np.sin(x / 17), 128 + 90 * np.cos(y / 13), 60 + x + y / 2))
    picture[height // 4 : height // 2, width // 3 : width // 2] = (230, 40, 30)
    return picture.clip(0, 255).astype(np.uint8)


def stored(path: Path, kind: str, pixels: np.ndarray | None = None, **options: Any) -> Photo:
    Image.fromarray(drawn() if pixels is None else pixels).save(path, kind, **options)
    return FILES.read(path)


def temporary_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith(".")]


def not_written(pixels: np.ndarray, like: Photo, target: Path) -> NotWritten:
    """The error, which must be one line that names the file and comes with a remedy."""
    with pytest.raises(NotWritten) as caught:
        FILES.write(pixels, like, target)
    assert str(target) in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value


# What is promised of the pixels


SIZES = st.tuples(st.integers(1, 12), st.integers(1, 12))


@settings(deadline=None)
@given(
    st.data(),
    st.sampled_from([("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("TIFF", {"compression": "tiff_lzw"})]),
    st.booleans(),
    st.booleans(),
)
def test_lossless_formats_hold_the_very_pixels(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    kind: tuple[str, dict[str, Any]],
    transparent: bool,
    grey: bool,
) -> None:
    height, width = data.draw(SIZES)
    pixels = data.draw(arrays(np.uint8, (height, width, 1 if grey else 3)))
    pixels = np.repeat(pixels, 3, axis=2) if grey else pixels
    alpha = data.draw(arrays(np.uint8, (height, width))) if transparent else None
    folder = tmp_path_factory.getbasetemp()
    like = Photo(folder / "in", "0" * 64, pixels, kind[0], alpha, {"grey": grey, **kind[1]})

    FILES.write(pixels, like, folder / "lossless")
    back = FILES.read(folder / "lossless")

    assert back.format == kind[0]
    assert (back.pixels == pixels).all()
    if alpha is None:
        assert back.alpha is None
    elif kind[0] == "WEBP" and (alpha == 255).all():  # libwebp leaves full opacity out
        assert back.alpha is None or (back.alpha == 255).all()
    else:
        assert back.alpha is not None
        assert (back.alpha == alpha).all()


@pytest.mark.parametrize(("kind", "encoding"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})])
def test_colours_under_full_transparency_are_kept(tmp_path: Path, kind: str, encoding: dict[str, Any]) -> None:
    alpha = np.zeros((64, 96), dtype=np.uint8)
    alpha[:, 40:] = 200
    like = Photo(tmp_path / "in", "0" * 64, drawn(), kind, alpha, encoding)
    FILES.write(drawn(), like, tmp_path / "out")
    assert (FILES.read(tmp_path / "out").pixels == drawn()).all()


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [60, 80, 95])
def test_jpeg_keeps_the_tables_and_so_the_quality(tmp_path: Path, quality: int, subsampling: int) -> None:
    photo = stored(tmp_path / "in.jpg", "JPEG", quality=quality, subsampling=subsampling)
    FILES.write(photo.pixels, photo, tmp_path / "out.jpg")
    back = FILES.read(tmp_path / "out.jpg")
    assert back.encoding == photo.encoding
    assert back.encoding["subsampling"] == subsampling
    with Image.open(tmp_path / "in.jpg") as before, Image.open(tmp_path / "out.jpg") as after:
        assert before.quantization == after.quantization
    # Measured on this picture: at most 0.39 levels at 4:2:0 (chroma is interpolated and averaged once more), 0.25 at
    # 4:2:2, 0.04 at 4:4:4. Written at Pillow's default quality it would be 1.1 to 1.9.
    assert np.abs(back.pixels.astype(int) - photo.pixels).mean() < (0.1 if subsampling == 0 else 0.6)


def test_jpeg_tables_turn_with_a_photo_that_lay_on_its_side(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lopsided = [min(255, 2 + 3 * row + column // 2) for row in range(8) for column in range(8)]
    options = {"qtables": [lopsided], "subsampling": 1, "exif": exif}
    photo = stored(tmp_path / "in.jpg", "JPEG", **options)
    assert photo.size == (64, 96)
    turned = np.array(photo.encoding["qtables"][0]).reshape(8, 8)
    assert (turned == np.array(lopsided).reshape(8, 8).T).all()
    assert photo.encoding["subsampling"] == 0  # 4:2:2 on its side would be 4:4:0, which Pillow does not write

    FILES.write(photo.pixels, photo, tmp_path / "out.jpg")
    kept = np.abs(FILES.read(tmp_path / "out.jpg").pixels.astype(int) - photo.pixels).mean()
    unturned = Photo(photo.source, "", photo.pixels, "JPEG", None, photo.encoding | {"qtables": (tuple(lopsided),)})
    FILES.write(photo.pixels, unturned, tmp_path / "worse.jpg")
    lost = np.abs(FILES.read(tmp_path / "worse.jpg").pixels.astype(int) - photo.pixels).mean()
    assert kept < lost / 2


def test_jpeg_tables_too_coarse_for_a_baseline_file_are_cut(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.jpg", "JPEG", qtables=[[3] * 60 + [300] * 4])
    assert max(photo.encoding["qtables"][0]) == 255
    FILES.write(photo.pixels, photo, tmp_path / "out.jpg")


def test_a_progressive_jpeg_stays_one(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.jpg", "JPEG", progressive=True)
    FILES.write(photo.pixels, photo, tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as image:
        assert "progressive" in image.info


def test_a_grey_jpeg_stays_grey_unless_colour_was_painted_on_it(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.jpg", "JPEG", drawn()[..., 0])
    FILES.write(photo.pixels, photo, tmp_path / "grey.jpg")
    painted = photo.pixels.copy()
    painted[:16, :16] = (255, 0, 0)
    FILES.write(painted, photo, tmp_path / "painted.jpg")
    with Image.open(tmp_path / "grey.jpg") as grey, Image.open(tmp_path / "painted.jpg") as colour:
        assert (grey.mode, colour.mode) == ("L", "RGB")
        assert grey.quantization == {0: list(photo.encoding["qtables"][0])}
        assert np.abs(np.asarray(colour)[2:14, 2:14].astype(int) - (255, 0, 0)).max() < 12


def test_webp_is_lossless_only_where_it_was(tmp_path: Path) -> None:
    exact = stored(tmp_path / "exact.webp", "WEBP", lossless=True)
    lossy = stored(tmp_path / "lossy.webp", "WEBP", quality=70)
    see_through = stored(tmp_path / "alpha.webp", "WEBP", np.dstack((drawn(), drawn()[..., 0])), quality=70)
    assert [photo.encoding["lossless"] for photo in (exact, lossy, see_through)] == [True, False, False]
    FILES.write(lossy.pixels, lossy, tmp_path / "out.webp")
    back = FILES.read(tmp_path / "out.webp")
    assert np.abs(back.pixels.astype(int) - lossy.pixels).mean() < 2.5
    FILES.write(see_through.pixels, see_through, tmp_path / "out.webp")
    alpha = FILES.read(tmp_path / "out.webp").alpha
    assert alpha is not None
    assert (alpha == see_through.alpha).all()


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_tiff_keeps_its_compression_where_that_loses_nothing(tmp_path: Path, compression: str) -> None:
    photo = stored(tmp_path / "in.tif", "TIFF", compression=compression)
    FILES.write(photo.pixels, photo, tmp_path / "out.tif")
    back = FILES.read(tmp_path / "out.tif")
    assert (back.pixels == photo.pixels).all()
    assert back.encoding["compression"] == ("tiff_lzw" if compression == "jpeg" else compression)


# What must not leak


def with_metadata(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[0x001D] = SECRET.decode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, Any] = {"exif": exif, "icc_profile": profile, "xmp": b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>"}
    if kind == "JPEG":
        options["comment"] = SECRET
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", SECRET.decode())
    if kind == "TIFF":
        options["description"] = SECRET.decode()
    buffer = io.BytesIO()
    Image.fromarray(drawn()).save(buffer, kind, **options)
    return buffer.getvalue() + SECRET


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_no_metadata_reaches_the_output(tmp_path: Path, kind: str) -> None:
    data = with_metadata(kind)
    assert data.count(SECRET) >= (2 if kind == "TIFF" else 3)
    (tmp_path / "in").write_bytes(data)
    photo = FILES.read(tmp_path / "in")
    FILES.write(photo.pixels, photo, tmp_path / "out")
    assert_bare(tmp_path / "out")
    assert SECRET not in (tmp_path / "out").read_bytes()


def assert_bare(path: Path) -> None:
    data = path.read_bytes()
    for mark in (b"Exif", b"eXIf", b"EXIF", b"http://ns.adobe.com", b"XMP ", b"Photoshop", b"8BIM", b"ICC", b"tEXt"):
        assert mark not in data, mark
    with Image.open(path) as image:
        harmless = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression", "compression"}
        harmless |= {"loop", "background", "timestamp", "duration", "dpi", "resolution"}  # made up by Pillow
        assert set(image.info) <= harmless
        tiff_structure = set(range(254, 280)) | {282, 283, 284, 296, 317, 338, 339} - {270, 271, 272}
        assert set(image.getexif()) <= (tiff_structure if image.format == "TIFF" else set())


def test_no_metadata_of_real_photos_reaches_the_output(shared_data: Path, tmp_path: Path) -> None:
    photos = sorted((shared_data / "awkward" / "metadata").glob("*.jpg"))
    assert len(photos) >= 7
    for path in photos:
        photo = FILES.read(path)
        FILES.write(photo.pixels, photo, tmp_path / path.name)
        assert_bare(tmp_path / path.name)


# All or nothing


def test_the_hash_is_that_of_the_file_and_folders_are_made(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    target = tmp_path / "a" / "b" / "out.png"
    assert FILES.write(photo.pixels, photo, target) == hashlib.sha256(target.read_bytes()).hexdigest()
    assert temporary_files(tmp_path) == []


def test_a_jpeg_called_png_stays_both(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "JPEG")
    FILES.write(photo.pixels, photo, tmp_path / "out.png")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_file_gets_the_permissions_the_umask_says(tmp_path: Path, umask: int, mode: int) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    before = os.umask(umask)
    try:
        FILES.write(photo.pixels, photo, tmp_path / "out.png")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == mode


def test_an_earlier_output_is_replaced(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    target = tmp_path / "out.png"
    target.write_bytes(b"of an earlier run")
    FILES.write(photo.pixels, photo, target)
    assert (FILES.read(target).pixels == photo.pixels).all()


@pytest.mark.parametrize("way", ["same", "dots", "symlink to it", "hard link to it", "through a linked folder"])
def test_an_input_is_never_overwritten(tmp_path: Path, way: str) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo = stored(folder / "in.png", "PNG")
    before = photo.source.read_bytes()
    target = {"same": folder / "in.png", "dots": folder / ".." / "photos" / "in.png"}.get(way, tmp_path / "out.png")
    if way == "symlink to it":
        target.symlink_to(photo.source)
    elif way == "hard link to it":
        target.hardlink_to(photo.source)
    elif way == "through a linked folder":
        (tmp_path / "link").symlink_to(folder)
        target = tmp_path / "link" / "in.png"
    assert "never overwritten" in not_written(255 - photo.pixels, photo, target).message
    assert photo.source.read_bytes() == before
    assert temporary_files(tmp_path) == []


def test_a_link_at_the_target_is_replaced_and_what_it_points_to_is_spared(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    other = tmp_path / "another_input.png"
    other.write_bytes(b"precious")
    (tmp_path / "out.png").symlink_to(other)
    FILES.write(photo.pixels, photo, tmp_path / "out.png")
    assert other.read_bytes() == b"precious"
    assert not (tmp_path / "out.png").is_symlink()


def test_a_gif_is_exact_where_nothing_was_changed(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.gif", "GIF")
    changed = photo.pixels.copy()
    changed[10:40, 10:50] = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    FILES.write(changed, photo, tmp_path / "out.gif")
    back = FILES.read(tmp_path / "out.gif").pixels
    untouched = (changed == photo.pixels).all(axis=2)
    assert (back[untouched] == photo.pixels[untouched]).all()


def test_pixels_of_another_size_or_type_are_a_mistake_of_the_program(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    for wrong in (photo.pixels[1:], photo.pixels[..., 0], photo.pixels.astype(float)):
        with pytest.raises(ValueError, match="picture"):
            FILES.write(wrong, photo, tmp_path / "out.png")


def test_a_folder_or_a_file_in_the_way(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    (tmp_path / "out.png").mkdir()
    assert "a folder of that name" in not_written(photo.pixels, photo, tmp_path / "out.png").message
    assert "is a file, not a folder" in not_written(photo.pixels, photo, tmp_path / "in.png" / "out.png").message
    (tmp_path / "file").touch()
    assert "is a file, not a folder" in not_written(photo.pixels, photo, tmp_path / "file" / "out.png").message
    assert "name is too long" in not_written(photo.pixels, photo, tmp_path / ("a" * 300)).message
    assert temporary_files(tmp_path) == []


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    FILES.write(photo.pixels, photo, tmp_path / ("a" * 251 + ".png"))


def test_a_folder_that_may_not_be_written(unprivileged: Path) -> None:
    photo = stored(unprivileged / "in.png", "PNG")
    folder = unprivileged / "closed"
    folder.mkdir(mode=0o500)
    assert "no permission" in not_written(photo.pixels, photo, folder / "out.png").message
    assert "no permission" in not_written(photo.pixels, photo, folder / "deeper" / "out.png").message
    assert list(folder.iterdir()) == []


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_takes_no_more_leaves_the_earlier_output_as_it_was(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    photo = stored(tmp_path / "in.png", "PNG", noise)
    (tmp_path / "out.png").write_bytes(b"of an earlier run")
    with largest_file(4000):  # a real failure of the system call, halfway through the file
        error = not_written(photo.pixels, photo, tmp_path / "out.png")
        assert "larger than is allowed" in error.message
        not_written(photo.pixels, photo, tmp_path / "new.png")
    assert (tmp_path / "out.png").read_bytes() == b"of an earlier run"
    assert not (tmp_path / "new.png").exists()
    assert temporary_files(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only"), (errno.EIO, "error")],
)
def test_the_systems_errors_come_with_a_remedy(number: int, words: str) -> None:
    cause, remedy = cause_and_remedy(OSError(number, os.strerror(number)))
    assert words in cause
    assert remedy.endswith(".")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), OSError(errno.ENOSPC, "full"), MemoryError()])
def test_an_interruption_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interruption: BaseException
) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    seen = []

    def interrupted(descriptor: int) -> None:
        seen.extend(temporary_files(tmp_path))
        raise interruption

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises((type(interruption), NotWritten)):
        FILES.write(photo.pixels, photo, tmp_path / "out.png")
    assert len(seen) == 1
    assert sorted(tmp_path.iterdir()) == [tmp_path / "in.png"]


def test_what_was_discarded_is_gone_and_may_be_gone_already(tmp_path: Path) -> None:
    photo = stored(tmp_path / "in.png", "PNG")
    FILES.write(photo.pixels, photo, tmp_path / "out.png")
    for _ in range(2):
        FILES.discard(tmp_path / "out.png")
        assert sorted(tmp_path.iterdir()) == [tmp_path / "in.png"]
