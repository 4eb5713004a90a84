"""Paths as text."""

from __future__ import annotations

import os
from pathlib import Path


def shown(path: Path) -> str:
    r"""The path as text that can be printed and stored, whatever its bytes are; odd bytes appear as `\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def real(path: Path) -> Path:
    """The path with its links followed, as far as they lead anywhere; to tell whether two paths are one file."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links that lead in a circle
        return path.absolute()
