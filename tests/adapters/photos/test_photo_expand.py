from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.photos.expand import below, expand, find, naturally_sorted
from gallery.adapters.photos.read import read
from gallery.domain.errors import BadArgument, BadPhoto
from gallery.domain.selecting import Selection


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


# Folder trees


TREE = Selection(recursive=True)


def places(found: list[tuple[Path, Path]]) -> list[str]:
    return [target.as_posix() for _, target in found]


def test_a_tree_keeps_its_shape_and_an_output_folder_in_it_is_not_searched(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("x.jpg", "a/x.jpg", "a/b/x.jpg", "out/x.jpg", "out/a/x.jpg")))
    assert places(expand([tmp_path], TREE, tmp_path / "out")) == ["x.jpg", "a/x.jpg", "a/b/x.jpg"]
    assert places(expand([tmp_path], Selection(), tmp_path / "out")) == ["x.jpg"]


def test_files_and_folders_of_a_tree_can_be_left_out(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("x.jpg", "y.png", "a/x.jpg", "a/raw/x.jpg", "b/x.jpg")))
    for pattern, left in (
        ("raw", ["x.jpg", "y.png", "a/x.jpg", "b/x.jpg"]),
        ("*.png", ["x.jpg", "a/x.jpg", "a/raw/x.jpg", "b/x.jpg"]),
        ("a/*", ["x.jpg", "y.png", "b/x.jpg"]),
        ("X.JPG", ["x.jpg", "y.png", "a/x.jpg", "a/raw/x.jpg", "b/x.jpg"]),
    ):
        assert places(expand([tmp_path], Selection(recursive=True, exclude=(pattern,)))) == left, pattern


def test_a_named_file_can_be_left_out_and_something_must_be_left(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "x.jpg", tmp_path / "b" / "y.jpg"
    assert places(expand([one, other], Selection(exclude=("a",)))) == ["y.jpg"]
    with pytest.raises(BadPhoto, match="left after --exclude") as caught:
        expand([one, other], Selection(exclude=("*.jpg",)))
    assert caught.value.hint


@pytest.mark.parametrize("mode", [0o000, 0o300])
def test_a_subfolder_that_cannot_be_listed_fails_alone(unprivileged: Path, mode: int) -> None:
    touch(unprivileged / "a" / "x.jpg", unprivileged / "closed" / "x.jpg", unprivileged / "z" / "x.jpg")
    closed = unprivileged / "closed"
    closed.chmod(mode)
    assert below(unprivileged) == [unprivileged / "a" / "x.jpg", closed, unprivileged / "z" / "x.jpg"]
    found = expand([unprivileged], TREE)
    assert places(found) == ["a/x.jpg", "closed", "z/x.jpg"]
    with pytest.raises(BadPhoto, match="cannot be listed: Permission denied") as caught:
        read(closed, 100)
    assert str(closed) in caught.value.message
    assert places(expand([unprivileged], Selection(recursive=True, exclude=("closed",)))) == ["a/x.jpg", "z/x.jpg"]


def test_a_folder_whose_files_cannot_be_reached_is_not_passed_over(unprivileged: Path) -> None:
    touch(unprivileged / "half" / "x.jpg", unprivileged / "half" / "sub" / "y.jpg")
    (unprivileged / "half").chmod(0o600)  # names can be read, and nothing else
    assert places(expand([unprivileged], TREE)) == ["half/x.jpg", "half/sub"]
    for place, cause in (("x.jpg", "no permission"), ("sub", "cannot be read|no permission")):
        with pytest.raises(BadPhoto, match=cause):
            read(unprivileged / "half" / place, 100)


def test_a_tree_of_nothing_but_what_cannot_be_listed(unprivileged: Path) -> None:
    (unprivileged / "closed").mkdir(mode=0)
    assert places(expand([unprivileged], TREE)) == ["closed"]


# Patterns


def test_a_pattern_keeps_what_lies_below_its_fixed_part(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("a/10.jpg", "a/2.jpg", "b/2.jpg", "b/c/2.jpg", "b/notes.txt", "a/.2.jpg")))
    assert places(expand([tmp_path / "*" / "*.jpg"])) == ["a/2.jpg", "a/10.jpg", "b/2.jpg"]
    assert places(expand([tmp_path / "**" / "*"])) == ["a/2.jpg", "a/10.jpg", "b/2.jpg", "b/c/2.jpg"]
    assert places(expand([tmp_path / "a" / "?.jpg"])) == ["2.jpg"]
    assert places(expand([tmp_path / "*" / "[0-9].*"], output=tmp_path / "b")) == ["a/2.jpg"]
    with pytest.raises(BadPhoto, match="No photo fits the pattern"):
        expand([tmp_path / "*.gif"])


def test_what_exists_is_no_pattern(tmp_path: Path) -> None:
    touch(tmp_path / "x[1].jpg", tmp_path / "x1.jpg", tmp_path / "[a]" / "y.jpg")
    assert places(expand([tmp_path / "x[1].jpg", tmp_path / "[a]"])) == ["x[1].jpg", "y.jpg"]


def test_a_pattern_does_not_follow_links_round_in_a_circle(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "x.jpg")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert places(expand([tmp_path / "**" / "*.jpg"])) == ["a/x.jpg"]
    assert places(expand([tmp_path / "a" / "*" / "a" / "*.jpg"])) == ["round/a/x.jpg"]  # one link, asked for


def test_no_pattern_leads_out_of_the_output_folder(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "b" / "x.jpg", tmp_path / "y.jpg")
    assert places(expand([tmp_path / "a" / "*" / ".." / ".." / "*.jpg"])) == ["y.jpg"]


@pytest.mark.parametrize("pattern", ["*/*.jpg", "**/*.jpg", "**"])
def test_a_folder_that_a_pattern_cannot_look_into_fails_alone(unprivileged: Path, pattern: str) -> None:
    touch(unprivileged / "a" / "x.jpg", unprivileged / "closed" / "x.jpg")
    (unprivileged / "closed").chmod(0)
    assert places(expand([unprivileged / pattern])) == ["a/x.jpg", "closed"]


# Lists


def test_a_list_keeps_places_relative_to_each_other(tmp_path: Path) -> None:
    listed = (tmp_path / "t" / "a" / "x.jpg", tmp_path / "t" / "b" / "c" / "x.jpg", tmp_path / "t" / "a" / "x.jpg")
    found = expand([], Selection(listed=listed))
    assert found == [(listed[0], Path("a/x.jpg")), (listed[1], Path("b/c/x.jpg"))]
    assert places(expand([], Selection(listed=listed[:1]))) == ["x.jpg"]
    assert places(expand([], Selection(listed=listed, exclude=("b",)))) == ["a/x.jpg"]


def test_a_list_may_mix_absolute_and_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places(expand([], Selection(listed=(Path("a/x.jpg"), tmp_path / "b" / "x.jpg")))) == ["a/x.jpg", "b/x.jpg"]


def test_no_list_leads_out_of_the_output_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    listed = (Path("a/../../x.jpg"), Path("b/y.jpg"), Path("../../../../../../../../z.jpg"))
    for target in places(expand([], Selection(listed=listed))):
        assert not Path(target).is_absolute()
        assert ".." not in Path(target).parts


def test_a_listed_folder_keeps_its_name(tmp_path: Path) -> None:
    touch(tmp_path / "a" / "x.jpg", tmp_path / "b" / "x.jpg", tmp_path / "b" / "c" / "x.jpg")
    listed = (tmp_path / "a", tmp_path / "b")
    assert places(expand([], Selection(listed=listed))) == ["a/x.jpg", "b/x.jpg"]
    assert places(expand([], Selection(True, (), listed))) == ["a/x.jpg", "b/x.jpg", "b/c/x.jpg"]


def test_a_list_holds_no_patterns(tmp_path: Path) -> None:
    touch(tmp_path / "x1.jpg")
    assert places(expand([], Selection(listed=(tmp_path / "x[1].jpg",)))) == ["x[1].jpg"]


def test_what_is_named_keeps_its_place_though_it_is_listed_too(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "x.jpg", tmp_path / "b" / "y.jpg"
    touch(one, other)
    found = expand([one], Selection(listed=(one, other)))
    assert found == [(one, Path("x.jpg")), (one, Path("a/x.jpg")), (other, Path("b/y.jpg"))]
    assert expand([one], Selection(listed=(one,))) == [(one, Path("x.jpg"))]  # once where both places are the same


@given(st.lists(st.lists(st.sampled_from(["..", ".", "a", "b", "x.jpg"]), min_size=1, max_size=5), max_size=5))
def test_whatever_is_listed_its_output_lies_in_the_output_folder(lists: list[list[str]]) -> None:
    listed = tuple(Path("/nowhere/at/all", *parts, "x.jpg") for parts in lists)
    try:
        found = expand([], Selection(listed=listed))
    except BadArgument:
        return
    assert all(".." not in target.parts and not target.is_absolute() for _, target in found)
    assert len({target for _, target in found}) == len(found)
