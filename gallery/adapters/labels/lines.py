"""Reading text files whose lines are records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from gallery.domain.errors import BadLabels
from gallery.domain.paths import shown
from gallery.domain.texts import decoded


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is neither empty nor a comment.

    Attributes:
        file: Where it stands.
        number: From 1.
        words: Separated by tabs where it has any, else by white space.
    """

    file: Path
    number: int
    words: tuple[str, ...]

    def refuse(self, wanted: str) -> NoReturn:
        """Says what the line should be.

        Raises:
            BadLabels: Always.
        """
        text = " ".join(self.words)
        text = text if len(text) <= 60 else f"{text[:57]}..."
        raise BadLabels(f"{shown(self.file)}, line {self.number}: {text!r} is not {wanted}.", "Correct the line.")


def text_of(file: Path) -> str:
    """A text file's content.

    Raises:
        BadLabels: If it cannot be read, or is no text.
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise BadLabels(f"There is no file {shown(file)}.", "Check its path.") from error
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise BadLabels(f"{shown(file)} cannot be read: {cause}.", "Check its path and permissions.") from error
    try:
        return decoded(data)
    except ValueError as error:
        raise BadLabels(
            f"{shown(file)} is not a text file in UTF-8, nor in UTF-16 with a byte order mark.",
            "Check that it is the file you meant.",
        ) from error


def lines_of(file: Path) -> Iterator[Line]:
    """The lines of a text file; empty ones and those that begin with # are passed over.

    Raises:
        BadLabels: If it cannot be read, or is no text.
    """
    for number, line in enumerate(text_of(file).splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            words = line.split("\t") if "\t" in line.strip() else line.split()
            yield Line(file, number, tuple(word.strip() for word in words if word.strip()))
