"""No message suggests a command that makes strangers visible."""

from __future__ import annotations

import re

import pytest

from suggested import suggestions

LOOSENING = re.compile(
    r"""
    --(allow-looser | allow-repeats | accept-poor | keep-all-of | default-thresholds | reset | fmr | trust-\S+)
    | ^enable | ^undo | ^calibrate\s+\S | --verify\s+none | ^override\s.*\bkeep$ | --(cosine | euclidean)
    """,
    re.VERBOSE,
)
"""What lets more faces stay visible than before: flags and commands."""

HARMLESS = {
    ("cli/commands/calibrate.py", "calibrate --reset"): "printed only where looser limits than the model's were set",
    ("cli/naming.py", "undo"): "printed only for the change that it means",
    ("cli/people_tables.py", "set NAME --cosine"): "of a limit that is too loose",
}

EXAMPLES = re.compile(r"^cli/commands/")
"""Modules whose examples are part of their help, which says what they do."""

FOUND = sorted(set(suggestions()))


def test_there_are_suggestions_to_look_at():
    assert len(FOUND) > 100
    assert ("cli/naming.py", "undo") in FOUND


@pytest.mark.parametrize(("module", "command"), FOUND)
def test_no_suggested_command_lets_more_faces_stay_visible(module, command):
    if (module, command) in HARMLESS or f"Example: gallery {command}" in _examples(module):
        return
    assert not LOOSENING.search(command)


def test_what_is_taken_for_harmless_is_still_there():
    assert set(HARMLESS) <= set(FOUND)


def _examples(module: str) -> str:
    from suggested import ROOT, texts

    return "\n".join(text for text in texts(ROOT / module) if EXAMPLES.match(module) and "Example:" in text)


FLAGS = re.compile(r"--(allow-looser|allow-repeats|keep-all-of|default-thresholds|trust-\S+)")


def test_no_hint_names_such_a_flag_by_itself():
    """A hint is the second string of an error, or a sentence that begins with what to do."""
    from suggested import ROOT, texts

    hints = re.compile(r"^(Add|Use|Try|Take|Choose|Or|To|Give|Run|Say)\b")
    for path in ROOT.rglob("*.py"):
        for text in texts(path):
            assert not (hints.match(text) and FLAGS.search(text)), (path, text)
