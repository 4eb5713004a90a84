"""Reads the fields of one TOML table, each with its type and range checked."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from gallery.domain.errors import RegistryUnusable

_Choice = TypeVar("_Choice", bound=StrEnum)


class Fields:
    """One table of a registry, read field by field, each field once.

    Every method raises `RegistryUnusable` with the place, the field and what it should be.

    Args:
        where: Names the table in messages, with its file.
        table: As TOML gives it.
        hint: The remedy to state if something is wrong.
    """

    def __init__(self, where: str, table: Any, hint: str) -> None:
        self._where = where
        self._hint = hint
        if not isinstance(table, dict):
            raise RegistryUnusable(f"{where} must be a table of fields, not {shown(table)}.", hint)
        self._left = dict(table)

    def refuse(self, field: str, wanted: str, value: Any) -> NoReturn:
        """Says that a field must be something else."""
        raise RegistryUnusable(f"{self._where}: field '{field}' must be {wanted}, not {shown(value)}.", self._hint)

    def finish(self) -> None:
        """Refuses fields nobody asked for: a misspelt one would otherwise be ignored in silence."""
        for field in self._left:
            raise RegistryUnusable(f"{self._where}: there is no field '{field}'.", self._hint)

    def text(self, field: str, default: str | None = None) -> str:
        """A text; not an empty one, unless that is the default."""
        value = self._take(field, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            self.refuse(field, "a text", value)
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of texts; empty where the field is missing."""
        value = self._take(field, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse(field, "a list of texts", value)
        return tuple(value)

    def whole(self, field: str, low: int) -> int:
        """A whole number from `low` upwards."""
        value = self._take(field)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            self.refuse(field, f"a whole number from {low} upwards", value)
        return value

    def any_number(self, field: str) -> float:
        """A finite number."""
        value = self._take(field)
        if not _is_number(value):
            self.refuse(field, "a number", value)
        return float(value)

    def number_if_any(self, field: str) -> float | None:
        """A finite number; None where the field is missing."""
        return self.any_number(field) if field in self._left else None

    def number(self, field: str, default: float | None = None) -> float:
        """A finite number from 0 upwards."""
        value = self._take(field, default)
        if not _is_number(value) or value < 0:
            self.refuse(field, "a number from 0 upwards", value)
        return float(value)

    def numbers(self, field: str, count: int) -> tuple[float, ...]:
        """A list of so many finite numbers."""
        value = self._take(field)
        if not isinstance(value, list) or len(value) != count or not all(_is_number(item) for item in value):
            self.refuse(field, f"a list of {count} numbers", value)
        return tuple(float(item) for item in value)

    def numbers_if_any(self, field: str) -> tuple[float, ...]:
        """A list of finite numbers; none where the field is missing."""
        value = self._take(field, [])
        if not isinstance(value, list) or not all(_is_number(item) for item in value):
            self.refuse(field, "a list of numbers", value)
        return tuple(float(item) for item in value)

    def flag(self, field: str) -> bool:
        """Whether something holds; it does not where the field is missing."""
        value = self._take(field, False)
        if not isinstance(value, bool):
            self.refuse(field, "true or false", value)
        return value

    def three(self, field: str) -> tuple[float, float, float]:
        """A list of three finite numbers."""
        first, second, third = self.numbers(field, 3)
        return first, second, third

    def choice(self, field: str, choices: type[_Choice]) -> _Choice:
        """One of the values of an enumeration."""
        value = self._take(field)
        if value not in list(choices):
            self.refuse(field, " or ".join(choices), value)
        return choices(value)

    def table(self, field: str) -> Fields:
        """A table inside this one."""
        return Fields(f"{self._where}, table '{field}'", self._take(field), self._hint)

    def table_if_any(self, field: str) -> Fields | None:
        """A table inside this one; None where it is missing."""
        return self.table(field) if field in self._left else None

    def _take(self, field: str, default: Any = None) -> Any:
        if field in self._left:
            return self._left.pop(field)
        if default is None:
            raise RegistryUnusable(f"{self._where} lacks the field '{field}'.", self._hint)
        return default


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shown(value: Any) -> str:
    """A value for a message, cut where it is long."""
    text = repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."
