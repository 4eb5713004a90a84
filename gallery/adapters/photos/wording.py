"""How the operating system's errors are put into words."""

from __future__ import annotations

import errno
from pathlib import Path

from gallery.domain.errors import NotWritten
from gallery.domain.paths import shown

_CAUSES: dict[int | None, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "Free some space, or choose another output folder."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space, or choose another output folder."),
    errno.EFBIG: ("the file would be larger than is allowed here", "Choose an output folder on another disk."),
    errno.EACCES: ("there is no permission to", "Choose another folder, or change its permissions."),
    errno.EPERM: ("there is no permission to", "Choose another folder, or change its permissions."),
    errno.EROFS: ("the disk is read-only", "Choose an output folder on another disk."),
    errno.EISDIR: ("a folder of that name is in the way", "Move the folder, or choose another output folder."),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Choose another output folder."),
    errno.EEXIST: ("a part of the path is a file, not a folder", "Choose another output folder."),
    errno.ENAMETOOLONG: ("the name is too long for this disk", "Give the file a shorter name."),
    errno.ENOENT: ("the folder has vanished", "Check that the disk is still there and run the command again."),
}


def cause_and_remedy(error: OSError) -> tuple[str, str]:
    """Why something could not be written, as a clause, and what to do about it, as a sentence."""
    return _CAUSES.get(error.errno, (error.strerror or str(error), "Check the disk and the folder's permissions."))


def not_written(target: Path, error: OSError | ValueError) -> NotWritten:
    """The error for a file that could not be written; a path that cannot be one is a `ValueError`."""
    if isinstance(error, OSError):
        cause, remedy = cause_and_remedy(error)
    else:
        cause, remedy = str(error), "Choose another name."
    return NotWritten(f"{shown(target)} could not be written: {cause}.", remedy)
