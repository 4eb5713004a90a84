"""Tables of what is known of faces."""

from __future__ import annotations

import pytest

from gallery.adapters.labels.folders import singles
from gallery.adapters.labels.groups import read_groups, without_repeated
from gallery.domain.errors import BadLabels, BadPhoto


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos" / "more").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg", "more/c, the third.jpg"):
        (tmp_path / "photos" / name).write_bytes(b"")
    return tmp_path / "photos"


def write(folder, text: str | bytes):
    file = folder.parent / "labels.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def read(folder, text: str | bytes):
    return {str(path.relative_to(folder)): row for path, row in read_groups(write(folder, text), folder).items()}


def test_any_column_but_the_file_makes_groups(folder):
    text = 'age, file ,"school class"\n3-9,a.jpg,"5b\nold"\n\n,b.jpg,"5c, north"\n10-19,"more/c, the third.jpg",\n'
    assert read(folder, text) == {
        "a.jpg": {"age": "3-9", "school class": "5b\nold"},
        "b.jpg": {"age": "", "school class": "5c, north"},
        "more/c, the third.jpg": {"age": "10-19", "school class": ""},
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_as_spreadsheets_write_it(folder, encoding):
    text = "file,größe\r\na.jpg,groß\r\nb.jpg,klein\r\n"
    assert read(folder, text.encode(encoding))["a.jpg"] == {"größe": "groß"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line of column names"),
        ("a.jpg,3-9\nb.jpg,3-9\n", "line of column names"),
        ("file\na.jpg\nb.jpg\n", "line of column names"),
        ("file,age,\na.jpg,3,4\nb.jpg,3,4\n", "line of column names"),
        ("file,age,age\na.jpg,3,4\nb.jpg,3,4\n", "two columns of one name"),
        ("file,age\na.jpg,3\n", "names 1 photos"),
        ("file,age\na.jpg,3\nb.jpg\n", "line 3: 1 values do not go with 2 columns"),
        ("file,age\na.jpg,3\nb.jpg,3,4\n", "line 3: 3 values do not go with 2 columns"),
        ("file,age\na.jpg,3\na.jpg,4\n", "line 3: the photo 'a.jpg' stands there twice"),
        ("file,age\na.jpg,3\n,4\n", "line 3: no photo is named"),
        ("file,age\na.jpg,3\nz.jpg,4\n", "'z.jpg', which is not in"),
        ('file,age\na.jpg,"3"x\nb.jpg,4\n', "line 2, is not CSV"),
    ],
)
def test_what_is_wrong_is_said_with_the_line(folder, text, said):
    with pytest.raises(BadLabels) as caught:
        read(folder, text)
    assert said in caught.value.message
    assert caught.value.hint


def test_a_table_that_is_not_there(folder):
    with pytest.raises(BadLabels, match="There is no file"):
        read_groups(folder / "none.csv", folder)


def test_a_photo_each_or_a_folder_each(folder):
    assert [name.rpartition("/")[2] for name in singles(folder)] == ["more", "a.jpg", "b.jpg"]
    (folder / "more" / "c, the third.jpg").rename(folder / "c.jpg")
    (folder / "more").rmdir()
    assert [len(paths) for paths in singles(folder).values()] == [1, 1, 1]
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(BadPhoto):
        singles(folder)


class TestTheSamePersonTwice:
    def left(self, folder, text: str) -> list[str]:
        known = read_groups(write(folder, 'file,age\na.jpg,3\nb.jpg,4\n"more/c, the third.jpg",5\n'), folder)
        file = folder.parent / "same.txt"
        file.write_text(text)
        return [path.name for path in without_repeated(known, file)]

    def test_only_the_first_photo_stays(self, folder):
        assert self.left(folder, "# by eye\nb a.jpg\n") == ["b.jpg", "c, the third.jpg"]
        assert self.left(folder, "nowhere\tb\tc, the third\ta\n") == ["b.jpg"]

    @pytest.mark.parametrize(
        ("text", "said"), [("a\n", "two or more photos"), ("x y\n", "no two photos"), ("", "no two")]
    )
    def test_a_list_that_says_nothing(self, folder, text, said):
        with pytest.raises(BadLabels, match=said):
            self.left(folder, text)
