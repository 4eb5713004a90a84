"""How many faces of which size make one page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.shown_faces.sheet_layout import CELLS, LARGEST_PAGE, NARROWEST, lay_out


def test_a_few_faces_are_shown_large():
    layout = lay_out([3, 5])
    assert layout.cell == CELLS[0]
    assert layout.width == NARROWEST


def test_sixty_thousand_faces_make_one_page():
    layout = lay_out([10_000, 49_000, 1_000])
    assert layout.cell.side >= 20
    assert layout.width * layout.height <= LARGEST_PAGE


def test_more_than_can_be_seen_make_none():
    assert lay_out([10_000_000]) is None


@given(st.lists(st.integers(0, 20_000), min_size=2, max_size=3))
def test_cells_lie_inside_the_page_one_section_below_the_other(sections):
    layout = lay_out(sections)
    assert layout.width * layout.height <= LARGEST_PAGE
    end = 0
    for section, faces in enumerate(sections):
        assert layout.top(section) >= end
        end = layout.top(section)
        for index in {0, faces // 2, faces - 1} if faces else ():
            x, y = layout.place(section, index)
            assert 0 <= x <= layout.width - layout.cell.width
            assert layout.top(section) < y <= layout.height - layout.cell.height
            end = max(end, y + layout.cell.height)
