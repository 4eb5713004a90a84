"""What the program said, for tests of its sentences."""

from __future__ import annotations


def sentence(said) -> str:
    """All of it in one line; what nobody should ever read must not be in it."""
    text = " ".join((said.err + said.out).split())
    assert "Traceback" not in text
    assert "unexpected" not in text
    return text
