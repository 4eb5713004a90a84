"""What is looked for is found wherever it lies, and what somebody else has is not taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.store.traces import AROUND, PIECE, Needle, pieces, search, surroundings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_a_file_that_is_not_there_or_empty_holds_nothing(file):
    assert search(file, [Needle("x", b"x")]) == []
    file.touch()
    assert search(file, [Needle("x", b"x")]) == []


@pytest.mark.parametrize("place", ["begin", "middle", "end"])
def test_it_is_found_wherever_it_lies(file, place):
    before, after = {"begin": (0, 9000), "middle": (5000, 5000), "end": (9000, 0)}[place]
    file.write_bytes(b"\0" * before + b"secret" + b"\0" * after)

    assert search(file, [Needle("a secret", b"secret"), Needle("another", b"other")]) == ["a secret"]


def test_a_part_of_a_blob_is_found_as_well_as_the_whole(file):
    blob = b"".join(n.to_bytes(2) for n in range(512))
    for part in (blob, blob[300:], blob[:600], blob[-PIECE:]):
        file.write_bytes(b"x" * 100 + part + b"x" * 100)
        assert set(search(file, pieces("a crop", blob))) == {"a crop"}
    file.write_bytes(blob[:PIECE])
    assert search(file, pieces("a crop", blob)) == []


def test_a_short_blob_is_looked_for_as_a_whole():
    assert pieces("a template", b"1234") == [Needle("a template", b"1234")]


@given(st.binary(min_size=4 * PIECE, max_size=40 * PIECE))
def test_pieces_are_parts_of_the_blob(blob):
    for needle in pieces("it", blob):
        assert len(needle.content) == PIECE
        assert needle.content in blob


def needle(name: bytes, *texts: bytes) -> Needle:
    return Needle("the name", name, surroundings(name, texts))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"..Joanna..", False),
        (b"..Joanna..anna..", True),
        (b"anna", True),
        (b"Joanna", False),
        (b"..joanna..", True),
        (b"Joann", False),
        (b"Joanna" * 3, False),
    ],
)
def test_what_is_a_part_of_something_allowed_does_not_count(file, content, found):
    file.write_bytes(content)

    assert bool(search(file, [needle(b"anna", b"Joanna")])) is found


def test_a_text_that_is_the_name_allows_it_everywhere(file):
    file.write_bytes(b"anna, anna")

    assert search(file, [needle(b"anna", b"anna")]) == []


def test_of_a_long_text_only_the_surroundings_matter(file):
    """A file holds it in several pieces, with a page's header between them."""
    text = b"a" * 5000 + b" Joanna " + b"b" * 5000
    file.write_bytes(text[:4000] + b"\0\0\0\7" + text[4000:])

    assert search(file, [needle(b"anna", text)]) == []


@given(st.binary(max_size=60), st.binary(min_size=1, max_size=3))
def test_surroundings_are_where_it_stands(text, content):
    around = surroundings(content, [text])

    assert bool(around) is (content in text)
    for one in around:
        assert one in text
        assert content in one
        assert len(one) <= len(content) + 2 * AROUND


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=4))
def test_without_anything_allowed_the_search_says_whether_it_is_there(tmp_path_factory, content, wanted):
    file = tmp_path_factory.getbasetemp() / "searched"
    file.write_bytes(content)

    assert bool(search(file, [Needle("it", wanted)])) is (wanted in content)
