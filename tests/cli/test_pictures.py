"""Small pictures in the terminal."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.columns import Columns
from rich.console import Console
from rich.table import Table

from gallery.cli.pictures import picture, shows_pictures

RED, GREEN, BLUE, WHITE = (250, 0, 0), (0, 250, 0), (0, 0, 250), (255, 255, 255)
FOUR = np.array([[RED, GREEN], [BLUE, WHITE]], np.uint8)
ASKS = "from gallery.cli.output import console; from gallery.cli.pictures import shows_pictures; "
ASKS += "print(shows_pictures(console()))"


def console(colours="truecolor", width=80, terminal=True, encoding="utf-8", **environment) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding)
    return Console(
        file=file, force_terminal=terminal, color_system=colours, width=width, highlight=False, _environ=environment
    )


def drawn(renderable, on: Console) -> list[str]:
    on.print(renderable)
    on.file.flush()
    return on.file.buffer.getvalue().decode(on.file.encoding).splitlines()


def bare(lines: list[str]) -> list[str]:
    return [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]


def test_each_character_has_the_upper_pixels_colour_on_the_lower_ones():
    assert drawn(picture(FOUR, 2), console()) == [
        "\x1b[38;2;250;0;0;48;2;0;0;250m▀\x1b[0m\x1b[38;2;0;250;0;48;2;255;255;255m▀\x1b[0m"
    ]


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40))
def test_any_picture_has_exactly_the_width_asked_for(height, width, characters):
    lines = bare(drawn(picture(np.zeros((height, width, 3), np.uint8), characters), console()))

    assert set(lines) == {"▀" * characters}
    assert len(lines) == max(1, round(characters * height / width / 2))


def test_a_larger_picture_becomes_the_means_of_its_blocks():
    stripes = np.zeros((80, 60, 3), np.uint8)
    stripes[::2] = 200
    stripes[:, 30:, 0] = 40

    (line, *_) = drawn(picture(stripes, 2), console())

    assert line.count("100;100;100") == 2
    assert line.count("40;100;100") == 2


def test_a_smaller_picture_has_its_pixels_repeated():
    lines = drawn(picture(FOUR, 8), console())

    assert len(lines) == 4
    assert lines[0] == lines[1]
    assert lines[0].count("38;2;250;0;0") == lines[0].count("38;2;0;250;0") == 4


def test_four_stand_side_by_side_in_80_columns():
    portraits = [picture(np.full((64, 64, 3), grey, np.uint8)) for grey in (10, 80, 150, 220)]

    lines = bare(drawn(Columns(portraits), console()))

    assert lines == [" ".join(["▀" * 16] * 4).ljust(len(lines[0]))] * 8


def test_one_stands_in_each_row_of_a_table():
    table = Table.grid(padding=(0, 1))
    table.add_row(picture(FOUR, 8), "photo " * 30)

    lines = bare(drawn(table, console()))

    assert [line[:9] for line in lines] == ["▀" * 8 + " "] * 4
    assert max(map(len, lines)) <= 80


def test_where_there_is_less_room_it_is_cut_not_folded():
    assert bare(drawn(picture(FOUR, 16), console(width=10))) == ["▀" * 10] * 8


def test_a_terminal_of_256_colours_gets_them_in_grey():
    (line,) = drawn(picture(FOUR, 2), console("256"))

    colours = [int(number) for number in re.findall(r"[34]8;5;(\d+)", line)]
    # Red over blue, green over white, in the greys from 232 (nearly black) to 255 (nearly white), and 231 for white.
    assert colours == [238, 234, 245, 231]


@pytest.mark.parametrize("colours", ["truecolor", "256"])
def test_shown_on_a_terminal_with_colours(colours):
    assert shows_pictures(console(colours, TERM="xterm-256color"))


@pytest.mark.parametrize(
    ("why", "console"),
    [
        ("piped", console(terminal=False)),
        ("no colour wanted", console(NO_COLOR="1")),
        ("a dumb terminal", console(TERM="dumb")),
        ("an unknown terminal", console(TERM="unknown")),
        ("no colours", console(None)),
        ("sixteen colours", console("standard")),
        ("no such character", console(encoding="ascii")),
    ],
)
def test_not_shown(why, console):
    assert not shows_pictures(console), why


@pytest.mark.parametrize(
    ("term", "more", "expected"),
    [
        ("xterm-256color", {}, "True"),
        ("xterm", {"COLORTERM": "truecolor"}, "True"),
        ("xterm", {}, "False"),
        ("dumb", {}, "False"),
        ("xterm-256color", {"NO_COLOR": "1"}, "False"),
    ],
)
def test_on_a_real_terminal_nothing_is_asked_of_it(term, more, expected):
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLORTERM")}
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", ASKS], env=environment | {"TERM": term} | more, stdin=theirs, stdout=theirs, check=True
    )
    os.close(theirs)
    said = os.read(ours, 4096).decode()
    os.close(ours)

    assert said.split() == [expected], "the answer, and no question to the terminal"


def test_in_a_pipe_nothing_is_shown():
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("FORCE_COLOR", "TTY_"))}
    done = subprocess.run([sys.executable, "-c", ASKS], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False"]


def test_numpy_is_not_loaded_before_there_is_a_picture():
    code = "import sys, gallery.cli.pictures; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False"]
