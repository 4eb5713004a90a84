"""README.md says what the program prints."""

from __future__ import annotations

import pytest
from write_readme import COMMANDS, PARTS, README, part, printed


def test_every_command_is_in_the_reference():
    from typer.main import get_command

    from gallery.cli.app import app_for

    known = set()
    for name, command in get_command(app_for()).commands.items():
        if not command.hidden:
            inner = getattr(command, "commands", None)
            known |= {(name, sub) for sub in inner} if inner else {(name,)}

    assert known == {tuple(words) for words in COMMANDS}


def test_the_reference_is_not_stale():
    assert part(README.read_text(), "reference").group() == PARTS["reference"](), "run: python tests/write_readme.py"


@pytest.mark.models
def test_the_demos_output_is_not_stale():
    """Boxes and distances may differ in the last digit from one processor to another; the words may not."""
    shown, now = part(README.read_text(), "demo").group(), PARTS["demo"]()

    def words(text: str) -> list[str]:
        return [word for word in text.split() if not any(c.isdigit() for c in word)]

    assert words(shown) == words(now), "run: python tests/write_readme.py"


@pytest.mark.parametrize("words", [*COMMANDS, []])
def test_every_help_has_an_example_and_fits_80_columns(words):
    text = printed(*words, "--help")

    assert "Example: gallery" in text or not words
    assert max(len(line) for line in text.splitlines()) <= 80
