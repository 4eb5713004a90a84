"""Paths as text."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PurePath

_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories of control and format characters and line separators."""


def shown(path: Path) -> str:
    r"""The path as text that can be printed and stored, whatever its bytes are.

    Bytes that are no UTF-8 appear as `\xff`, and so does what a terminal would obey instead of showing it.
    """
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if unicodedata.category(c) not in _OBEYED else c.encode("unicode_escape").decode() for c in text)


def real(path: Path) -> Path:
    """The path with its links followed, as far as they lead anywhere; to tell whether two paths are one file."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # links that lead in a circle, or a current folder that has been removed
        return path.absolute() if path.is_absolute() or current() else path


def current() -> str:
    """The current folder, as text to be recorded; empty where it has been removed."""
    try:
        return shown(Path.cwd())
    except OSError:
        return ""


def joined(path: str, base: str) -> str:
    """A recorded path as seen from anywhere.

    Args:
        path: As it was given.
        base: The folder that it starts at if it is relative; empty where that is not known, and it stays as it is.
    """
    return str(PurePath(base, path)) if base else path


def unjoined(path: str, base: str) -> str:
    """The path with which `joined` gives this one; the same where it does not lie in that folder."""
    inside = PurePath(path)
    return str(inside.relative_to(base)) if base and inside.is_relative_to(base) else path


def places(path: str, base: str) -> tuple[Path, ...]:
    """Where the file of a recorded path may lie, the likeliest first; each to be looked for with `on_disk`.

    A relative path means a file below the folder that it was given in. If that folder was moved, whoever stands in it
    now means the file that is there. What is to be read is told by its hash, so that no other file is taken for it.

    Args:
        path: As it was given.
        base: The folder it was given in; empty where that is not known.
    """
    here, there = Path(path), Path(joined(path, base))
    return (here,) if there == here or current() == base else (there, here)


def moved(path: str, folder: str, now: Path | None) -> Path:
    """Where a file lies whose folder was moved: at its path below the folder that took the former one's place.

    Args:
        path: As it was recorded.
        folder: The folder it was written below, as that was recorded.
        now: The folder that took its place; None where nothing was moved.
    """
    recorded = PurePath(path)
    if now is None:
        return Path(path)
    return now / (recorded.relative_to(folder) if recorded.is_relative_to(folder) else recorded.name)


def on_disk(path: Path) -> Path:
    r"""The file that a recorded path means.

    What a terminal would obey is recorded as `\x1b`, and what is no UTF-8 likewise (see `shown`); such
    a file is found by what its name looks like.

    Raises:
        OSError: If a folder on the way cannot be listed.
    """
    if "\\" not in str(path) or path.exists():
        return path
    folder = on_disk(path.parent)
    if not folder.is_dir():
        return path
    return next((entry for entry in folder.iterdir() if shown(Path(entry.name)) == path.name), path)
