"""How values that SQLite has no type for are kept in its columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, Text
from sqlalchemy.types import TypeDecorator

from gallery.domain.geometry import Landmarks

LONGEST_CHOICE = 32
"""Characters of an enumeration's value; fixed, so that a longer one is no change of the schema."""


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept as text in UTC with microseconds, such as `2026-01-31 12:00:00.000000`."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC.

        Raises:
            ValueError: If the time does not say its zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} does not say which time zone it is in")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """With its zone."""
        return None if value is None else value.replace(tzinfo=UTC)


class AnyText(TypeDecorator[str]):
    """Text that may hold what is not Unicode, as paths of files may.

    Python stands such bytes in for with lone surrogates, which UTF-8 cannot encode; that text is kept as a blob.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Text where possible, else bytes."""
        if value is None or _is_unicode(value):
            return value
        return value.encode(errors="surrogatepass")

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """The same text as was kept."""
        return value.decode(errors="surrogatepass") if isinstance(value, bytes) else value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class JsonText(TypeDecorator[dict[str, Any]]):
    """A dictionary as JSON text with sorted keys, so that equal settings are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To text."""
        return None if value is None else json.dumps(value, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        """From text."""
        return None if value is None else dict(json.loads(value))


class WordsText(TypeDecorator[tuple[str, ...]]):
    """A few words or sentences as JSON text; what is not Unicode is escaped in it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To text."""
        if value is None:
            return None
        text = json.dumps(list(value), ensure_ascii=False)
        return text if _is_unicode(text) else json.dumps(list(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        """From text."""
        return None if value is None else tuple(json.loads(value))


class LandmarksText(TypeDecorator[Landmarks]):
    """Five points as JSON text, `[[x, y], …]` in the order of `Landmarks.as_tuple`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Landmarks | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To text."""
        if value is None:
            return None
        return json.dumps([[float(x), float(y)] for x, y in value.as_tuple()])

    def process_result_value(self, value: str | None, dialect: Dialect) -> Landmarks | None:  # noqa: ARG002
        """From text."""
        return None if value is None else Landmarks(*((x, y) for x, y in json.loads(value)))


def choice(values: type[StrEnum], name: str) -> Enum:
    """A column that holds one of an enumeration's values, and is checked to."""
    return Enum(
        values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=LONGEST_CHOICE,
        values_callable=lambda members: [member.value for member in members],
    )
