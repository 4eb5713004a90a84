"""What the words of a command line mean: paths, lists of paths, boxes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gallery.domain.errors import BadArgument
from gallery.domain.geometry import Box

_LIST = Path("-")


def paths(inputs: Sequence[Path]) -> tuple[list[Path], tuple[Path, ...]]:
    """The paths that are named, and those of the list on standard input where one of them is `-`.

    The list has a path a line, or ends each with a NUL character, as `find -print0` writes them.

    Raises:
        BadArgument: If a list is asked for and there is none.
    """
    named = [path for path in inputs if path != _LIST]
    if len(named) == len(inputs):
        return named, ()
    data = sys.stdin.buffer.read()
    parts = data.split(b"\0") if b"\0" in data else data.splitlines()
    listed = tuple(Path(os.fsdecode(part)) for part in parts if part.strip())
    if not listed and not named:
        raise BadArgument("The list of photos on standard input is empty.", "Give one path a line.")
    return named, listed


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
