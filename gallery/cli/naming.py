"""What the words of a command line mean: paths, lists of paths, boxes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from gallery.domain.errors import BadArgument
from gallery.domain.geometry import Box
from gallery.domain.texts import listed_paths

_LIST = Path("-")


def paths(inputs: Sequence[Path]) -> tuple[list[Path], tuple[Path, ...]]:
    """The paths that are named, and those of the list on standard input where one of them is `-`.

    See `listed_paths` for what a list may look like.

    Raises:
        BadArgument: If a list is asked for and there is none, or its encoding is unknown.
    """
    named = [path for path in inputs if path != _LIST]
    if len(named) == len(inputs):
        return named, ()
    try:
        listed = tuple(map(Path, listed_paths(sys.stdin.buffer.read())))
    except (OSError, ValueError) as error:  # nothing can be read there, or it is no list
        raise BadArgument(
            f"The list of photos on standard input cannot be read: {error}.",
            "Write it in UTF-8, or in UTF-16 with a byte order mark, one path a line; or as 'find -print0' does.",
        ) from error
    if not listed and not named:
        raise BadArgument("The list of photos on standard input is empty.", "Give one path a line.")
    return named, listed


def undoing(db: Path | None) -> str:
    """The command that takes a change back, for the gallery that was named."""
    return "gallery undo" + (f" --db {shlex.quote(str(db))}" if db is not None else "")


def box(text: str) -> Box:
    """A box as `X,Y,WIDTH,HEIGHT`.

    Raises:
        BadArgument: If it is none.
    """
    try:
        x, y, width, height = (int(part) for part in text.split(","))
        if min(x, y) < 0:
            raise ValueError(text)
        return Box(x, y, width, height)
    except ValueError:
        raise BadArgument(
            f"--box cannot be {text!r}.", "Give whole pixels as X,Y,WIDTH,HEIGHT, for example --box 0,0,200,80."
        ) from None
