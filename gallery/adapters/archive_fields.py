"""Reads the fields of one object of an archive's manifest. Nothing in it is trusted: all is checked.

Every method raises `Fault` with the place, the field and what it should be.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

LARGEST = 2**31 - 1
"""Of coordinates and counts."""
LONGEST_TEXT = 10_000
"""Characters of a path, an origin or the like."""
_OBEYED = ("Cc", "Cf", "Zl", "Zp")
"""Unicode categories that a terminal obeys instead of showing them."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Fault(Exception):
    """What is wrong with an archive, as the end of a sentence."""


class Fields:
    """One object, read field by field, each field once.

    Args:
        where: Names the object in messages.
        value: As JSON gave it.
    """

    def __init__(self, where: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise Fault(f"{where} must be an object, not {brief(value)}")
        self.where = where
        self._left = dict(value)

    def refuse(self, field: str, wanted: str, value: Any) -> NoReturn:
        """Says that a field must be something else."""
        raise Fault(f"'{field}' of {self.where} must be {wanted}, not {brief(value)}")

    def finish(self) -> None:
        """Refuses fields nobody asked for: this version of the format has none of them."""
        for field in self._left:
            raise Fault(f"{self.where} has a field {brief(field)}, which no archive of this version has")

    def take(self, field: str) -> Any:
        """A field, whatever it is."""
        if field not in self._left:
            raise Fault(f"{self.where} lacks '{field}'")
        return self._left.pop(field)

    def text(self, field: str, longest: int = LONGEST_TEXT) -> str:
        """A text with nothing in it that a terminal would obey."""
        value = self.take(field)
        if not isinstance(value, str) or len(value) > longest:
            self.refuse(field, f"a text of at most {longest} characters", value)
        if any(unicodedata.category(c) in _OBEYED for c in value):
            self.refuse(field, "a text without control characters", value)
        return value

    def raw_text(self, field: str) -> str:
        """A text, whatever is in it."""
        value = self.take(field)
        if not isinstance(value, str):
            self.refuse(field, "a text", value)
        return value

    def words(self, field: str, longest: int, most: int) -> tuple[str, ...]:
        """A list of texts, as `text` takes them."""
        values = self.items(field)
        if len(values) > most:
            self.refuse(field, f"a list of at most {most} texts", values)
        return tuple(Fields(self.where, {field: value}).text(field, longest) for value in values)

    def sha256(self, field: str) -> str:
        """A SHA-256 in lower-case hexadecimal."""
        value = self.take(field)
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            self.refuse(field, "a SHA-256 in lower-case hexadecimal", value)
        return value

    def whole(self, field: str, low: int, high: int = LARGEST) -> int:
        """A whole number of that range."""
        value = self.take(field)
        if not _is_whole(value) or not low <= value <= high:
            self.refuse(field, f"a whole number from {low} to {high}", value)
        return int(value)

    def wholes(self, field: str, low: int, high: int = LARGEST) -> tuple[int, ...]:
        """A list of such numbers."""
        values = self.items(field)
        if not all(_is_whole(value) and low <= value <= high for value in values):
            self.refuse(field, f"a list of whole numbers from {low} to {high}", values)
        return tuple(values)

    def number(self, field: str) -> float:
        """A finite number."""
        value = self.take(field)
        if not is_number(value):
            self.refuse(field, "a finite number", value)
        return float(value)

    def flag(self, field: str) -> bool:
        """Whether something holds."""
        value = self.take(field)
        if not isinstance(value, bool):
            self.refuse(field, "true or false", value)
        return value

    def moment(self, field: str) -> datetime:
        """A moment in UTC."""
        value = self.take(field)
        try:
            found = datetime.fromisoformat(value)
            if found.utcoffset() == timedelta(0):
                return found
        except (TypeError, ValueError):
            pass
        return self.refuse(field, "a moment in UTC, such as 2026-01-31T12:00:00+00:00", value)

    def day(self, field: str) -> date | None:
        """A day, or null."""
        value = self.take(field)
        try:
            found = None if value is None else date.fromisoformat(value)
            if found is None or found.isoformat() == value:
                return found
        except (TypeError, ValueError):
            pass
        return self.refuse(field, "a day, such as 2026-01-31, or null", value)

    def items(self, field: str) -> list[Any]:
        """A list of anything."""
        value = self.take(field)
        if not isinstance(value, list):
            self.refuse(field, "a list", value)
        return value

    def objects(self, field: str, called: str) -> Iterator[Fields]:
        """A list of objects, each called by its number from 1, the last ones' fields checked to be finished."""
        for number, value in enumerate(self.items(field), 1):
            one = Fields(f"{called} {number}" + (f" of {self.where}" if self.where != TOP else ""), value)
            yield one
            one.finish()

    def object_if_any(self, field: str, called: str) -> Fields | None:
        """An object, or None where it is null."""
        value = self.take(field)
        return None if value is None else Fields(f"{called} of {self.where}", value)


TOP = "the manifest"
"""What the outermost object is called."""


def printable(text: str) -> str:
    r"""A text as `Fields.text` takes it: what a terminal would obey appears as `\x1b`, and only its end is kept."""
    safe = "".join(c if unicodedata.category(c) not in _OBEYED else c.encode("unicode_escape").decode() for c in text)
    return safe[-LONGEST_TEXT:]


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that is too large
        return False


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def brief(value: Any) -> str:
    """A value for a message, in ASCII, cut where it is long."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**20:
        return "a number of many digits"
    text = ascii(value[:80] if isinstance(value, str) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."
