"""Which pictures this program made for the operator's eyes: only those may be replaced by others."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gallery.adapters.photos.operators import HEAD, MARK, is_marked
from gallery.adapters.plain_file import open_plain
from gallery.domain.errors import NotWritten
from gallery.domain.paths import shown


def marked(kind: str) -> dict[str, Any]:
    """What to save a picture with so that it is known again.

    Args:
        kind: `JPEG` or `PNG`.
    """
    if kind == "JPEG":
        return {"comment": MARK.encode()}
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", MARK)
    return {"pnginfo": texts}


def require_own(path: Path) -> None:
    """Checks that a file which would be replaced is one of these pictures.

    Raises:
        NotWritten: If something else has that name.
    """
    require_like(path, is_marked, "no such picture of an earlier run")


def require_like(path: Path, ours: Callable[[bytes], bool], other: str) -> None:
    """Checks that a file which would be replaced is one that this program made.

    Args:
        path: The file; there may be none.
        ours: Tells it by its first bytes.
        other: What is said of one that is not.

    Raises:
        NotWritten: If something else has that name.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            own = False
        else:
            with open_plain(path) as file:
                own = ours(file.read(HEAD))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError):
        own = False
    if not own:
        raise NotWritten(
            f"{shown(path)} is there already, and is {other}.",
            "Choose another place, or move that file away.",
        )
