"""HEIC without pillow-heif, which is not installed unless it is asked for."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gallery.adapters.photos.heif import NoHeif, saved
from gallery.adapters.photos.read import read
from gallery.domain.errors import BadPhoto
from gallery.installed import adding
from made_photos import drawn, file_of


def without_it(name: str) -> Any:
    if name == "pillow_heif":
        raise ModuleNotFoundError(f"No module named {name!r}")
    return importlib.import_module(name)


def test_reading_names_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(file_of(drawn(), "HEIF"))
    assert read(path, 10**6).format == "HEIF"
    with pytest.raises(BadPhoto) as caught:
        read(path, 10**6, without_it)
    assert caught.value.message == f"{path} is a picture in HEIC format, which needs pillow-heif to be read."
    assert caught.value.hint.endswith(adding("heic"))


def test_all_other_formats_are_read_without_it(tmp_path: Path) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"):
        path = tmp_path / kind
        path.write_bytes(file_of(drawn(), kind))
        assert read(path, 10**6, without_it).format == kind


def test_writing_says_so_too() -> None:
    with pytest.raises(NoHeif):
        saved(Image.fromarray(drawn()), 90, "4:2:0", b"", without_it)


def test_reading_here_makes_it_known_to_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(file_of(drawn(), "HEIF"))
    read(path, 10**6)
    assert ".heic" not in Image.registered_extensions()
    assert "HEIF" not in Image.OPEN


def test_a_huge_heic_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(file_of(drawn(), "HEIF"))
    with pytest.raises(BadPhoto, match="million pixels"):
        read(path, 96 * 64 - 1)
