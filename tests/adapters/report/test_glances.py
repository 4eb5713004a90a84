"""Recorded files are shown small, upright and without metadata, and only if they are what was recorded."""

from __future__ import annotations

import hashlib
import io
import os

import numpy as np
import pytest
from PIL import Image

from gallery.adapters.report.glances import FileGlancer, smaller
from gallery.domain.picture_budget import Fit
from gallery.domain.reporting import Fault
from made_photos import RED_GREEN_BLUE, drawn, file_of, jpegs_in_one, opacity, profile, turned, with_xmp

FIT = Fit(64, 5000)


def glance(path, fit=FIT, sha256=None):
    sha256 = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    return FileGlancer(10**7).glance(path, sha256, fit)


def picture(found) -> Image.Image:
    return Image.open(io.BytesIO(found.picture))


def made(tmp_path, data: bytes, name: str = "photo"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF"])
def test_every_kind_is_made_smaller(tmp_path, kind):
    found = picture(glance(made(tmp_path, file_of(drawn(300, 200), kind))))
    assert found.format == "JPEG"
    assert found.size == (64, 43)
    reference = np.asarray(Image.fromarray(drawn(300, 200)).resize((64, 43)), float)
    assert np.abs(np.asarray(found, float) - reference).mean() < 6


def test_a_large_photo_is_upright_and_bare(tmp_path):
    large = Image.fromarray(drawn(90, 60)).resize((900, 600))
    data = file_of(large, "JPEG", exif=turned(6), comment=b"Anna", quality=95)
    found = glance(made(tmp_path, data))
    size = picture(found).size
    assert size in ((42, 64), (43, 64))
    assert b"Anna" not in found.picture
    assert b"Exif" not in found.picture
    wanted = np.asarray(large.transpose(Image.Transpose.ROTATE_270).resize(size), float)
    assert np.abs(np.asarray(picture(found), float) - wanted).mean() < 6
    assert np.abs(np.asarray(picture(found), float) - wanted[::-1, ::-1]).mean() > 12


def test_colours_are_those_of_its_profile(tmp_path):
    grey = np.full((200, 300, 3), 128, np.uint8)
    data = file_of(grey, "JPEG", icc_profile=profile(RED_GREEN_BLUE, 1.0), quality=95)
    assert np.asarray(picture(glance(made(tmp_path, data)))).mean() == pytest.approx(188, abs=3)


def test_a_photo_with_a_gain_map_is_shown(tmp_path):
    main = file_of(drawn(300, 200), "JPEG", quality=95)
    data = jpegs_in_one([main, with_xmp(file_of(drawn(30, 20), "JPEG"), b"hdrgm:Version")], [0x030000, 0])
    assert picture(glance(made(tmp_path, data))).size == (64, 43)


def test_what_is_clear_lies_on_white(tmp_path):
    clear = np.dstack((np.zeros((64, 96, 3), np.uint8), opacity() * 0))
    assert np.asarray(picture(glance(made(tmp_path, file_of(clear, "PNG"))))).min() > 250


def test_a_small_one_is_not_made_larger(tmp_path):
    assert picture(glance(made(tmp_path, file_of(drawn(30, 20), "PNG")))).size == (30, 20)


def test_a_missing_one_and_a_changed_one_are_told_apart(tmp_path):
    path = made(tmp_path, file_of(drawn(), "JPEG"))
    assert glance(path, sha256="0" * 64).fault is Fault.CHANGED
    assert glance(tmp_path / "none.jpg", sha256="0" * 64).fault is Fault.MISSING
    assert glance(path / "below.jpg", sha256="0" * 64).fault is Fault.MISSING
    assert glance(tmp_path, sha256="0" * 64).fault is Fault.MISSING


def test_what_cannot_be_shown_says_why(tmp_path):
    found = glance(made(tmp_path, b"\xff\xd8\xff broken", "x.jpg"))
    assert found.fault is Fault.UNREADABLE
    assert "x.jpg" in found.detail
    assert glance(tmp_path / "nul\0.jpg", sha256="0" * 64).fault in (Fault.UNREADABLE, Fault.MISSING)
    large = made(tmp_path, file_of(drawn(300, 200), "JPEG"))
    sha256 = hashlib.sha256(large.read_bytes()).hexdigest()
    assert FileGlancer(1000).glance(large, sha256, FIT).fault is Fault.UNREADABLE


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_says_so(tmp_path):
    path = made(tmp_path, b"x")
    path.chmod(0)
    assert glance(path, sha256="0" * 64).fault is Fault.UNREADABLE


def test_without_a_size_it_is_only_compared(tmp_path):
    path = made(tmp_path, b"anything")
    found = glance(path, fit=None)
    assert (found.picture, found.fault) == (None, None)
    assert glance(path, fit=None, sha256="0" * 64).fault is Fault.CHANGED


def test_a_noisy_picture_fits_as_well():
    noise = np.random.default_rng(1).integers(0, 256, (400, 600, 3)).astype(np.uint8)
    for size in (300, 3000, 30_000):
        data = smaller(Image.fromarray(noise), Fit(500, size))
        assert len(data) <= max(size, 1200)
        assert max(Image.open(io.BytesIO(data)).size) >= 32
