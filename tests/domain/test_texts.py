"""Text from outside is read by the mark of its encoding, or refused; never taken apart."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gallery.domain.texts import decoded, listed_paths

NAME = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=12)
PATH = st.builds("{}/{}.jpg".format, NAME, NAME)
MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}


@given(st.lists(PATH, min_size=1), st.sampled_from(sorted(MARKED)), st.sampled_from(["\n", "\r\n", "\r", "\0"]))
def test_a_marked_list_holds_its_paths(paths, encoding, end):
    text = "".join(path + end for path in paths)
    assert listed_paths(MARKED[encoding] + text.encode(encoding)) == paths


@given(st.lists(PATH, min_size=1), st.sampled_from(["\n", "\r\n", "\0"]), st.booleans())
def test_an_unmarked_list_is_in_utf_8(paths, end, closed):
    assume(not paths[0].startswith("\ufeff"))
    data = end.join(paths).encode() + end.encode() * closed
    assert listed_paths(data) == paths


@given(st.lists(PATH, min_size=1), st.sampled_from(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]), st.data())
def test_a_list_without_its_mark_is_never_taken_apart(paths, encoding, data):
    assume(not paths[0].startswith(("\ufeff", "\ufffe")))
    text = "".join(path + data.draw(st.sampled_from(["\n", "\r\n", ""])) for path in paths)
    with pytest.raises(ValueError, match=r"UTF-16|codec"):
        listed_paths(text.encode(encoding))


@given(st.binary())
def test_whatever_comes_it_is_read_or_refused(data):
    try:
        paths = listed_paths(data)
    except ValueError:
        return
    assert all(path.strip() and "\0" not in path for path in paths)


def test_names_that_are_not_utf_8_can_be_listed_by_nul():
    (path,) = listed_paths(b"./caf\xe9.jpg\0")
    assert path.encode(errors="surrogateescape") == b"./caf\xe9.jpg"
    with pytest.raises(ValueError, match="utf-8"):
        listed_paths(b"./caf\xe9.jpg\n")


def test_the_folder_itself_may_stand_in_a_list():
    assert listed_paths(b".\0./a.jpg\0./b.jpg\0") == [".", "./a.jpg", "./b.jpg"]


def test_line_separators_that_are_part_of_a_name_stay():
    assert listed_paths("a\x0b\u2028\x85b.jpg\n".encode()) == ["a\x0b\u2028\x85b.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-8"])
def test_a_text_is_read_by_its_mark(encoding):
    assert decoded("a,1\nß,2\n".encode(encoding)) == "a,1\nß,2\n"


@pytest.mark.parametrize("data", ["a,1\n".encode("utf-16-le"), b"\xff\xfea", b"caf\xe9", b"a\0b"])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(ValueError, match=r"codec|NUL"):
        decoded(data)
