"""What a program that uses the Python interface hands over: checked, and taken in every form that makes sense."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from gallery.domain.errors import WrongType

PathLike = str | os.PathLike[str]
"""Where something is: a text, a `pathlib.Path`, or whatever else names a file."""


def as_path(value: object, what: str) -> Path:
    """A path.

    Args:
        value: A text or another path.
        what: What it is for, as in "the output folder".

    Raises:
        WrongType: If it is anything else, or names nothing.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise _wrong(value, what, "a path: a text or a pathlib.Path")
    text = os.fsdecode(value)
    if not text:
        raise WrongType(f"{_capital(what)} is an empty text.", "Give a path; the current folder is '.'.")
    return Path(text)


def as_path_if_any(value: object, what: str) -> Path | None:
    """A path, or None."""
    return None if value is None else as_path(value, what)


def as_paths(value: object, what: str) -> list[Path]:
    """Paths: of a single one, a list of it.

    Raises:
        WrongType: If it is neither a path nor holds paths only.
    """
    if isinstance(value, (str, os.PathLike)):
        return [as_path(value, what)]
    if isinstance(value, (bytes, bytearray, dict)) or is_picture(value) or not isinstance(value, Iterable):
        hint = "Pictures in memory go to Gallery.anonymise; save them to files first." if is_picture(value) else ""
        raise _wrong(value, what, "a path or a list of paths", hint)
    return [as_path(one, f"one of {what}") for one in value]


def as_text(value: object, what: str) -> str:
    """A text.

    Raises:
        WrongType: If it is none.
    """
    if not isinstance(value, str):
        raise _wrong(value, what, "a text")
    return value


def as_number(value: object, what: str) -> float:
    """A number, as it is.

    Raises:
        WrongType: If it is none.
    """
    if isinstance(value, bool) or not hasattr(type(value), "__float__") or is_picture(value):
        raise _wrong(value, what, "a number")
    return value  # type: ignore[return-value]


def as_number_if_any(value: object, what: str) -> float | None:
    """A number, or None."""
    return None if value is None else as_number(value, what)


def as_count(value: object, what: str) -> int:
    """A whole number.

    Raises:
        WrongType: If it is none.
    """
    if isinstance(value, bool) or is_picture(value) or not hasattr(type(value), "__index__"):
        raise _wrong(value, what, "a whole number")
    return int(value)  # type: ignore[call-overload, no-any-return]


def as_count_if_any(value: object, what: str) -> int | None:
    """A whole number, or None."""
    return None if value is None else as_count(value, what)


def as_function(value: Callable[..., Any], what: str) -> Callable[..., Any]:
    """Something that can be called.

    Raises:
        WrongType: If it cannot.
    """
    if not callable(value):
        raise _wrong(value, what, "a function")
    return value


def as_one_of(value: object, kind: type[Any], what: str) -> Any:
    """An object of a class, or None.

    Raises:
        WrongType: If it is of another.
    """
    if value is not None and not isinstance(value, kind):
        raise _wrong(value, what, f"an object of the class {kind.__name__}")
    return value


def is_picture(value: object) -> bool:
    """Whether it is an array, or a picture of Pillow's; Pillow is not imported for this."""
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(value).__mro__}
    return bool(names & {"numpy.ndarray", "PIL.Image.Image"})


def _wrong(value: object, what: str, wanted: str, hint: str = "") -> WrongType:
    return WrongType(f"{_capital(what)} must be {wanted}, not {_named(value)}.", hint)


def _named(value: object) -> str:
    if value is None:
        return "None"
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return f"an object of the class {module}{kind.__qualname__}"


def _capital(what: str) -> str:
    return what[:1].upper() + what[1:]
