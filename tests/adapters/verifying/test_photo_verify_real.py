"""The checks of written files on real photographs, by the real encoders."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import numpy as np
import pytest

from gallery.adapters.photos.encoding import Wanted, encode
from gallery.adapters.photos.read import read
from gallery.adapters.redactors import RegionRedactor
from gallery.adapters.verifying.verify import verify
from gallery.domain.errors import BadPhoto, NotWritten
from gallery.domain.faces import Detection, Photo
from gallery.domain.geometry import Box

pytestmark = pytest.mark.models

MOST = 600_000
WAYS = (
    Wanted(),
    Wanted(keep_metadata=True),
    *(Wanted("JPEG", quality) for quality in (5, 30, 75, 95)),
    *(Wanted("WEBP", quality) for quality in (5, 30, None)),
    *(Wanted("AVIF", quality) for quality in (5, None)),
    *(Wanted("HEIF", quality) for quality in (5, None)),
    Wanted("PNG"),
)


def photographs(folder: Path) -> list[Photo]:
    paths = [path for part in ("formats", "metadata", "orientation") for path in (folder / "awkward" / part).iterdir()]
    paths += sorted((folder / "groups" / "friends" / "photos").iterdir())[::3]
    paths += sorted((folder / "detection" / "cmu-mit").glob("*.jpg"))[::12]
    found = []
    for path in sorted(paths):
        try:
            photo = read(path, 10**8)
        except BadPhoto:
            continue
        if photo.pixels[..., 0].size <= MOST:
            found.append(photo)
    return found


def some_boxes(chance: random.Random, width: int, height: int) -> list[Box]:
    boxes = []
    for _ in range(3):
        side = chance.randint(16, max(17, min(width, height) // 4))
        box = Box(chance.randint(0, max(0, width - side)), chance.randint(0, max(0, height - side)), side, side)
        boxes.append(box.clip(width, height) or Box(0, 0, 1, 1))
    return boxes


def test_right_files_pass_and_files_without_redaction_do_not(shared_data: Path, tmp_path: Path) -> None:
    chance, path, passed, refused = random.Random(5), tmp_path / "written", 0, 0
    pytest.importorskip("pillow_heif")
    for number, photo in enumerate(photographs(shared_data)):
        boxes = some_boxes(chance, *photo.size)
        redactor = RegionRedactor(method=("blur", "pixelate", "solid")[number % 3])
        pixels = redactor.redact(photo.pixels, [Detection(box, 0.9) for box in boxes])
        for wanted in WAYS if number % 8 == 0 else chance.sample(WAYS, 2):
            data = encode(pixels, photo, wanted)
            path.write_bytes(data)
            found = verify(path, hashlib.sha256(data).hexdigest(), pixels, photo, boxes, wanted)
            assert found.shape == pixels.shape
            passed += 1
            data = encode(photo.pixels, photo, wanted)
            path.write_bytes(data)
            # At quality 5, coding a picture of 64×64 pixels costs as much as covering what is no face does.
            tiny = wanted.quality == 5 and min(photo.size) < 100
            if np.abs(pixels.astype(int) - photo.pixels).max() > 20 and not tiny:
                with pytest.raises(NotWritten):
                    verify(path, hashlib.sha256(data).hexdigest(), pixels, photo, boxes, wanted)
                refused += 1
    assert passed > 80
    assert refused > 150
