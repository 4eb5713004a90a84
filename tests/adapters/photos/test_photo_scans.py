"""A JPEG file that would keep the decoder busy for hours is refused at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery.adapters.photos.scans import MOST, TooManyScans, require_few_scans
from gallery.domain.errors import BadPhoto
from made_photos import drawn, file_of, photo_of


def with_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan is repeated until there are so many."""
    data = file_of(drawn(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xc4", 0, data.rindex(b"\xff\xda"))  # from its Huffman table on
    return data[:-2] + data[last:-2] * (count - data.count(b"\xff\xda")) + data[-2:]


def test_many_scans_are_decoded_and_too_many_refused(tmp_path: Path) -> None:
    assert photo_of(tmp_path, with_scans(MOST)).size == (96, 64)
    with pytest.raises(BadPhoto, match=r"photo is a JPEG file of more than 100 scans\.") as caught:
        photo_of(tmp_path, with_scans(MOST + 1))
    assert caught.value.hint


def test_what_follows_a_picture_and_what_stands_in_its_segments_does_not_count(tmp_path: Path) -> None:
    film = np.random.default_rng(0).bytes(1000) + b"\xff\xda" * 999
    assert photo_of(tmp_path, file_of(drawn(), "JPEG") + film).size == (96, 64)
    assert photo_of(tmp_path, file_of(drawn(), "JPEG", comment=b"\xff\xda" * 999)).size == (96, 64)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff\xda" * 101, b"\xff\xda" * 60000])
def test_rubbish_is_walked_through_to_its_end(data: bytes) -> None:
    try:
        require_few_scans(data)
    except TooManyScans:
        assert len(data) > 2 * MOST
