"""Distances as bars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gallery.cli.bars import bar

WIDTHS = st.integers(3, 60)
DISTANCES = st.floats(0, 200, allow_nan=False)


@given(DISTANCES, st.floats(0, 150), WIDTHS, st.booleans())
def test_a_bar_is_as_wide_as_asked_and_passes_its_mark_only_beyond_the_threshold(value, threshold, width, plain):
    drawn = bar(value, threshold, width, plain).plain
    assert len(drawn) == width
    mark = width // 2
    assert drawn[mark] == ("|" if plain else "│")
    assert drawn.isascii() == plain
    if value <= threshold:
        assert drawn[mark + 1 :].strip() == ""
    elif not plain:
        assert drawn[mark + 1 :].strip() != ""


def test_lengths():
    assert bar(0.0, 0.5, 9).plain == "    │    "
    assert bar(0.25, 0.5, 9).plain == "██  │    "
    assert bar(0.5, 0.5, 9).plain == "████│    "
    assert bar(0.75, 0.5, 9).plain == "████│██  "
    assert bar(2.0, 0.5, 9).plain == "████│███▶"
    assert bar(2.0, 0.5, 9, ascii_only=True).plain == "####|###>"


def test_colours_tell_whether_it_matches():
    assert bar(0.4, 0.5, 9).style == "green"
    assert bar(0.6, 0.5, 9).style == "yellow"
