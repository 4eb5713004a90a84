"""Lists of pairs, and of errors in their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.adapters.labels.pairs import image_files, read_label_errors, read_pairs
from gallery.domain.errors import BadLabels
from gallery.domain.verification import ImageName, Pair

GOOD = "2\t1\nAda\t1\t2\nAda\t1\tBen\t3\nBen\t1\t3\nBen\t2\tEve\t1\n"


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "pairs.txt"


def test_a_list_like_lfws(file):
    file.write_text(GOOD)

    pairs = read_pairs(file)

    assert len(pairs.folds) == 2
    assert pairs.folds[0] == (
        Pair(ImageName("Ada", 1), ImageName("Ada", 2)),
        Pair(ImageName("Ada", 1), ImageName("Ben", 3)),
    )
    assert [pair.same for pair in pairs.pairs] == [True, False, True, False]


def test_spaces_do_as_well_and_names_may_hold_them_between_tabs(file):
    file.write_text(GOOD.replace("\t", " "))
    with_spaces = read_pairs(file)
    file.write_text(GOOD.replace("Ada", "Ada Lovelace"))

    assert with_spaces.images[0] == ImageName("Ada", 1)
    assert read_pairs(file).images[0] == ImageName("Ada Lovelace", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no pairs"),
        ("Ada\t1\t2\n", "line 1"),
        ("1\t300\nAda\t1\t2\n", "at least 2"),
        ("10 300\nAda\t1\t2\n", "holds 1 pairs; its first line (10 folds of 300 pairs of each kind) promises 6000"),
        (GOOD.replace("Ada\t1\t2", "Ada\t1"), "line 2: 'Ada 1' is not a pair"),
        (GOOD.replace("Ada\t1\t2", "Ada\t1\ttwo"), "line 2: 'Ada 1 two' is not a pair: images are counted from 1"),
        (GOOD.replace("Ada\t1\t2", "Ada\t0\t2"), "counted from 1"),
        (GOOD.replace("Ada\t1\tBen\t3", "Ada\t1\tAda\t3"), "line 3: 'Ada 1 Ada 3' is not a pair of two people"),
        (GOOD + "x" * 100 + "\n", "line 6: 'x" + "x" * 56 + "...'"),
    ],
)
def test_malformed_lists(file, text, said):
    file.write_text(text)

    with pytest.raises(BadLabels) as caught:
        read_pairs(file)

    assert said in caught.value.message
    assert "pairs.txt" in caught.value.message
    assert caught.value.hint


def test_files_that_are_no_text(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")

    for path, said in ((tmp_path / "photo.jpg", "not a text"), (tmp_path / "gone", "no file"), (tmp_path, "directory")):
        with pytest.raises(BadLabels, match=said):
            read_pairs(path)


def test_errors_in_names(file):
    file.write_text("# found by eye\n\nJoseph_Blatter Sepp_Blatter\nMartha_Bowen 2\n")

    errors = read_label_errors(file)

    assert errors.aliases == (("Joseph_Blatter", "Sepp_Blatter"),)
    assert errors.misnamed == {ImageName("Martha_Bowen", 2)}


@pytest.mark.parametrize("text", ["# nothing\n", "Ada\n", "Ada Ada\n", "Ada Ben Eve\n", "Ada 0\n"])
def test_malformed_errors_in_names(file, text):
    file.write_text(text)

    with pytest.raises(BadLabels, match=r"pairs\.txt"):
        read_label_errors(file)


OWN = sorted((Path(__file__).resolve().parents[2] / "assets" / "labels").glob("lfw*.txt"))


def test_this_projects_own_lists_can_be_read():
    assert OWN
    for file in OWN:
        assert len(read_label_errors(file)) >= 10


def test_where_the_images_lie(tmp_path):
    images = [ImageName("Ada", 1), ImageName("Ada", 2), ImageName("Ben", 12)]
    for image, suffix in zip(images, (".jpg", ".png", ".jpg"), strict=True):
        (tmp_path / image.name).mkdir(exist_ok=True)
        (tmp_path / image.name / f"{image}{suffix}").touch()

    files = image_files(tmp_path, images, Path("pairs.txt"), tmp_path)

    assert [file.name for file in files.values()] == ["Ada_0001.jpg", "Ada_0002.png", "Ben_0012.jpg"]


def test_a_list_that_does_not_match_the_folder(tmp_path):
    (tmp_path / "Ada").mkdir()
    (tmp_path / "Ada" / "Ada_0001.jpg").touch()

    with pytest.raises(BadLabels) as caught:
        image_files(tmp_path, [ImageName("Ada", 1), ImageName("Ben", 2)], Path("pairs.txt"), Path("lfw.zip"))

    assert "1 of the 2 images that pairs.txt names are not in lfw.zip: first Ben/Ben_0002.jpg" in caught.value.message
