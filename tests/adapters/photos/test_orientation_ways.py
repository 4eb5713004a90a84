"""Every way a picture can lie, and every other way another viewer may show it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gallery.adapters.photos.carriers import Ways
from gallery.adapters.photos.orientation import upright

STORED = np.arange(15, dtype=np.uint8).reshape(3, 5)

# CIPA DC-008, tag 0x0112: on which sides of the picture as it is seen the first stored row and column lie.
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


def seen(way: int) -> np.ndarray:
    """The stored picture as that orientation has it seen, pixel by pixel."""
    row, column = SIDES[way]
    on_its_side = row in ("left", "right")
    height, width = STORED.shape[::-1] if on_its_side else STORED.shape
    found = np.zeros((height, width), np.uint8)
    for y in range(height):
        for x in range(width):
            along_rows = x if on_its_side else y  # how far from the first stored row
            along_columns = y if on_its_side else x
            if row in ("bottom", "right"):
                along_rows = STORED.shape[0] - 1 - along_rows
            if column in ("bottom", "right"):
                along_columns = STORED.shape[1] - 1 - along_columns
            found[y, x] = STORED[along_rows, along_columns]
    return found


def turned(monkeypatch, way: int, *others: int):
    monkeypatch.setattr(
        "gallery.adapters.photos.orientation.ways_of", lambda _data, _kind: Ways(way, frozenset(others))
    )
    return upright(Image.fromarray(STORED), b"", "PNG")


@pytest.mark.parametrize("way", SIDES)
def test_a_picture_is_turned_as_its_first_row_and_column_say(monkeypatch, way):
    found = turned(monkeypatch, way, way)

    assert (np.asarray(found.image) == seen(way)).all()
    assert found.on_its_side is (way >= 5)
    assert (found.turns, found.doubtful) == ((), False), "all agree"


@pytest.mark.parametrize("other", SIDES)
@pytest.mark.parametrize("way", SIDES)
def test_turning_it_shows_it_as_another_viewer_does_mirrored_or_not(monkeypatch, way, other):
    found = turned(monkeypatch, way, other)

    expected = seen(other)
    fits = [
        quarters
        for quarters in range(4)
        if any(
            np.array_equal(np.rot90(np.asarray(found.image), quarters), one) for one in (expected, expected[:, ::-1])
        )
    ]
    if way == other:
        assert found.turns == ()
    elif found.turns:
        assert list(found.turns) == [one for one in fits if one in found.turns]
        assert len(found.turns) == 1
    else:
        assert 0 in fits, "a mirror image needs no turn"
    assert found.doubtful is (way != other)


def test_of_several_other_ways_each_turn_is_named_once(monkeypatch):
    assert turned(monkeypatch, 1, 3, 4, 6, 8, 1).turns == (1, 2, 3)
    assert turned(monkeypatch, 1).doubtful is False
    assert turned(monkeypatch, 6, 2).doubtful is True
