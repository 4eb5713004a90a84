"""Lists of faces' boxes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.adapters.labels.boxes import photo_files, read_boxes
from gallery.domain.errors import BadLabels
from gallery.domain.geometry import Box


def test_corners_become_boxes(tmp_path):
    file = tmp_path / "faces.txt"
    file.write_text("a.jpg 10 20 30 50\nb c.jpg 1.4 2 3.6 5\na.jpg 0 0 5 5\nempty.jpg\n")

    assert read_boxes(file) == {
        "a.jpg": (Box(10, 20, 20, 30), Box(0, 0, 5, 5)),
        "b c.jpg": (Box(1, 2, 3, 3),),
        "empty.jpg": (),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.jpg 1 2 3\n", "line 1: 'a.jpg 1 2 3' is not a face"),
        ("# faces\na.jpg 1 2 3 four\n", "line 2"),
        ("a.jpg 10 20 10 30\n", "x2 must be larger"),
        ("a.jpg 10 20 30 nan\n", "y2 than y1"),
        ("a.jpg\n", "names no face"),
        ("", "names no face"),
    ],
)
def test_malformed_lists_of_boxes(tmp_path, text, said):
    file = tmp_path / "faces.txt"
    file.write_text(text)

    with pytest.raises(BadLabels) as caught:
        read_boxes(file)

    assert said in caught.value.message
    assert "faces.txt" in caught.value.message


def test_labels_that_name_no_photo(tmp_path):
    (tmp_path / "a.jpg").touch()
    named = {"a.jpg": 1, "b.jpg": 2, "c.jpg": 3}

    with pytest.raises(BadLabels, match=r"faces\.txt names 2 photos that are not in .*: first 'b\.jpg'"):
        photo_files(tmp_path, named, Path("faces.txt"))
    with pytest.raises(BadLabels, match=r"names the photo 'b\.jpg', which is not in"):
        photo_files(tmp_path, {"b.jpg": 2}, Path("faces.txt"))
    assert photo_files(tmp_path, {"a.jpg": 1}, Path("faces.txt")) == {tmp_path / "a.jpg": 1}
