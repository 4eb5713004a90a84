"""Which photos are meant, and what their outputs are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.errors import BadArgument
from gallery.domain.selecting import Selection, require_own_targets


@pytest.mark.parametrize(
    ("pattern", "path", "excluded"),
    [
        ("*.png", "a/x.png", True),
        ("*.png", "a/x.jpg", False),
        ("a", "a/x.png", True),
        ("a", "b/a.png", False),
        ("a/*", "a/b/x.png", True),  # a star runs over folders in a whole path
        ("b/*", "a/b/x.png", False),
        ("a/x.png", "a/x.png", True),
        ("?.png", "a/x.png", True),
        ("[xy].png", "a/z.png", False),
        ("X.PNG", "x.png", False),
        ("", "x.png", False),
    ],
)
def test_a_pattern_fits_a_path_or_a_name_on_its_way(pattern: str, path: str, excluded: bool) -> None:
    fitting = Selection(exclude=("nothing.fits.this", pattern)).fitting(Path(path))
    assert fitting == ([pattern] if excluded else [])


def test_nothing_is_left_out_unless_it_is_asked_for() -> None:
    assert Selection().fitting(Path("a/x.jpg")) == []


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("private", True),
        ("private/", True),
        ("private/*", True),
        ("tree/private", True),
        ("./tree/private/*", True),
        ("tree/private/x.jpg", True),
        ("*/private/*", True),
        ("/home/me/tree/private", True),
        ("PRIVATE", False),
        ("tree", False),  # the folder that was named is not on the way below it
        ("me", False),
        ("/home", True),
        ("private/y.jpg", False),
    ],
)
def test_paths_may_be_spelt_as_people_spell_them(pattern: str, fits: bool) -> None:
    place, given, whole = Path("private/x.jpg"), Path("tree/private/x.jpg"), Path("/home/me/tree/private/x.jpg")
    assert bool(Selection(exclude=(pattern,)).fitting(place, given, whole)) == fits


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("x.jpg", "x.jpg", "would both be written as x.jpg"),
        ("x.jpg", "X.JPG", "many disks do not tell apart"),
        ("a/x.jpg", "A/x.jpg", "many disks do not tell apart"),
        ("caf\u00e9.jpg", "cafe\u0301.jpg", "many disks do not tell apart"),
        ("straße.jpg", "STRASSE.jpg", "many disks do not tell apart"),
    ],
)
def test_two_files_with_one_output_are_refused(one: str, other: str, words: str) -> None:
    with pytest.raises(BadArgument, match=words) as caught:
        require_own_targets([(Path("in/1"), Path(one)), (Path("in/2"), Path(other))])
    assert "in/1" in caught.value.message
    assert "in/2" in caught.value.message
    assert caught.value.hint


@given(st.sets(st.integers(0, 10**6)))
def test_different_outputs_are_fine(numbers: set[int]) -> None:
    require_own_targets((Path(f"in/{number}"), Path(f"{number}.jpg")) for number in numbers)
