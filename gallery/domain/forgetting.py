"""Forgetting a person for good: which words are replaced, and what the receipt says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_SEPARATED = r"[\W_]+"
"""What may stand between the words of a name in a file name: `Anna_Schmidt`, `anna-schmidt`."""
_NO_LETTER_BEFORE, _NO_LETTER_AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"


@dataclass(frozen=True, slots=True)
class KeptOutput:
    """A recorded output in which a person stayed visible.

    Attributes:
        run: The run's number.
        path: The file, as it was recorded.
        sha256: Of the file as it was written.
    """

    run: int
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The receipt.

    Attributes:
        pseudonym: What stands in the record in place of the name.
        references: How many were deleted.
        templates: Likewise.
        crops: Likewise.
        decisions: Recorded decisions in which the name was replaced.
        outputs: Recorded outputs in which the person was kept; these files are not changed.
        backups: Copies of the gallery in which they were forgotten, too.
        missing_backups: Copies that the program made and that are no longer where it put them.
        searched: The files in which no trace was found afterwards.
        traces: How many byte strings were looked for in each of them.
        rewritten: Whether the file was written anew to be rid of old copies of pages.
    """

    pseudonym: str
    references: int
    templates: int
    crops: int
    decisions: int
    outputs: tuple[KeptOutput, ...]
    backups: tuple[str, ...]
    missing_backups: tuple[str, ...]
    searched: tuple[str, ...]
    traces: int
    rewritten: bool


def pseudonym(number: int) -> str:
    """What stands for a forgotten person; the same wherever they are mentioned, and made of nothing about them.

    Args:
        number: Of the identity; numbers are never given twice.
    """
    return f"forgotten person {number}"


def name_pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Matches names in sentences and paths: whole words, without regard to case, Unicode form and separators.

    `Anna Schmidt` is found in `photos/anna_schmidt2.jpg`, and `Ann` is not found in `Joanna`.
    """
    forms = {unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD", "NFKC")}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    any_name = "|".join(_SEPARATED.join(map(re.escape, form.split())) for form in longest_first)
    return re.compile(f"{_NO_LETTER_BEFORE}(?:{any_name}){_NO_LETTER_AFTER}", re.IGNORECASE)
