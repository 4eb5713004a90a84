"""Text on pictures, with a font that knows ASCII only and with a wider one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies
from PIL import Image, ImageDraw, ImageFont

from gallery.adapters.shown_faces.lettering import Lettering


@pytest.fixture(scope="module")
def narrow() -> Lettering:
    return Lettering([ImageFont.load_default(20)])


def test_what_the_font_lacks_is_escaped(narrow):
    assert narrow.line("Anna 王", 20).text == "Anna \\u738b"
    assert narrow.line("José", 20).text == "Jos\\xe9"
    assert narrow.line("😀", 20).text == "\\U0001f600"


def test_own_signs_become_plain_ones(narrow):
    assert narrow.line("0.200 ≤ 0.363 × 1", 20).text == "0.200 <= 0.363 x 1"


@pytest.mark.parametrize("sign", ["\n", "\r", "\x1b", "\u202e", "\u2028", "\ud800"])
def test_what_would_move_other_text_is_escaped_in_every_font(sign):
    text = Lettering().line(f"a{sign}b", 20).text
    assert text == "a" + (f"\\x{ord(sign):02x}" if sign.isascii() else f"\\u{ord(sign):04x}") + "b"


def test_a_name_that_fits_is_whole_and_a_long_one_is_cut(narrow):
    line = narrow.line("Anna", 20, 200)
    assert line.whole
    assert line.text == "Anna"
    cut = narrow.line("Anna " * 20, 20, 200)
    assert not cut.whole
    assert cut.text.startswith("Anna Anna")
    assert cut.text.endswith("…")
    assert 150 < cut.width <= 200


def test_an_escape_is_cut_as_a_whole(narrow):
    text = narrow.line("王" * 30, 20, 200).text
    assert text == "\\u738b" * (len(text) // 6) + "…"


def test_the_first_font_that_has_all_of_it_is_taken():
    matplotlib = pytest.importorskip("matplotlib")
    wide = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", 20)
    both = Lettering([ImageFont.load_default(20), wide])
    assert both.line("Anna", 20).font.getname()[0] == "Aileron"
    assert both.line("Ангела ≤", 20).font.getname()[0] == "DejaVu Sans"
    assert both.line("Ангела ≤", 20).text == "Ангела ≤"


@given(strategies.text(max_size=30), strategies.integers(8, 60), strategies.integers(30, 400))
def test_any_text_is_drawn_where_it_was_said_to_be(text, size, width):
    line = Lettering([ImageFont.load_default(20)]).line(text, size, width)
    assert line.width <= width or len(line.text) <= 3  # the sign for what was cut off stays
    colour = Image.new("RGB", (width + 200, line.height + 100))
    line.draw(ImageDraw.Draw(colour), 100, 50, (255, 255, 255))
    rows, columns, _ = np.nonzero(np.asarray(colour) > 100)
    if len(rows):
        assert columns.min() >= 95
        assert columns.max() <= 105 + line.width
        assert rows.min() >= 50 - size // 4
        assert rows.max() <= 50 + line.height + size // 4
