"""Photos packed as one file."""

from __future__ import annotations

import zipfile

import pytest

from gallery.adapters.archives import unpacked
from gallery.domain.errors import BadPhoto


def packed(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return path


def test_a_folder_stays_as_it_is(tmp_path):
    with unpacked(tmp_path) as folder:
        assert folder == tmp_path


def test_the_one_folder_of_an_archive(tmp_path):
    with unpacked(packed(tmp_path / "a.zip", "lfw/Ada/Ada_0001.jpg", "lfw/Ben/Ben_0001.jpg")) as folder:
        assert folder.name == "lfw"
        assert sorted(p.name for p in folder.iterdir()) == ["Ada", "Ben"]

    assert not folder.exists()


def test_an_archive_of_several_things(tmp_path):
    with unpacked(packed(tmp_path / "a.zip", "Ada/1.jpg", "Ben/1.jpg")) as folder:
        assert (folder / "Ada" / "1.jpg").is_file()


def test_nothing_lands_outside_the_temporary_folder(tmp_path):
    with unpacked(packed(tmp_path / "a.zip", "../../evil.jpg", "b.jpg")) as folder:
        assert sorted(p.name for p in folder.rglob("*.jpg")) == ["b.jpg", "evil.jpg"]

    assert not list(tmp_path.rglob("evil.jpg"))


def test_it_is_removed_when_something_fails(tmp_path):
    with pytest.raises(KeyError), unpacked(packed(tmp_path / "a.zip", "a.jpg")) as folder:
        raise KeyError

    assert not folder.exists()


def test_what_is_no_archive(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")

    for name, said in (("notes.txt", "neither a folder nor"), ("gone", "no folder")):
        with pytest.raises(BadPhoto, match=said), unpacked(tmp_path / name):
            pass
