"""A photo takes no more memory than is planned for it."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from gallery.adapters.photos.size import _USUAL_BYTES, size_of
from gallery.domain.faces import Photo

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak is counted otherwise")
def test_sixteen_bits_with_opacity_take_what_is_planned(tmp_path: Path) -> None:
    from measure_decoding import bytes_per_pixel

    path = tmp_path / "a.png"
    levels = np.random.default_rng(1).integers(0, 2**16, (4000, 4000, 4), dtype=np.uint16)
    cv2.imwrite(str(path), levels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert bytes_per_pixel(path) <= 1.3 * size_of(path, 10**8) * _USUAL_BYTES / 16_000_000


def test_laying_on_white_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    pixels, alpha = rng.integers(0, 256, (37, 23, 3), np.uint8), rng.integers(0, 256, (37, 23), np.uint8)
    share = alpha[:, :, None].astype(np.float32) / 255
    whole = np.round(pixels * share + 255 * (1 - share)).astype(np.uint8)
    for at_once in (1, 50, 10**6):
        monkeypatch.setattr("gallery.domain.faces._AT_ONCE", at_once)
        assert (Photo(Path("a"), "0" * 64, pixels, "PNG", alpha).opaque().pixels == whole).all()
