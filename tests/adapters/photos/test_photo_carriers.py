"""Which way up a photo is, where viewers disagree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.photos.carriers import ways_of
from gallery.adapters.photos.formats import READ, name_of
from gallery.adapters.photos.orientation import DOUBTFUL
from made_photos import UPRIGHT, apart, drawn, file_of, photo_of, turned
from oriented_photos import BY_BROWSERS, NOT_IN_BROWSERS, SHORT, jpeg, tiff

EVERY = BY_BROWSERS | NOT_IN_BROWSERS
PICTURES = {name: made for name, made in EVERY.items() if not name.endswith(".tif")}
QUARTERS = {1: 0, 3: 2, 6: 3, 8: 1}  # clockwise by 0, 180, 90 and 270 degrees, counted the other way round


@pytest.mark.parametrize("name", EVERY)
def test_every_word_on_it_is_found(name: str) -> None:
    data, browsers, others = EVERY[name]
    ways = ways_of(data, name_of(data))
    assert ways.browsers == browsers
    assert ways.others - {browsers} == others


@pytest.mark.parametrize("name", PICTURES)
def test_a_photo_is_read_as_browsers_show_it_and_the_other_ways_are_remarked(tmp_path: Path, name: str) -> None:
    data, browsers, others = PICTURES[name]
    photo = photo_of(tmp_path, data)
    assert photo.pixels.shape == UPRIGHT[browsers](drawn()).shape
    assert apart(photo.pixels, UPRIGHT[browsers](drawn())).mean() < 3
    assert photo.turns == tuple(sorted({(QUARTERS[one] - QUARTERS[browsers]) % 4 for one in others}))
    assert (DOUBTFUL in photo.remarks) == bool(others)


@pytest.mark.parametrize("shown", UPRIGHT)
@pytest.mark.parametrize("other", UPRIGHT)
def test_the_turn_leads_from_one_way_to_the_other_but_for_a_mirror(tmp_path: Path, shown: int, other: int) -> None:
    photo = photo_of(tmp_path, jpeg(b"Exif\0\0" + tiff(shown, SHORT, 1, "<", other)))
    wanted = UPRIGHT[other](drawn())
    (turn,) = photo.turns or (0,)
    seen = np.rot90(photo.pixels, turn)
    assert seen.shape == wanted.shape
    assert min(apart(seen, wanted).mean(), apart(seen[:, ::-1], wanted).mean()) < 3
    assert (DOUBTFUL in photo.remarks) == (shown != other)


def test_an_ordinary_photo_is_looked_at_one_way(tmp_path: Path) -> None:
    for kind in ("JPEG", "TIFF", "AVIF", "HEIF"):
        exif = turned(6)
        photo = photo_of(tmp_path, file_of(drawn(), kind, exif=exif.tobytes() if kind == "HEIF" else exif))
        assert (photo.turns, photo.remarks) == ((), ())


@given(st.sampled_from(sorted(EVERY)), st.data())
def test_whatever_is_damaged_something_sensible_is_said(name: str, data: st.DataObject) -> None:
    whole = bytearray(EVERY[name][0])
    for place in data.draw(st.lists(st.integers(0, min(400, len(whole) - 1)), max_size=8)):
        whole[place] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    for kind in READ:
        ways = ways_of(cut, kind)
        assert {ways.browsers, *ways.others} <= set(range(1, 9))
