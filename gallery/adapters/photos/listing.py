"""What lies in a folder."""

from __future__ import annotations

import os
from pathlib import Path

from gallery.domain.errors import BadPhoto
from gallery.domain.paths import shown


def contents(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files of a folder and its subfolders, in no order; links count as files, wherever they lead.

    Raises:
        BadPhoto: If it cannot be listed.
    """
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                (folders if entry.is_dir(follow_symlinks=False) else files).append(folder / entry.name)
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or str(error)
        raise BadPhoto(f"The folder {shown(folder)} cannot be listed: {cause}.", "Check its permissions.") from error
    return files, folders


def can_be_listed(folder: Path) -> bool:
    """Whether the files of a folder can be told."""
    try:
        contents(folder)
    except BadPhoto:
        return False
    return True
