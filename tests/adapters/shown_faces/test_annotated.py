"""Annotated copies: what is drawn, where they go, and who may read them."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from decided_faces import blurred, kept, record
from gallery.adapters.shown_faces.annotated import AnnotatedCopies
from gallery.adapters.shown_faces.frames import BLURRED, KEPT
from gallery.domain.errors import NotWritten
from gallery.domain.geometry import Box
from gallery.domain.models import Thresholds

GREY = 128


@pytest.fixture
def copies(tmp_path) -> AnnotatedCopies:
    return AnnotatedCopies(tmp_path / "looks", Thresholds(0.363, 1.0), {})


def grey(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


def shown(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def near(pixels: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.abs(pixels - colour).max(axis=-1) < 60


def test_a_kept_face_has_a_line_around_it_and_a_blurred_one_dashes(copies, tmp_path):
    copies.add(grey(1000, 800), record(kept(Box(100, 200, 200, 300)), blurred(Box(600, 200, 200, 300))), Path("x.jpg"))

    pixels = shown(tmp_path / "looks" / "x.jpg.jpg")
    assert pixels.shape == (800, 1000, 3)
    line = near(pixels[205:495, 94:100], KEPT).any(axis=1)
    dashes = near(pixels[205:495, 594:600], BLURRED).any(axis=1)
    assert line.all()
    assert 0.3 < dashes.mean() < 0.7
    assert np.abs(np.diff(dashes.astype(int))).sum() >= 4
    assert not near(pixels[:, 500:], KEPT).any()
    assert not near(pixels[:, :500], BLURRED).any()
    for x in (100, 600):  # the faces themselves stay as they were
        assert np.abs(pixels[220:480, x + 20 : x + 180] - GREY).max() <= 3


@pytest.mark.parametrize(("size", "expected"), [((250, 250), (1000, 1000)), ((400, 300), (800, 600)), ((1, 1), (8, 8))])
def test_small_pictures_are_enlarged(copies, tmp_path, size, expected):
    copies.add(grey(*size), record(), Path("x.png"))
    assert shown(tmp_path / "looks" / "x.png.jpg").shape[1::-1] == expected


def test_large_ones_are_not_and_have_larger_letters(copies, tmp_path):
    heights = {}
    for width in (1000, 2000):
        box = Box(width // 4, width // 4, width // 4, width // 4)
        copies.add(grey(width, width), record(blurred(box)), Path("x.png"))
        pixels = shown(tmp_path / "looks" / "x.png.jpg")
        assert pixels.shape == (width, width, 3)
        (rows,) = np.nonzero(near(pixels[box.bottom + width // 100 :], BLURRED).any(axis=1))
        heights[width] = np.ptp(rows)
    assert heights[2000] > 1.5 * heights[1000]


def test_a_crowd_has_numbers_and_a_list_below(copies, tmp_path):
    crowd = [blurred(Box(x, y, 44, 44)) for x in range(0, 1000, 50) for y in range(0, 800, 50)]
    copies.add(grey(1000, 800), record(*crowd), Path("x.jpg"))
    pixels = shown(tmp_path / "looks" / "x.jpg.jpg")
    assert pixels.shape[0] > 800 + 320 * 18 / 4
    assert near(pixels[800:], BLURRED).any()


def test_all_is_said_beside_a_few_faces(copies, tmp_path):
    copies.add(
        grey(1000, 800), record(kept(Box(100, 100, 80, 80)), blurred(Box(600, 400, 80, 80), None)), Path("x.jpg")
    )
    assert shown(tmp_path / "looks" / "x.jpg.jpg").shape == (800, 1000, 3)


def test_a_name_that_was_cut_is_in_the_list(copies, tmp_path):
    copies.add(grey(1000, 800), record(kept(Box(100, 100, 80, 80), "A" * 90)), Path("x.jpg"))
    assert shown(tmp_path / "looks" / "x.jpg.jpg").shape[0] > 800


@pytest.mark.parametrize("size", [(3000, 9), (9, 3000), (1, 1), (25_000, 30)])
def test_pictures_that_are_hardly_any(copies, tmp_path, size):
    copies.add(grey(*size), record(kept(Box(0, 0, 1, 1)), blurred(Box(size[0] - 1, 0, 1, 1), "王 😀")), Path("x.png"))
    assert max(shown(tmp_path / "looks" / "x.png.jpg").shape) <= 20_000


def test_only_the_owner_may_read_them_and_nothing_but_a_picture_is_in_them(copies, tmp_path):
    copies.add(grey(100, 80), record(kept(Box(10, 10, 30, 30)), source="secret.jpg"), Path("a") / "b" / "x.png")
    file = tmp_path / "looks" / "a" / "b" / "x.png.jpg"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["x.png.jpg"]
    with Image.open(file) as image:
        assert image.format == "JPEG"
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp"} & set(image.info)
    assert b"secret" not in file.read_bytes()


def test_photos_of_one_stem_get_a_copy_each_and_the_same_bytes_every_time(copies, tmp_path):
    image = np.random.default_rng(1).integers(0, 255, (80, 100, 3), np.uint8)
    for name in ("x.png", "x.jpg", "x.png.jpg", "y.jpg"):
        copies.add(image, record(blurred(Box(10, 10, 30, 30))), Path(name))
    files = sorted((tmp_path / "looks").iterdir())
    assert [file.name for file in files] == ["x.jpg.jpg", "x.png.jpg", "x.png.jpg.jpg", "y.jpg.jpg"]
    assert len({file.read_bytes() for file in files}) == 1


def test_the_photo_itself_is_never_overwritten(tmp_path):
    photo = tmp_path / "x.jpg"
    photo.write_bytes(b"photo")
    copies = AnnotatedCopies(tmp_path, Thresholds(0.363, 1.0), {})
    with pytest.raises(NotWritten, match="is there already"):
        copies.add(grey(10, 10), record(source=str(photo)), Path("x"))
    assert photo.read_bytes() == b"photo"


def test_what_is_in_the_way_is_named_and_nothing_left(copies, tmp_path):
    (tmp_path / "looks" / "x.jpg.jpg").mkdir(parents=True)
    with pytest.raises(NotWritten, match=r"x\.jpg\.jpg is there already") as caught:
        copies.add(grey(10, 10), record(), Path("x.jpg"))
    assert caught.value.hint
    assert [path.name for path in (tmp_path / "looks").iterdir()] == ["x.jpg.jpg"]


def test_something_that_is_no_picture_is_refused(copies):
    with pytest.raises(ValueError, match="uint8"):
        copies.add(np.zeros((5, 5)), record(), Path("x.jpg"))
