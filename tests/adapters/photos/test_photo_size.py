"""How large a photo is, before it is decoded."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gallery.adapters.photos.size import size_of

MOST = 10_000_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF"])
def test_every_format_tells_its_size(tmp_path: Path, kind: str) -> None:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    Image.new("RGB", (320, 200), "red").save(tmp_path / "x", kind)
    room = {"JPEG": 1, "HEIF": 2.125, "AVIF": 2.375, "WEBP": 1.75}.get(kind, 1.25)
    assert size_of(tmp_path / "x", MOST) == 320 * 200 * room


def test_opacity_takes_more_room(tmp_path: Path) -> None:
    Image.new("RGBA", (320, 200), "red").save(tmp_path / "x.png")
    assert size_of(tmp_path / "x.png", MOST) == 320 * 200 * 1.75


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"not a photo at all", b"\0\0\0\x20ftypheic"])
def test_what_does_not_tell_has_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x").write_bytes(data)
    assert size_of(tmp_path / "x", MOST) == 0
    assert size_of(tmp_path / "missing", MOST) == 0
    assert size_of(tmp_path, MOST) == 0


def test_what_is_too_large_to_be_read_has_none(tmp_path: Path) -> None:
    Image.new("1", (4000, 4000)).save(tmp_path / "x.png")
    assert size_of(tmp_path / "x.png", MOST) == 0
