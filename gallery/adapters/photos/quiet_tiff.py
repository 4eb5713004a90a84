"""Keeping libtiff from writing to the terminal.

Pillow leaves libtiff's handlers of errors and warnings as they are, and those write to standard error whatever a
damaged file makes them say. The handlers are reached through Pillow's own module, which is linked to the library, so it
is the very copy that Pillow uses; where that does not work, nothing is changed.
"""

from __future__ import annotations

import ctypes
import importlib
from functools import cache
from typing import Any

_HANDLERS = ("TIFFSetErrorHandler", "TIFFSetWarningHandler")


def silence() -> list[Any]:
    """Takes the handlers out, and returns them for `restore`."""
    return [setter(None) for setter in _setters()]


def restore(handlers: list[Any]) -> None:
    """Puts them back."""
    for setter, handler in zip(_setters(), handlers, strict=False):
        setter(handler)


@cache
def _setters() -> tuple[Any, ...]:
    try:
        library = ctypes.CDLL(importlib.import_module("PIL._imaging").__file__)
        setters = tuple(getattr(library, name) for name in _HANDLERS)
    except (OSError, AttributeError, TypeError):
        return ()
    for setter in setters:
        setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
    return setters
