from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.photos.expand import below, expand, find, naturally_sorted
from gallery.domain.errors import BadArgument, BadPhoto


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")


def test_a_folder_gives_its_photos_in_the_order_people_count(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("img10.jpg", "img2.JPG", "img1.png", "notes.txt", ".hidden.jpg", "sub/a.jpg")))
    (tmp_path / "album.jpg").mkdir()
    assert expand([tmp_path]) == [
        (tmp_path / "img1.png", Path("img1.png")),
        (tmp_path / "img2.JPG", Path("img2.JPG")),
        (tmp_path / "img10.jpg", Path("img10.jpg")),
    ]


@pytest.mark.parametrize("name", ["a.heic", "a.avif", "a.mpo"])
def test_photos_of_formats_that_are_not_read_are_not_passed_over_in_silence(tmp_path: Path, name: str) -> None:
    touch(tmp_path / name)
    assert expand([tmp_path]) == [(tmp_path / name, Path(name))]


def test_a_dangling_link_in_a_folder_is_not_passed_over_either(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    assert expand([tmp_path]) == [(tmp_path / "a.jpg", Path("a.jpg"))]


def test_a_named_file_is_taken_whatever_it_is_called_and_whether_it_exists(tmp_path: Path) -> None:
    touch(tmp_path / "photo.dat")
    missing = tmp_path / "missing.jpg"
    found = expand([tmp_path / "photo.dat", missing])
    assert found == [(tmp_path / "photo.dat", Path("photo.dat")), (missing, Path("missing.jpg"))]


def test_names_that_no_file_can_have_are_left_to_reading() -> None:
    paths = [Path("a" * 300 + ".jpg"), Path("nul\0.jpg")]
    assert [file for file, _ in expand(paths)] == paths


def test_two_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "x.jpg", tmp_path / "b" / "x.jpg"
    touch(one, other)
    with pytest.raises(BadArgument, match=r"a/x\.jpg and .*b/x\.jpg") as caught:
        expand([one, tmp_path / "b"])
    assert caught.value.hint


def test_the_same_file_given_twice_counts_once(tmp_path: Path) -> None:
    file, link = tmp_path / "a" / "x.jpg", tmp_path / "b" / "x.jpg"
    touch(file)
    link.parent.mkdir()
    link.symlink_to(file)
    assert expand([file, tmp_path / "a", tmp_path / "b" / ".." / "a" / "x.jpg", link]) == [(file, Path("x.jpg"))]


def test_files_of_one_name_can_be_found_together_where_nothing_is_written(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "x.jpg", tmp_path / "b" / "x.jpg"
    touch(one, other)
    assert find([tmp_path / "a", other, one]) == [one, other]


def test_a_link_of_another_name_gets_its_own_output(tmp_path: Path) -> None:
    touch(tmp_path / "a.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    assert [target.name for _, target in expand([tmp_path])] == ["a.jpg", "b.jpg"]


def test_links_in_a_circle_do_no_harm(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.jpg").symlink_to(tmp_path / folder / "x.jpg")
    with pytest.raises(BadArgument):
        expand([tmp_path / "a", tmp_path / "b"])


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "notes.txt")
    with pytest.raises(BadPhoto, match="holds no photo") as caught:
        expand([tmp_path])
    assert "JPEG" in caught.value.hint


def test_a_folder_that_may_not_be_listed_is_refused(unprivileged: Path) -> None:
    folder = unprivileged / "closed"
    folder.mkdir(mode=0o300)
    with pytest.raises(BadPhoto, match="cannot be listed"):
        expand([folder])


def test_nothing_gives_nothing() -> None:
    assert expand([]) == []


@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_in_names_are_sorted_by_value(numbers: list[int]) -> None:
    names = naturally_sorted(Path(f"IMG_{number}.jpg") for number in numbers)
    assert names == [Path(f"IMG_{number}.jpg") for number in sorted(numbers)]


@given(st.lists(st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1)))
def test_any_names_can_be_sorted_and_the_order_given_makes_no_difference(names: list[str]) -> None:
    paths = [Path(f"x{name}") for name in names]
    assert naturally_sorted(paths) == naturally_sorted(paths[::-1])


def test_all_photos_below_a_folder(tmp_path: Path) -> None:
    names = ("b/2.jpg", "b/10.jpg", "b/deep/x.png", "a/1.jpg", "top.jpg", "a/notes.txt", ".hidden/y.jpg")
    touch(*(tmp_path / name for name in names))
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    found = [file.relative_to(tmp_path).as_posix() for file in below(tmp_path)]
    assert found == ["top.jpg", "a/1.jpg", "b/2.jpg", "b/10.jpg", "b/deep/x.png"]


def test_no_photo_below_a_folder(tmp_path: Path) -> None:
    touch(tmp_path / "sub" / "notes.txt")
    for folder, cause in ((tmp_path, "holds no photo"), (tmp_path / "gone", "no folder"), (Path("nul\0"), "no folder")):
        with pytest.raises(BadPhoto, match=cause):
            below(folder)
